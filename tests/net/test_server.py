"""The server: handshake, session start, isolation, limits, and failures that surface."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import pytest

from pytest_ibkr.errors import GatewayError
from pytest_ibkr.gateway import Gateway
from pytest_ibkr.wire.framing import frame
from pytest_ibkr.wire.messages.contract import Contract, ContractDataEnd, ReqContractDetails
from pytest_ibkr.wire.messages.session import (
    CurrentTime,
    ErrorNotice,
    ManagedAccounts,
    NextValidId,
    ReqCurrentTime,
    StartApi,
)
from pytest_ibkr.wire.versions import NEWEST_TEXT
from tests.net.raw_client import RawClient

SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")


def test_bootstrap_is_accounts_then_order_id_then_farm_notices(session):
    with RawClient(session).start() as client:
        client.wait_for(ErrorNotice, lambda notice: notice.code == 2158)
        kinds = [type(message) for message in client.received]
        assert kinds[:2] == [ManagedAccounts, NextValidId]
        assert [notice.code for notice in client.of(ErrorNotice)] == [2104, 2104, 2106, 2158]
        assert client.received[0].accounts == "DU0000001"


def test_nothing_is_said_before_the_clients_greeting(gateway, session):
    with socket.create_connection((gateway.host, gateway.port)) as silent:
        silent.settimeout(0.05)
        with pytest.raises(TimeoutError):
            silent.recv(1)


@pytest.mark.parametrize(("offered", "chosen"), [((100, 157), 157), ((157, 178), 178)])
def test_the_version_is_the_lower_of_both_highest(session, offered, chosen):
    with RawClient(session, lowest=offered[0], highest=offered[1]) as client:
        assert client.wait_version() == chosen


def test_an_older_gateway_can_be_played(gateway):
    session = gateway.new_session("older", server_version=157)
    with RawClient(session) as client:
        assert client.wait_version() == 157
    session.close()


def test_a_client_too_old_is_refused_with_a_reason_in_the_journal(session):
    with RawClient(session, lowest=100, highest=150) as client:
        client.read_to_end()
        assert client.version == 0


def test_a_second_client_with_the_same_id_gets_326_and_is_closed(session):
    with RawClient(session).start(5), RawClient(session) as second:
        second.wait_version()
        second.send(StartApi(client_id=5))
        second.read_to_end()
        assert [notice.code for notice in second.of(ErrorNotice)] == [326]
        assert second.of(NextValidId) == []


def test_an_id_is_free_again_after_its_client_left(session):
    with RawClient(session).start(5):
        pass
    session.journal.wait_for(lambda entry: "closed" in getattr(entry.message, "text", ""))
    with RawClient(session).start(5) as again:
        assert again.of(ManagedAccounts)


def test_a_request_before_start_closes_the_connection(session):
    with RawClient(session) as client:
        client.wait_version()
        client.send(ReqCurrentTime())
        client.read_to_end()
        assert client.received == []


@pytest.mark.parametrize(
    "attack", [b"GET / HTTP/1.1\r\n\r\n", b"API\0\xff\xff\xff\xff", b"API\0\0\0\0\0", b"\0" * 64]
)
def test_bytes_that_are_no_greeting_end_only_their_own_connection(gateway, session, attack):
    with RawClient(session).start() as client:
        with socket.create_connection((gateway.host, gateway.port), timeout=5) as stranger:
            stranger.sendall(attack)
            # bytes it never read make some systems reset instead of closing
            with contextlib.suppress(ConnectionResetError):
                assert stranger.recv(10) == b""
        client.send(ReqCurrentTime())
        assert client.wait_for(CurrentTime)


@pytest.mark.req("XC-005")
def test_more_than_fifty_messages_a_second_are_warned_then_refused_then_cut_off(session):
    session.clock.hold()
    with RawClient(session).start() as client:
        client.send(*[ReqCurrentTime()] * 60)
        client.read_to_end()
        texts = [(n.code, n.text) for n in client.of(ErrorNotice) if n.code in (0, 100)]
        assert [code for code, _text in texts] == [0, 100]
        assert "Approaching max rate of 50 messages per second" in texts[0][1]
        assert len(client.of(CurrentTime)) < 50


def test_a_client_that_asks_for_pacing_in_its_greeting_is_never_too_fast(session):
    with RawClient(session, options="+PACEAPI").start() as client:
        client.send(*[ReqCurrentTime()] * 120)
        while len(client.of(CurrentTime)) < 120:
            client.read()
        assert not [n for n in client.of(ErrorNotice) if n.code in (0, 100)]


def test_old_sockets_are_closed_when_a_new_session_begins(gateway):
    first = gateway.new_session("first")
    with RawClient(first).start() as client:
        second = gateway.new_session("second")
        client.read_to_end()
        second.close()


def test_a_bug_inside_the_engine_surfaces_in_the_test_that_met_it(gateway):
    session = gateway.new_session("broken")

    def explode(_client, _message):
        raise ZeroDivisionError("seeded")

    session.call(lambda: session.engine._handlers.update({ReqCurrentTime: explode}))
    with RawClient(session).start() as client, RawClient(session).start(2) as other:
        client.send(ReqCurrentTime())
        client.read_to_end()
        assert [notice.code for notice in client.of(ErrorNotice)][-1] == 320
        other.send(ReqContractDetails(request_id=1, contract=SPY))
        assert other.wait_for(ContractDataEnd), "another client is not disturbed"
        session.faults.cut_now()
    with pytest.raises(GatewayError, match="seeded"):
        session.close()


def test_the_thread_and_the_port_are_gone_after_stop(snapshot):
    before = set(threading.enumerate())
    gateway = Gateway(snapshot)
    gateway.start()
    assert [t.name for t in set(threading.enumerate()) - before] == ["ibkr-gateway"]
    address = gateway.host, gateway.port
    gateway.stop()
    assert set(threading.enumerate()) <= before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=0.2).close()


def test_a_taken_port_is_a_clear_error(gateway, snapshot):
    with pytest.raises(GatewayError, match=f"cannot listen on 127.0.0.1:{gateway.port}"):
        Gateway(snapshot, port=gateway.port).start()


def test_unread_output_of_one_client_does_not_hold_up_another(session):
    deaf = RawClient(session).start(8)
    with RawClient(session).start(9) as client:
        for request_id in range(30):
            deaf.send(ReqContractDetails(request_id=request_id, contract=SPY))
        client.send(ReqContractDetails(request_id=1, contract=SPY))
        assert client.wait_for(ContractDataEnd)
    deaf.socket.close()


def test_time_is_virtual_and_the_wall_clock_follows(session):
    with RawClient(session).start() as client:
        client.send(ReqCurrentTime())
        answer = client.wait_for(CurrentTime)
        assert abs(answer.epoch_s - time.time()) <= 1
        assert abs(session.clock.epoch_s() - time.time()) < 0.1


@pytest.mark.parametrize("number", ["1_000", " 7", "７"])
def test_what_only_python_reads_as_a_number_is_refused(session, number):
    """A Java program throws NumberFormatException and answers 320."""
    with RawClient(session, highest=NEWEST_TEXT).start() as client:
        payload = f"8\x001\0{number}\0".encode()
        client.socket.sendall(frame(payload))
        notice = client.wait_for(ErrorNotice, lambda notice: notice.code == 320)
        assert "For input string" in notice.text


def test_a_client_that_never_reads_is_dropped_and_its_output_with_it(session, monkeypatch):
    monkeypatch.setattr("pytest_ibkr.net.connection.OUTPUT_LIMIT", 1 << 20)
    session.configure(max_messages_per_s=1 << 20)
    with RawClient(session).start() as deaf, RawClient(session).start(2) as client:
        [first, _second] = session.engine.clients
        for _round in range(40):
            session.call(lambda: first.error(1, 1, "x" * (1 << 18)))
        session.journal.wait_for(lambda e: "output limit" in getattr(e.message, "text", ""))
        assert first.closed
        client.send(ReqCurrentTime())
        assert client.wait_for(CurrentTime)
        assert session.clock._server.pending_bytes() < 1 << 20
        assert not deaf.ended


def test_a_program_left_over_from_an_earlier_test_is_turned_away(gateway):
    first = gateway.new_session("the first test")
    second = gateway.new_session("the second test")
    assert first.client_id != second.client_id
    with RawClient(second) as intruder, RawClient(second).start(second.client_id):
        intruder.wait_version()
        intruder.send(StartApi(client_id=first.client_id))
        intruder.read_to_end()
    assert f"client id {first.client_id} belongs to an earlier session: the first test" in (
        second.journal.timeline()
    )
    second.close()


def test_hundreds_of_reconnects_do_not_pile_up(session):
    for _round in range(600):
        with RawClient(session) as client:
            client.wait_version()
    session.journal.wait_for(lambda e: e.connection == 600 and "closed" in e.message.text)
    assert len(session.engine.opened) < 520
    assert len(session.engine.meters) < 520
