"""A relay as a whole: it lets a program work with a paper gateway, within the guard's rules."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path

import pytest

from pytest_ibkr.wire.codec import encode, encode_frame
from pytest_ibkr.wire.connection import ClientConnection
from pytest_ibkr.wire.framing import frame
from pytest_ibkr.wire.messages.contract import Contract, ContractDataEnd, ReqContractDetails
from pytest_ibkr.wire.messages.market_data import ReqMarketData, TickPrice
from pytest_ibkr.wire.messages.order import CancelOrder, ReqGlobalCancel
from pytest_ibkr.wire.messages.session import (
    CurrentTime,
    ErrorNotice,
    ManagedAccounts,
    NextValidId,
    ReqCurrentTime,
    StartApi,
)
from tests.net.raw_client import RawClient
from tests.net.relay.conftest import ACCOUNT

SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
PLACE_ORDER = b"3\0"


def ended(relay, timeout_s: float = 5.0):
    """Wait until the relay ended the run; return why."""
    told = threading.Event()
    relay.on_end = lambda _facts: told.set()
    if relay.ended is None:
        assert told.wait(timeout_s)
    return relay.ended


def notes(records, kind):
    return [r.note() for r in records if r.direction == "note" and r.note()["note"] == kind]


def raw(relay) -> socket.socket:
    return socket.create_connection((relay.host, relay.port), timeout=5)


def closed_by_peer(connection: socket.socket) -> bool:
    """Read to the end; False when the other side keeps the connection open."""
    try:
        while connection.recv(65536):
            pass
    except TimeoutError:
        return False
    except ConnectionResetError:
        pass
    return True


def test_a_program_gets_its_session_through_the_relay(tapped):
    with RawClient(tapped).start(7100) as client:
        client.send(ReqCurrentTime())
        assert client.wait_for(CurrentTime)
        assert client.of(ManagedAccounts)[0].accounts == tapped.facts.account == ACCOUNT


def test_the_facts_show_no_whole_account_id(tapped):
    assert tapped.facts.accounts == ("DU*****21",)
    assert not tapped.facts.is_rehearsal
    assert ACCOUNT not in repr(tapped.facts) + repr(tapped.spec)


def test_the_clock_is_the_gateways(start, gateway):
    relay = start(gateway)
    now_s = relay.ask("now")["now_s"]
    assert abs(now_s - gateway.server.clock.now()) < 2.0


@pytest.mark.parametrize("highest", [157, 178, 200, 225])
def test_no_version_above_200_is_spoken(tapped, highest):
    with RawClient(tapped, lowest=100, highest=highest).start(7100) as client:
        assert client.version == min(highest, 200)
        offered = tapped.tap.of_client(7100).frames_up[0]
        assert offered == b"v151..%d" % min(highest, 200)


def test_connect_options_do_not_reach_the_gateway(tapped):
    with RawClient(tapped, highest=178, options="+PACEAPI").start(7100):
        assert tapped.tap.of_client(7100).up.startswith(ClientConnection.greeting(151, 178))


def test_a_client_that_only_speaks_newer_versions_is_turned_away(tapped):
    before = len(tapped.tap.connections)
    with RawClient(tapped, lowest=213, highest=225) as client:
        client.read_to_end()
    assert len(tapped.tap.connections) == before
    [refusal] = tapped.end_test().refusals
    assert refusal.rule == "client.version"


def test_what_goes_up_is_what_our_own_encoder_makes(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        request = ReqMarketData(request_id=5, contract=SPY)
        payload = encode(request, 178)
        # As other clients write a number with a fraction: the gateway gets our way of it.
        theirs = payload.replace(b"\x000.0\x00", b"\x000\x00", 1)
        assert theirs != payload
        client.socket.sendall(frame(theirs))
        client.wait_for(TickPrice)
        assert tapped.tap.of_client(7100).frames_up[-1] == payload


def test_a_stream_fed_byte_by_byte_is_understood(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        for byte in encode_frame(ReqCurrentTime(), 178):
            client.socket.sendall(bytes([byte]))
        assert client.wait_for(CurrentTime)


def test_an_order_in_the_first_frame_does_not_pass(tapped):
    with RawClient(tapped, highest=178) as client:
        client.wait_version()
        client.send(CancelOrder(order_id=3))
        notice = client.wait_for(ErrorNotice)
        assert (notice.request_id, notice.code) == (3, 321)
    assert all(b"4\0" not in each.frames_up for each in tapped.tap.connections)
    assert tapped.end_test().refusals[0].rule == "session.not-started"


def test_nothing_passes_before_the_account_is_known(tapped):
    """What comes before managedAccounts is held, and so is what the client sends."""
    let = threading.Event()

    def hold_accounts(connection, payload):
        if connection.client_id() == 7100 and payload.startswith(b"15\0"):
            let.wait(5)
        return payload

    tapped.tap.change = hold_accounts
    with RawClient(tapped, highest=178) as client:
        client.wait_version()
        client.send(StartApi(client_id=7100), ReqCurrentTime())
        assert tapped.tap.connections[-1].wait(lambda each: 71 in each.requests)
        connection = tapped.tap.connections[-1]
        connection.say(encode(NextValidId(order_id=8), 178))
        client.socket.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
        assert connection.requests == [71]
        let.set()
        client.socket.settimeout(5)
        client.wait_for(CurrentTime)
        assert [type(each) for each in client.received[:2]] == [NextValidId, ManagedAccounts]
        assert connection.requests == [71, 49]


@pytest.mark.parametrize(
    "accounts",
    ["U" + "1234567", "", " ", ACCOUNT + ",U" + "1234567", "DU" + "7654322", ACCOUNT + "\n"],
    ids=["live", "none", "blank", "mixed", "another", "newline"],
)
def test_another_account_in_mid_session_ends_the_run(tapped, accounts):
    with RawClient(tapped, highest=178).start(7100) as client:
        tapped.tap.of_client(7100).say(encode(ManagedAccounts(accounts=accounts), 178))
        client.read_to_end()
        assert [each.accounts for each in client.of(ManagedAccounts)] == [ACCOUNT]
    facts = ended(tapped)
    assert facts.rule.startswith("account.")
    assert "U" + "1234567" not in str(facts)


def test_another_account_on_a_clients_own_connection_ends_the_run(tapped):
    def change(connection, payload):
        if connection.client_id() == 7100 and payload.startswith(b"15\0"):
            return encode(ManagedAccounts(accounts="U" + "1234567"), 178)
        return payload

    tapped.tap.change = change
    with RawClient(tapped, highest=178) as client:
        client.wait_version()
        client.send(StartApi(client_id=7100), ReqCurrentTime())
        client.read_to_end()
        assert client.received == []
    assert ended(tapped).rule == "account.live"
    assert tapped.tap.of_client(7100).requests == [71]


def test_another_account_on_the_relays_own_connection_ends_the_run(tapped):
    tapped.tap.of_client(7999).say(encode(ManagedAccounts(accounts="U" + "1234567"), 200))
    assert ended(tapped).rule == "account.live"
    with pytest.raises(ConnectionRefusedError):
        raw(tapped)


@pytest.mark.parametrize("payload", [b" 15\0001\0", b"15\0001\0", b"015\0001\0"])
def test_accounts_in_a_form_only_clients_read_end_the_run_at_once(tapped, payload):
    """On the relay's own connection too, between two checks."""
    tapped.tap.of_client(7999).say(payload + b"U" + b"1234567")
    assert ended(tapped).rule == "account.unreadable"


def test_after_the_end_no_test_can_begin(tapped):
    tapped.tap.of_client(7999).say(encode(ManagedAccounts(accounts=""), 200))
    ended(tapped)
    with pytest.raises(Exception, match="no test can begin"):
        tapped.begin_test("later")
    assert tapped.stop().ended.rule == "account.none"


def test_a_client_id_outside_the_given_ones_is_turned_away(tapped):
    tapped.begin_test("a test", client_ids=[7123])
    with RawClient(tapped) as client:
        client.wait_version()
        client.send(StartApi(client_id=7124))
        client.read_to_end()
        [notice] = client.of(ErrorNotice)
        assert notice.code == 326
        assert "7123" in notice.text
    assert [each.client_id() for each in tapped.tap.connections if each.client_id() == 7124] == []


def test_a_client_id_that_the_gateway_holds_is_told_to_the_client(tapped, kept):
    with RawClient(kept.gateway).start(7100), RawClient(tapped) as client:
        client.wait_version()
        client.send(StartApi(client_id=7100))
        client.read_to_end()
        assert [each.code for each in client.of(ErrorNotice)] == [326]


def test_a_torn_frame_reaches_nobody(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        whole = encode_frame(ReqCurrentTime(), 178)
        client.socket.sendall(whole + encode_frame(ReqGlobalCancel(), 178)[:-1])
        client.wait_for(CurrentTime)
        connection = tapped.tap.of_client(7100)
    assert connection.wait(lambda _each: connection.down_ended)
    assert connection.requests == [71, 49]


@pytest.mark.parametrize("announced", [0, 256 * 1024 + 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_length_that_cannot_be_ends_the_connection_before_anything_is_kept(tapped, announced):
    with RawClient(tapped, highest=178).start(7100) as client:
        client.socket.sendall(announced.to_bytes(4, "big") + b"3\0")
        client.read_to_end()
    assert tapped.end_test().refusals[0].rule == "frame.stream"


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02", b"v100..178"])
def test_what_is_no_api_greeting_is_not_connected_to_the_gateway(tapped, said):
    before = len(tapped.tap.connections)
    with raw(tapped) as stranger:
        stranger.sendall(said)
        assert closed_by_peer(stranger)
    assert len(tapped.tap.connections) == before


def test_a_protobuf_frame_does_not_pass(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        client.socket.sendall(frame((203).to_bytes(4, "big") + b"\x08\x01"))
        client.wait_for(ErrorNotice, lambda notice: notice.code == 321)
        assert tapped.tap.of_client(7100).requests == [71]
    assert tapped.end_test().refusals[0].rule.startswith("frame.")


def test_an_unknown_request_does_not_pass(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        client.socket.sendall(frame(b"777\x001\0"))
        client.wait_for(ErrorNotice, lambda notice: notice.code == 321)
        assert tapped.tap.of_client(7100).requests == [71]
    assert tapped.end_test().refusals[0].rule == "frame.unknown"


def test_an_unknown_answer_passes_as_it_is(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        tapped.tap.of_client(7100).say(b"777\0what\0")
        data = b""
        while frame(b"777\0what\0") not in data:
            data += client.socket.recv(65536)


def test_when_the_gateway_hangs_up_so_does_the_relay(tapped):
    with RawClient(tapped).start(7100) as client:
        tapped.tap.of_client(7100).hang_up()
        client.read_to_end()
    with RawClient(tapped).start(7100) as again:
        assert again.of(NextValidId)


def test_when_the_client_hangs_up_its_gateway_connection_ends(tapped):
    with RawClient(tapped).start(7100):
        connection = tapped.tap.of_client(7100)
    assert connection.wait(lambda _each: connection.down_ended)


def test_what_a_client_said_before_it_hung_up_still_passes(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        connection = tapped.tap.of_client(7100)
        client.send(ReqCurrentTime(), ReqContractDetails(request_id=1, contract=SPY))
        client.socket.shutdown(socket.SHUT_WR)
        client.read_to_end()
    assert connection.wait(lambda each: each.requests == [71, 49, 9])


def test_a_version_nobody_asked_for_ends_the_connection(tapped):
    def change(connection, payload):
        answer = payload.startswith((b"178\0", b"200\0"))
        return payload.replace(b"178\0", b"203\0") if answer else payload

    tapped.tap.change = change
    with RawClient(tapped, highest=178) as client:
        client.read_to_end()
        assert client.version == 0


def test_a_client_that_does_not_read_is_dropped(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        connection = tapped.tap.of_client(7100)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        block = frame(b"777\0" + b"x" * 60_000 + b"\0") * 10
        with pytest.raises(OSError):  # noqa: PT011 - whichever way its system says so
            connection.say_raw(block * 350)  # 200 MB: more than every buffer on the way
    [why] = tapped.end_test().dropped
    assert "slow reader" in why


def test_how_long_requests_take_is_measured(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        client.send(ReqMarketData(request_id=5, contract=SPY))
        client.wait_for(TickPrice)
        client.send(ReqContractDetails(request_id=6, contract=SPY))
        client.wait_for(ContractDataEnd)
    metrics = tapped.status()["metrics"]
    assert metrics["requests"]["reqMktData"]["count"] == 1
    assert metrics["requests"]["reqContractDetails"]["p99_ms"] > 0
    assert metrics["added_down"]["count"] == metrics["frames_down"] > 0


def test_the_tape_tells_the_whole_conversation(start, gateway):
    heard = []
    relay = start(gateway, listeners=[heard.append])
    with RawClient(relay, highest=178).start(7100) as client:
        client.send(ReqCurrentTime())
        client.wait_for(CurrentTime)
    relay.stop()
    ups = [r.payload.partition(b"\0")[0] for r in heard if r.direction == "up"]
    downs = [r.payload.partition(b"\0")[0] for r in heard if r.direction == "down"]
    assert ups == [b"71", b"49"]
    assert downs[:2] == [b"15", b"9"]
    assert b"49" in downs
    assert notes(heard, "version") == [{"note": "version", "version": 178}]
    assert notes(heard, "closed")
    times = [r.at_s for r in heard]
    assert times == sorted(times)
    assert abs(times[0] - gateway.server.clock.now()) < 60


def test_the_audit_log_has_a_line_for_each_decision_and_no_account(start, gateway, tmp_path):
    relay = start(gateway)
    with RawClient(relay, highest=178).start(7100) as client:
        client.send(ReqCurrentTime(), ReqGlobalCancel(), CancelOrder(order_id=9))
        client.wait_for(ErrorNotice, lambda notice: notice.request_id == 9)
    text = Path(tmp_path / "audit.jsonl").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    decisions = [(each["what"], each.get("request")) for each in lines if "request" in each]
    assert decisions == [
        ("allow", "startApi"),
        ("allow", "reqCurrentTime"),
        ("replace", "reqGlobalCancel"),
        ("refuse", "cancelOrder"),
    ]
    assert ACCOUNT not in text
