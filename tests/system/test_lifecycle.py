"""Several threads and listeners connect and disconnect one object: no deadlock, nothing twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.broker import GatewayConnectionError, GatewayEvent
from tests.system.bench import CALL, QQQ, SPY, limit

REAL_S = 5  # a deadlock shows as a wait that takes this long


def lose(ibkr, broker) -> None:
    """Cut the socket and let the broker notice."""
    ibkr.faults.cut_now()
    while broker.is_connected():
        ibkr.clock.sleep(0.01)


def lose_data(ibkr, broker) -> None:
    """1101 with what it means: the gateway has forgotten every line."""

    def forget() -> None:
        ibkr.engine.streams.drop_all()
        for client in ibkr.engine.clients:
            client.error(-1, 1101, "Connectivity restored - data lost.")

    ibkr.call(forget)


def held_once(ibkr, broker, streams) -> bool:
    """Whether the gateway holds one line per stream, and none after they end."""
    broker.server_time()
    lines = ibkr.pacing()["lines_in_use"]
    for stream in streams:
        broker.unsubscribe_market_data(stream)
    return lines == len(streams) and ibkr.pacing()["lines_in_use"] == 0


def test_a_listener_and_a_thread_may_connect_at_the_same_time(ibkr, connect):
    broker = connect()
    listening, connected = threading.Event(), threading.Event()

    def come_back(event, _text):
        if event is GatewayEvent.DISCONNECTED and not listening.is_set():
            listening.set()
            broker.connect()
            connected.set()

    broker.on_event(come_back)
    ibkr.faults.cut_now()
    assert listening.wait(REAL_S)
    thread = threading.Thread(target=broker.connect, daemon=True)
    thread.start()
    thread.join(REAL_S)
    assert not thread.is_alive(), "connect() and a listener wait for each other"
    assert connected.wait(REAL_S)
    assert broker.is_authenticated()
    assert len(ibkr.journal.requests("startApi")) == 2


def test_disconnect_is_the_last_word_even_for_a_listener_that_comes_back(ibkr, connect):
    broker = connect()
    broker.on_event(
        lambda event, _text: broker.connect() if event is GatewayEvent.DISCONNECTED else None
    )
    thread = threading.Thread(target=broker.disconnect, daemon=True)
    thread.start()
    thread.join(REAL_S)
    assert not thread.is_alive(), "disconnect() waits for a listener that waits for it"
    assert not broker.is_connected()
    assert "disconnect() is closing this object" in broker.faults[-1]
    broker.connect()
    assert broker.is_authenticated()


def test_disconnect_while_a_reconnect_waits_ends_the_reconnect(ibkr, connect):
    """Also from the reconnecting thread itself, with a listener waiting for its turn."""
    broker = connect()
    waiting = threading.Event()

    def come_back(event, _text):
        if event is GatewayEvent.DISCONNECTED:
            waiting.set()
            broker.connect()

    def give_up(_error, _wait_s):
        assert waiting.wait(REAL_S)
        broker.disconnect()

    broker.on_event(come_back)
    broker._session.port = 1  # nobody listens there
    with ThreadPoolExecutor(1) as pool:
        tries = pool.submit(broker.reconnect, on_wait=give_up)
        with pytest.raises(GatewayConnectionError):
            tries.result(REAL_S)
    broker._session.port = ibkr.port
    assert not broker.is_connected()


@pytest.mark.parametrize("method", ["connect", "reconnect"])
def test_streams_and_orders_are_caught_up_with_once_by_two_threads(ibkr, broker, method):
    streams = [broker.subscribe_market_data(contract) for contract in (SPY, QQQ)]
    order_id = broker.place_order(CALL, limit("BUY", "0.10"))
    broker.wait_for_order(order_id, {"Submitted"}, 5)
    lose(ibkr, broker)
    asked = len(ibkr.journal.requests("reqMktData"))
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(getattr(broker, method)) for _thread in range(2)]
        for one in done:
            one.result(REAL_S)
    # A thread that only begins when the other has finished reconnects in its own right.
    times = len(ibkr.journal.requests("startApi")) - 1
    assert times == 1 or (method, times) == ("reconnect", 2)
    assert len(ibkr.journal.requests("reqMktData")) == asked + 2 * times
    assert [stream.resubscriptions for stream in streams] == [times, times]
    assert len(ibkr.journal.requests("reqOpenOrders")) == times
    assert held_once(ibkr, broker, streams)


def test_1101_asks_for_each_stream_once_also_while_threads_reconnect(ibkr, broker):
    streams = [broker.subscribe_market_data(contract) for contract in (SPY, QQQ)]
    broker.server_time()
    lose_data(ibkr, broker)
    broker.server_time()
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(broker.connect) for _thread in range(3)]:
            done.result(REAL_S)
    for _again in range(2):
        lose_data(ibkr, broker)
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(broker.reconnect) for _thread in range(2)]:
                done.result(REAL_S)
    assert held_once(ibkr, broker, streams)


def test_a_stream_that_ends_while_it_is_requested_again_leaves_no_line(ibkr, broker):
    for _round in range(5):
        stream = broker.subscribe_market_data(SPY)
        lose(ibkr, broker)
        with ThreadPoolExecutor(2) as pool:
            done = [
                pool.submit(broker.connect),
                pool.submit(broker.unsubscribe_market_data, stream),
            ]
            for one in done:
                one.result(REAL_S)
        broker.server_time()
        assert ibkr.pacing()["lines_in_use"] == 0
