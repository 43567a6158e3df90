"""A recorded conversation answers a client: same answers, the client's own ids."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pytest_ibkr.capture.gateway_log import import_log
from pytest_ibkr.errors import NotInRecording, UsageError
from pytest_ibkr.session.replaying import refuse_unexpected, replay_of
from pytest_ibkr.sim.conversation import Conversation, Said, rebound
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.replay import Replay
from pytest_ibkr.wire.codec import decode_response, encode
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.account import (
    AccountDownloadEnd,
    AccountValue,
    PositionEnd,
    ReqAccountUpdates,
    ReqAccountUpdatesMulti,
    ReqPositions,
)
from pytest_ibkr.wire.messages.contract import ContractData, ReqContractDetails
from pytest_ibkr.wire.messages.executions import ExecutionData
from pytest_ibkr.wire.messages.history import CancelHistoricalData
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import CurrentTime, ReqCurrentTime, StartApi
from tests.capture.logs import lines
from tests.meta.matrix.core import market_order
from tests.sim.data_bench import SPY, TEN, Peer, errors, history, normal_world, only, peer

VERSION = 178


@pytest.fixture
def asker(tmp_path: Path) -> Peer:
    """A client of an engine that answers from the live log."""
    path = tmp_path / "live.jsonl"
    import_log(lines("live_session"), server_version=VERSION).recording.save(path)
    made = peer(version=VERSION)
    made.engine.replay = replay_of(made.engine, path)
    return made


def details(request_id: int) -> ReqContractDetails:
    return ReqContractDetails(request_id=request_id, contract=SPY)


def test_a_request_gets_what_it_got_when_it_was_recorded(asker: Peer) -> None:
    found = asker.send(ReqPositions())
    assert [type(each) for each in found] == [PositionEnd]
    values = asker.send(ReqAccountUpdates(subscribe=True, account="DU0000001"), wait_s=3)
    assert len(only(values, AccountValue)) == 159
    assert only(values, AccountDownloadEnd)


def test_answers_come_under_the_clients_own_request_id(asker: Peer) -> None:
    [found] = only(asker.send(details(4711)), ContractData)
    assert found.request_id == 4711
    assert found.con_id == 756733


def test_the_rest_of_a_frame_stays_as_it_was_written() -> None:
    log = import_log(lines("live_session"), server_version=VERSION).recording
    [bars] = [frame for frame in log.frames if frame.fields[0] == "17"]
    message = decode_response(bars.payload, VERSION)
    assert isinstance(message, Message)
    changed = rebound(bars.payload, message, version=VERSION, to=99).split(b"\0")
    before = bars.payload.split(b"\0")
    assert (changed[1], before[1]) == (b"99", b"4")
    assert changed[2:] == before[2:]


def test_answers_keep_their_distance_in_time(asker: Peer) -> None:
    multi = ReqAccountUpdatesMulti(
        request_id=5, account="DU0000001", model="", ledger_and_nlv=False
    )
    early = len(asker.send(multi, wait_s=0.2))
    late = len(asker.wait(600.0))
    assert early == 0  # the log has the first row after 0.3 s
    assert late == 166


def test_the_gateways_own_remarks_come_after_the_start(tmp_path: Path) -> None:
    path = tmp_path / "live.jsonl"
    import_log(lines("live_session"), server_version=VERSION).recording.save(path)
    made = peer(version=VERSION)
    [conversation] = replay_of(made.engine, path).conversations
    texts = [payload.split(b"\0")[4] for _delay_s, payload in conversation.unasked[1:]]
    assert b"HMDS data farm connection is inactive but should be available upon demand.ushmds" in (
        texts
    )


def test_what_was_not_recorded_is_refused_and_named_with_the_closest(asker: Peer) -> None:
    found = asker.send(history(request_id=8, duration="2 D"))
    [(request_id, code, text)] = errors(found)
    assert (request_id, code) == (8, 322)
    assert "not in the recording" in text
    assert asker.engine.replay is not None
    with pytest.raises(
        NotInRecording,
        match=r"reqHistoricalData, closest: (.|\n)*duration: '2 D', recorded '3600 S'",
    ):
        refuse_unexpected(asker.engine.replay, "test_mine")


def test_small_talk_is_answered_all_the_same(asker: Peer) -> None:
    assert asker.send(ReqCurrentTime())
    asker.send(CancelHistoricalData(request_id=99))
    assert asker.engine.replay is not None
    refuse_unexpected(asker.engine.replay, "test_mine")


def test_what_nobody_asked_for_again_is_known(asker: Peer) -> None:
    asker.send(ReqPositions())
    assert asker.engine.replay is not None
    [conversation] = asker.engine.replay.conversations
    unused = conversation.unused()
    names = [each.request.NAME for each in unused]
    assert "reqPositions" not in names
    assert "reqHistoricalData" in names


def test_a_recording_without_requests_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "silent.jsonl"
    import_log(["09:52:09:671 -> [62;1]"]).recording.save(path)
    with pytest.raises(UsageError, match="no request of a client"):
        replay_of(peer().engine, path)


# ---------------------------------------------------------------- orders, other clients


def recorded_bracket(version: int = VERSION) -> Conversation:
    """A bracket that one client sent to the simulated gateway, as frames."""
    asker = peer(version=version)
    said: list[Said] = []

    def note_answers() -> None:
        data = asker.client.take_output()
        while data:
            size = int.from_bytes(data[:4])
            at_s = asker.engine.now_s - TEN
            said.append(Said(at_s, by_client=False, payload=data[4 : 4 + size]))
            data = data[4 + size :]

    for message in bracket(10):
        payload = encode(message, version)
        said.append(Said(asker.engine.now_s - TEN, by_client=True, payload=payload))
        asker.engine.receive(asker.client, payload)
        note_answers()
    for _ in range(40):
        asker.engine.advance(asker.engine.now_s + 0.1)
        note_answers()
    return Conversation(said, version=version)


def bracket(first: int) -> list[PlaceOrder]:
    parent = market_order(first, transmit=False)
    stop = market_order(
        *(first + 1,),
        action="SELL",
        order_type="STP",
        aux_price=Decimal(700),
        parent_id=first,
    )
    return [parent, stop]


@pytest.mark.parametrize("version", [VERSION, 157, 200], ids=["same", "older", "newer"])
def test_an_order_conversation_plays_for_other_ids_and_clients(version: int) -> None:
    conversation = recorded_bracket()
    other = peer(version=version)
    other.engine.replay = Replay(other.engine, conversation)
    other.client.client_id = 77
    for message in bracket(110):
        other.send(message, wait_s=0.0)
    found = other.wait(5.0)
    assert other.engine.replay.unexpected == []
    statuses = only(found, OrderStatus)
    assert {each.order_id for each in statuses} == {110, 111}
    assert {each.client_id for each in statuses} == {77}
    assert {each.parent_id for each in statuses if each.order_id == 111} == {110}
    assert "Filled" in {each.status for each in statuses}
    assert {each.order_id for each in only(found, ExecutionData)} == {110}
    assert {each.client_id for each in only(found, OpenOrder)} == {77}


# ---------------------------------------------------------------- several connections


def time_of_day(connection: int, epoch_s: int, *, version: int = VERSION) -> Conversation:
    """A connection of client 7000 + its number that asked for the time once."""
    asked, told = ReqCurrentTime(), CurrentTime(epoch_s=epoch_s)
    said = [
        Said(0.0, by_client=True, payload=encode(asked, version)),
        Said(0.1, by_client=False, payload=encode(told, version)),
    ]
    return Conversation(said, version=version, connection=connection, client_id=7000 + connection)


def replaying(*conversations: Conversation) -> Engine:
    engine = Engine(normal_world(), start_s=TEN)
    engine.replay = Replay(engine, *conversations)
    return engine


def joined(engine: Engine, client_id: int, *, version: int = VERSION) -> Peer:
    client = engine.open(version)
    assert client is not None
    made = Peer(engine, client)
    made.send(StartApi(client_id=client_id))
    return made


def test_every_client_continues_the_connection_of_its_id() -> None:
    engine = replaying(time_of_day(1, 111), time_of_day(2, 222, version=157))
    second, first = joined(engine, 7002), joined(engine, 7001, version=200)
    assert [m.epoch_s for m in only(first.send(ReqCurrentTime()), CurrentTime)] == [111]
    assert [m.epoch_s for m in only(second.send(ReqCurrentTime()), CurrentTime)] == [222]


def test_clients_of_other_ids_continue_the_connections_in_their_order() -> None:
    engine = replaying(time_of_day(1, 111), time_of_day(2, 222))
    first, second = joined(engine, 1), joined(engine, 2)
    assert [m.epoch_s for m in only(second.send(ReqCurrentTime()), CurrentTime)] == [222]
    assert [m.epoch_s for m in only(first.send(ReqCurrentTime()), CurrentTime)] == [111]


def test_one_client_is_answered_what_two_were_asked() -> None:
    engine = replaying(time_of_day(1, 111), time_of_day(2, 222))
    alone = joined(engine, 7001)
    found = [*alone.send(ReqCurrentTime()), *alone.send(details(1))]
    assert [m.epoch_s for m in only(found, CurrentTime)] == [111]
    assert engine.replay is not None
    assert engine.replay.version == VERSION
    assert engine.replay.unexpected == ["reqContractDetails: the recording has reqCurrentTime"]


def test_the_recorded_version_is_the_highest_of_its_connections() -> None:
    assert replaying(time_of_day(1, 1, version=157), time_of_day(2, 2)).replay.version == VERSION


# ---------------------------------------------------------------- other clients' habits


@pytest.mark.parametrize(
    ("changes", "alike"),
    [
        ({"tif": "DAY", "open_close": "O"}, True),
        ({"e_trade_only": True, "firm_quote_only": True}, True),
        ({"quantity": Decimal(11)}, False),
        ({"action": "SELL"}, False),
        ({"tif": "IOC"}, False),
        ({"order_type": "LMT", "limit_price": Decimal(7)}, False),
        ({"account": "DU0000001"}, False),
    ],
    ids=str,
)
def test_an_order_is_told_by_what_its_author_wrote(
    changes: dict[str, object], *, alike: bool
) -> None:
    said = Said(0.0, by_client=True, payload=encode(market_order(1), VERSION))
    conversation = Conversation([said], version=VERSION)
    assert bool(conversation.like(market_order(9, **changes), version=200)) == alike
