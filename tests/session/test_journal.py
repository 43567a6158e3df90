"""What a test learns from the journal of its session."""

from __future__ import annotations

import threading

import pytest
from ibapi.client import EClient
from ibapi.message import OUT

from pytest_ibkr import messages
from pytest_ibkr.errors import GatewayError, UsageError, WaitTimeout
from pytest_ibkr.wire.declare import BODY_REQUESTS, REQUESTS
from pytest_ibkr.wire.framing import frame
from pytest_ibkr.wire.messages.account import AccountDownloadEnd, ReqAccountUpdates
from pytest_ibkr.wire.messages.session import (
    CurrentTime,
    ErrorNotice,
    ManagedAccounts,
    ReqCurrentTime,
)
from pytest_ibkr.wire.names import NOT_SIMULATED
from pytest_ibkr.wire.versions import NEWEST_TEXT
from tests.net.raw_client import RawClient


def test_requests_are_found_by_their_official_names(ibkr):
    with RawClient(ibkr).start() as client:
        client.send(ReqCurrentTime())
        client.wait_for(CurrentTime)
    assert len(ibkr.journal.requests("reqCurrentTime")) == 1
    assert len(ibkr.journal.requests()) == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("reqMarketData", "no request is called 'reqMarketData'; did you mean 'reqMktData'?"),
        ("reqHistoricData", "did you mean 'reqHistoricalData'?"),
        ("xyz", "no request is called 'xyz'; known: reqMktData, "),
        ("updateConfig", "updateConfig is not simulated by pytest-ibkr"),
    ],
)
def test_an_unknown_request_name_says_which_was_meant(ibkr, name, text):
    with pytest.raises(UsageError) as caught:
        ibkr.journal.requests(name)
    assert text in str(caught.value)


def test_messages_are_found_by_their_class(ibkr):
    with RawClient(ibkr).start():
        pass
    [accounts] = ibkr.journal.answers(messages.ManagedAccounts)
    assert accounts.accounts == "DU0000001"
    for ask in (ibkr.journal.answers, ibkr.journal.wait_for):
        with pytest.raises(UsageError, match=r"pytest_ibkr\.messages|no request is called"):
            ask("ManagedAccounts")
    with pytest.raises(UsageError, match="cannot wait for 7"):
        ibkr.journal.wait_for(7)


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (106, "cancelContractData (message 106)"),
        (109, "updateConfig (message 109)"),
        (999, "message 999"),
    ],
)
def test_a_request_nobody_simulates_is_named(ibkr, number, name):
    with RawClient(ibkr, highest=NEWEST_TEXT).start() as client:
        client.socket.sendall(frame(f"{number}\0x\0".encode()))
        assert client.wait_for(ErrorNotice, lambda notice: notice.code == 320).request_id == -1
    assert f"{name} is not simulated by pytest-ibkr" in ibkr.journal.timeline()


def test_names_cover_what_is_not_declared_and_nothing_else():
    assert set(NOT_SIMULATED) & {*REQUESTS, *BODY_REQUESTS} == set()
    theirs = {number for name, number in vars(OUT).items() if name.isupper()}
    assert theirs - {*REQUESTS, *BODY_REQUESTS} <= set(NOT_SIMULATED)
    for number, name in NOT_SIMULATED.items():
        assert hasattr(EClient, name) or number >= 100, "the older client knows no later ones"


def test_waiting_sees_what_happened_before_and_what_comes_later(ibkr):
    with RawClient(ibkr).start() as client:
        assert ibkr.journal.wait_for(ManagedAccounts).direction == "out"
        sender = threading.Timer(0.02, lambda: client.send(ReqCurrentTime()))
        sender.start()
        assert ibkr.journal.wait_for("reqCurrentTime").direction == "in"
        sender.join()


def test_waiting_in_vain_shows_the_wire(ibkr):
    with RawClient(ibkr).start(), pytest.raises(WaitTimeout, match="startApi client_id=1"):
        ibkr.journal.wait_for("placeOrder", timeout_s=0.05)


def test_the_timeline_names_messages_and_what_is_not_default(ibkr):
    with RawClient(ibkr).start(31):
        pass
    text = ibkr.journal.timeline()
    assert "-> gateway  startApi client_id=31" in text
    assert "<- gateway  ManagedAccounts accounts=DU0000001" in text
    assert text.splitlines()[0].startswith("10:00:0")


def test_the_timeline_says_how_much_it_leaves_out(ibkr):
    with RawClient(ibkr).start():
        pass
    assert ibkr.journal.timeline(2).splitlines()[0].endswith("earlier lines")


def test_long_runs_of_one_kind_are_folded_and_the_whole_is_to_be_had(ibkr):
    with RawClient(ibkr).start() as client:
        client.send(ReqAccountUpdates(subscribe=True))
        client.wait_for(AccountDownloadEnd)
    folded, whole = ibkr.journal.timeline(), ibkr.journal.timeline(None)
    assert folded.count("AccountValue key=") == 2
    assert "188 more AccountValue" in folded
    assert whole.count("AccountValue key=") == 190


def test_counts_cover_both_directions(ibkr):
    with RawClient(ibkr).start() as client:
        client.wait_for(ManagedAccounts)
    counts = ibkr.journal.counts()
    assert counts["frames_in"] == 1
    assert counts["frames_out"] == 6


def test_a_predicate_that_raises_fails_its_test_and_nobody_else(ibkr):
    with RawClient(ibkr).start() as client:
        with pytest.raises(AttributeError, match="order_id"):
            ibkr.journal.wait_for(lambda entry: entry.message.order_id == 99)
        client.send(ReqCurrentTime())
        assert client.wait_for(CurrentTime)


def test_a_listener_that_raises_is_dropped_and_named_at_the_end(ibkr_gateway):
    session = ibkr_gateway.new_session("listener")
    calls = []

    def listener(entry):
        calls.append(entry)
        raise OSError("disk full")

    session.call(lambda: session.engine.journal.listeners.append(listener))
    with RawClient(session).start() as client:
        client.send(ReqCurrentTime())
        assert client.wait_for(CurrentTime)
    with pytest.raises(
        GatewayError, match=r"listened to the journal of listener failed.*disk full"
    ):
        session.close()
    assert len(calls) == 1
