"""What a test learns from the journal of its session."""

from __future__ import annotations

import threading

import pytest

from pytest_ibkr.errors import GatewayError, UsageError, WaitTimeout
from pytest_ibkr.wire.messages.account import AccountDownloadEnd, ReqAccountUpdates
from pytest_ibkr.wire.messages.session import CurrentTime, ManagedAccounts, ReqCurrentTime
from tests.net.raw_client import RawClient


def test_requests_are_found_by_their_official_names(ibkr):
    with RawClient(ibkr).start() as client:
        client.send(ReqCurrentTime())
        client.wait_for(CurrentTime)
    assert len(ibkr.journal.requests("reqCurrentTime")) == 1
    assert len(ibkr.journal.requests()) == 2


def test_an_unknown_request_name_lists_the_known_ones(ibkr):
    with pytest.raises(
        UsageError, match=r"no request is called 'reqMarketData'; known:.*reqMktData"
    ):
        ibkr.journal.requests("reqMarketData")


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
    with pytest.raises(GatewayError, match=r"listened to the journal of listener failed.*disk full"):
        session.close()
    assert len(calls) == 1
