"""Logging in: order of the greeting, refusals, absent and silent gateways, paper only."""

from __future__ import annotations

import socket

import pytest

from bot.broker import (
    AuthenticationError,
    ClientIdInUseError,
    GatewayConnectionError,
    GatewayEvent,
    IBKRGateway,
    LiveAccountRefusedError,
)
from bot.broker.paper import LIVE_PORTS
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.session import ManagedAccounts, NextValidId, StartApi
from tests.system.bench import CALL, error_codes, limit, sent_to
from tests.system.variants import answer


@pytest.fixture
def free_port():
    """A port where nobody listens, kept from others until ``release``."""

    class Kept:
        def __init__(self):
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            self._socket.bind(("127.0.0.1", 0))
            self.number = self._socket.getsockname()[1]
            self.release = self._socket.close

    kept = Kept()
    yield kept
    kept.release()


@pytest.fixture
def silent_port():
    """A port that takes connections and says nothing; ``connections()`` counts them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)

        class Silent:
            number = listener.getsockname()[1]

            def connections(self) -> int:
                count = 0
                while True:
                    try:
                        listener.accept()[0].close()
                    except BlockingIOError:
                        return count
                    count += 1

        yield Silent()


def test_a_fresh_client_learns_its_account_and_first_order_id(ibkr, broker):
    assert broker.accounts == (ibkr.account.id,)
    assert broker.get_account_info().next_order_id == 1
    assert broker.server_version == ibkr.engine.clients[0].version
    [start] = ibkr.journal.requests("startApi")
    assert start.client_id == ibkr.client_id


def test_working_orders_come_back_before_the_accounts_and_are_known_after_connect(ibkr, connect):
    first = connect()
    order_id = first.place_order(CALL, limit("BUY", "0.10"))
    first.wait_for_order(order_id, {"Submitted"}, 5)
    first.disconnect()
    second = connect()
    replay = [type(m) for m in sent_to(ibkr, 2)]
    assert replay.index(OpenOrder) < replay.index(ManagedAccounts)
    assert second.get_order_status(order_id).status == "Submitted"
    assert second.get_account_info().next_order_id == order_id + 1
    assert len(ibkr.journal.orders()) == 1


def test_connect_waits_for_accounts_that_come_after_the_order_id(ibkr, connect):
    def greet_backwards(client, message, original):
        client.client_id, client.started = message.client_id, True
        ibkr.engine.clients.append(client)
        client.send(NextValidId(order_id=77))
        accounts = ManagedAccounts(accounts=f"{ibkr.account.id},")
        ibkr.engine.owe(client, 3.0, lambda: client.send(accounts))

    answer(ibkr, StartApi, greet_backwards)
    broker = connect()
    assert broker.accounts == (ibkr.account.id,)
    assert broker.get_account_info().next_order_id == 77


def test_a_client_id_in_use_is_said_and_the_holder_stays_connected(ibkr, connect):
    holder = connect()
    with pytest.raises(
        ClientIdInUseError, match=rf"client id {ibkr.client_id} is in use"
    ) as raised:
        connect()
    assert raised.value.code == 326
    assert error_codes(ibkr)[-1] == 326
    assert holder.is_authenticated()
    assert connect(ibkr.client_id + 1).is_connected()


@pytest.mark.req("LV-003", "LV-028")
def test_an_absent_gateway_is_a_connection_error_that_names_the_endpoint(ibkr, free_port):
    broker = IBKRGateway(ibkr.host, free_port.number, 1, clock=ibkr.clock)
    with pytest.raises(ConnectionError, match=f"{ibkr.host}:{free_port.number}"):
        broker.connect()
    assert not broker.is_connected()


@pytest.mark.req("LV-028")
def test_a_gateway_that_stays_away_is_tried_four_times_and_no_more(ibkr, free_port):
    waits = []
    broker = IBKRGateway(ibkr.host, free_port.number, 1, clock=ibkr.clock)
    began_s = ibkr.clock.monotonic()
    with pytest.raises(GatewayConnectionError, match="cannot connect"):
        broker.reconnect(on_wait=lambda _error, wait_s: waits.append(wait_s))
    assert waits == [1.0, 2.0, 4.0]
    assert ibkr.clock.monotonic() - began_s == pytest.approx(7, abs=0.5)


@pytest.mark.req("LV-011", "LV-028")
def test_a_gateway_that_opens_late_is_reached_at_the_third_try(
    ibkr, free_port, ibkr_gateway_factory
):
    tries, opened = [], []

    def on_wait(_error, wait_s):
        tries.append((ibkr.clock.monotonic(), wait_s))
        if len(tries) == 2:
            free_port.release()
            opened.append(ibkr_gateway_factory(port=free_port.number))

    broker = IBKRGateway(ibkr.host, free_port.number, 1, clock=ibkr.clock)
    ibkr.clock.hold()
    began_s = ibkr.clock.monotonic()
    assert broker.reconnect(on_wait=on_wait) == 3
    connected_s = ibkr.clock.monotonic()
    broker.disconnect()
    assert [wait_s for _at_s, wait_s in tries] == [1.0, 2.0]
    assert [at_s - began_s for at_s, _wait_s in tries] == pytest.approx([0, 1], abs=0.01)
    assert connected_s - began_s == pytest.approx(3, abs=0.05)
    assert len(opened[0].journal.requests("startApi")) == 1


@pytest.mark.req("LV-007")
def test_a_gateway_without_login_times_out_once_and_is_not_retried(ibkr, silent_port):
    broker = IBKRGateway(ibkr.host, silent_port.number, 1, clock=ibkr.clock, timeout_s=30)
    began_s = ibkr.clock.monotonic()
    with pytest.raises(AuthenticationError, match=r"took the connection but.*within 30 s"):
        broker.reconnect(on_wait=lambda *_: pytest.fail("a refusal must not be retried"))
    assert ibkr.clock.monotonic() - began_s == pytest.approx(30, abs=1)
    assert silent_port.connections() == 1
    assert not broker.is_connected()


@pytest.mark.req("LV-007")
@pytest.mark.parametrize("code", [501, 503, 507])
def test_a_refused_login_is_an_authentication_error_with_its_code(ibkr, connect, code):
    def refuse(client, _message, _original):
        client.error(-1, code, "not logged in")
        client.close("refused")

    answer(ibkr, StartApi, refuse)
    with pytest.raises(AuthenticationError, match="not logged in") as raised:
        connect()
    assert raised.value.code == code
    assert len(ibkr.journal.requests("startApi")) == 1


def paper_only(ibkr, connect, accounts: str) -> None:
    """No request may follow a login on anything but paper accounts."""
    ibkr.call(lambda: setattr(ibkr.engine, "account_id", accounts))
    with pytest.raises(LiveAccountRefusedError, match=r"U1\*+67") as raised:
        connect()
    assert "U1234567" not in str(raised.value)
    assert {type(m) for m in ibkr.journal.requests()} == {StartApi}


@pytest.mark.req("LV-004", "BT-007")
@pytest.mark.parametrize("accounts", ["U1234567", "DU0000001,U1234567", "U1234567,DU0000001,"])
def test_a_live_account_in_the_list_ends_the_session_before_any_request(ibkr, connect, accounts):
    paper_only(ibkr, connect, accounts)


@pytest.mark.req("LV-004", counter_proof="every account id passes for paper")
def test_counter_proof_accepting_every_account_is_noticed(ibkr, connect, monkeypatch):
    monkeypatch.setattr("bot.broker.paper.refuse_live_accounts", lambda _accounts: None)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        paper_only(ibkr, connect, "DU0000001,U1234567")


@pytest.mark.req("LV-004", "BT-007")
@pytest.mark.parametrize("port", sorted(LIVE_PORTS))
def test_a_live_port_is_refused_without_a_socket(monkeypatch, port):
    monkeypatch.setattr(socket, "create_connection", lambda *_a, **_k: pytest.fail("dialled"))
    with pytest.raises(LiveAccountRefusedError, match=str(port)):
        IBKRGateway("127.0.0.1", port, 1).connect()


def test_a_lost_socket_is_told_to_listeners_and_the_object_connects_again(ibkr, broker):
    told = []
    broker.on_event(lambda event, _text: told.append(event))
    ibkr.faults.cut_now()
    with pytest.raises(GatewayConnectionError):
        broker.server_time()
    assert not broker.is_connected()
    assert broker.reconnect() == 1
    assert broker.is_authenticated()
    broker.disconnect()
    assert told.count(GatewayEvent.DISCONNECTED) == 2
    assert told.count(GatewayEvent.CONNECTED) == 1
    assert [m.client_id for m in ibkr.journal.requests("startApi")] == [ibkr.client_id] * 2


def test_a_listener_that_raises_is_contained_and_recorded(ibkr, connect):
    broker = connect()
    later = []

    def broken(*_event):
        raise RuntimeError("listener went wrong")

    broker.on_order(broken)
    broker.on_order(lambda state: later.append(state.status))
    order_id = broker.place_order(CALL, limit("BUY", "0.10"))
    broker.wait_for_order(order_id, {"Submitted"}, 5)
    assert broker.is_authenticated()
    broker.disconnect()  # delivers what is queued
    assert "Submitted" in later
    assert any("listener went wrong" in fault for fault in broker.faults)
