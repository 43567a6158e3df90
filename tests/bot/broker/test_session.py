"""Connecting, proving paper, surviving bad bytes, losing and recovering the connection."""

from __future__ import annotations

import queue
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from ibapi.connection import Connection

from bot.broker import (
    AuthenticationError,
    ClientIdInUseError,
    GatewayConnectionError,
    GatewayEvent,
    IBKRGateway,
    LiveAccountRefusedError,
    RequestTimeoutError,
)
from bot.broker.connection import PlainConnection
from bot.broker.paper import refuse_live_accounts, split_accounts
from bot.domain import stock
from tests.bot.hand_clock import HandClock
from tests.bot.peer import PAPER, Peer, cut

LIVE = "U" + "1234567"
Open = Callable[..., IBKRGateway]


def test_connect_knows_accounts_version_and_order_id(gateway: IBKRGateway) -> None:
    assert gateway.is_connected()
    assert gateway.accounts == (PAPER,)
    assert gateway.server_version == 157
    assert gateway.is_authenticated()


def test_a_trailing_comma_in_the_account_list_is_tolerated(open_gateway: Open) -> None:
    peer = Peer(accounts=f"{PAPER},DU0000002,")
    try:
        gateway = open_gateway(peer)
        gateway.connect()
        assert gateway.accounts == (PAPER, "DU0000002")
    finally:
        peer.close()


@pytest.mark.req("BT-007")
@pytest.mark.parametrize(
    "accounts",
    [LIVE, f"{PAPER},{LIVE}", "F" + "1234567", "", ",", f"{PAPER},,", f"{PAPER}x", "du0000001"],
)
def test_anything_but_paper_accounts_is_refused_and_nothing_is_asked(
    accounts: str, open_gateway: Open
) -> None:
    peer = Peer(accounts=accounts)
    try:
        gateway = open_gateway(peer)
        with pytest.raises(LiveAccountRefusedError, match="not only paper"):
            gateway.connect()
        assert not gateway.is_connected()
        assert peer.ids() == [71]
        with pytest.raises(LiveAccountRefusedError):
            gateway.server_time()
    finally:
        peer.close()


@pytest.mark.req("BT-007")
@pytest.mark.parametrize("port", [4001, 7496, 4003, 7498])
def test_live_ports_are_refused_before_dialling(port: int) -> None:
    with pytest.raises(LiveAccountRefusedError, match="live-trading port"):
        IBKRGateway("127.0.0.1", port, 1)


@pytest.mark.req("BT-007")
def test_a_live_account_that_appears_later_ends_the_session(
    peer: Peer, gateway: IBKRGateway
) -> None:
    ended = threading.Event()
    gateway.on_event(lambda event, _text: ended.set() if event == "disconnected" else None)
    peer.send(peer.text(15, 1, f"{PAPER},{LIVE}"))
    assert ended.wait(5)
    with pytest.raises(LiveAccountRefusedError):
        gateway.server_time()


def test_a_used_client_id_is_named(peer: Peer, open_gateway: Open) -> None:
    text = "Unable to connect as the client id is already in use. Retry with a unique client id."
    peer.bootstrap = lambda: [peer.error(-1, 326, text)]
    gateway = open_gateway(peer, client_id=42)
    with pytest.raises(ClientIdInUseError, match="client id 42 is in use"):
        gateway.connect()


def test_nothing_listens(open_gateway: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    gateway = IBKRGateway("127.0.0.1", port, 1)
    with pytest.raises(GatewayConnectionError, match="cannot connect"):
        gateway.connect()
    assert isinstance(GatewayConnectionError("x"), ConnectionError)


@pytest.mark.parametrize("silent_from", ["greeting", "bootstrap", "order id"])
def test_a_silent_gateway_is_an_authentication_failure_in_time(
    silent_from: str, peer: Peer, open_gateway: Open
) -> None:
    peer.greet = silent_from != "greeting"
    peer.bootstrap = lambda: [] if silent_from == "bootstrap" else [peer.text(15, 1, PAPER)]
    gateway = open_gateway(peer, timeout_s=0.2)
    started = time.monotonic()
    with pytest.raises(AuthenticationError, match="took the connection but sent no"):
        gateway.connect()
    assert time.monotonic() - started < 3
    assert not gateway.is_connected()


@pytest.mark.req("BT-047")
def test_health_is_a_round_trip_not_a_memory(peer: Peer, gateway: IBKRGateway) -> None:
    assert gateway.is_authenticated()
    peer.on(49, lambda _fields: [])
    assert gateway.is_connected()
    assert not gateway.is_authenticated(timeout_s=0.1)


@pytest.mark.parametrize("chunks", [1, 2, 8])
def test_a_burst_of_whole_4096_byte_chunks_then_silence_arrives(
    chunks: int, peer: Peer, gateway: IBKRGateway
) -> None:
    """The official receive loop loses exactly this (both generations)."""
    rows: list[bytes] = []

    def details(fields: list[str]) -> list[bytes]:
        request_id = fields[1]
        end = peer.text(76, request_id)
        size, number = 4096 * chunks - len(end), 0
        while sum(map(len, rows)) + 200 < size:
            number += 1
            rows.append(
                peer.text(
                    75, request_id, f"EX{number}", 756733, "SPY", 100, 1, "20260220", 1, 600.0
                )
            )
        rest = size - sum(map(len, rows))
        bare = len(peer.text(75, request_id, "", 756733, "SPY", 100, 1, "20260220", 1, 600.0))
        rows.append(
            peer.text(
                75, request_id, "X" * (rest - bare), 756733, "SPY", 100, 1, "20260220", 1, 600.0
            )
        )
        burst = [*rows, end]
        assert sum(map(len, burst)) == 4096 * chunks
        return burst

    peer.on(78, lambda fields: details(["", fields[0]]))
    found = gateway.get_option_parameters(replace(stock("SPY"), con_id=756733), timeout_s=5)
    assert len(found) == len(rows)


def test_frames_may_be_split_anywhere(peer: Peer, gateway: IBKRGateway) -> None:
    def dribble(_fields: list[str]) -> list[bytes]:
        for byte in peer.text(49, 1, 1_770_390_000):
            peer.send(bytes([byte]))
        return []

    peer.on(49, dribble)
    assert gateway.server_time().year == 2026


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\0",
        b"x",
        b"xyz\0",
        b"999\0001\0",
        b"4\0002\0",
        b"9\0001\0notanumber\0",
        b"5\0",
        b"1\0006\000abc\0",
        b"\xff\xfe\xfd\0",
        b"21\0007\00013\0",
        b"59\0001\0",
    ],
)
def test_a_malformed_frame_does_not_kill_the_reader(
    bad: bytes, peer: Peer, gateway: IBKRGateway
) -> None:
    peer.send(cut(bad), cut(bad))
    assert gateway.server_time().year == 2026
    assert gateway.is_authenticated()


def test_an_undecodable_answer_fails_its_own_request_and_is_recorded(
    peer: Peer, gateway: IBKRGateway
) -> None:
    peer.on(9, lambda fields: [peer.text(10, 8, fields[1], "SPY", "STK", "", "not a strike", "")])
    with pytest.raises(Exception, match="undecodable message"):
        gateway.contract_details(stock("SPY"), timeout_s=5)
    assert gateway.faults
    assert gateway.is_authenticated()


def test_an_announced_length_beyond_the_limit_ends_the_connection(
    peer: Peer, gateway: IBKRGateway
) -> None:
    told: queue.Queue[tuple[GatewayEvent, str]] = queue.Queue()
    gateway.on_event(lambda event, text: told.put((event, text)))
    peer.send(b"\xff\xff\xff\xff")
    event, text = told.get(timeout=5)
    while event != "disconnected":
        event, text = told.get(timeout=5)
    assert "frame announces" in text
    assert not gateway.is_connected()


def test_a_lost_connection_fails_what_is_pending_at_once(peer: Peer, gateway: IBKRGateway) -> None:
    def vanish(_fields: list[str]) -> list[bytes]:
        peer.drop()
        return []

    peer.on(49, vanish)
    with pytest.raises(GatewayConnectionError, match="lost"):
        gateway.server_time(timeout_s=5)
    assert not gateway.is_connected()


def test_disconnect_takes_milliseconds_and_may_be_repeated(gateway: IBKRGateway) -> None:
    took_s = []
    for _ in range(5):
        gateway.connect()
        started = time.monotonic()
        gateway.disconnect()
        took_s.append(time.monotonic() - started)
    assert min(took_s) < 0.05  # the official client needs 100-200 ms
    gateway.disconnect()
    assert not gateway.is_connected()
    with pytest.raises(GatewayConnectionError, match="call connect"):
        gateway.server_time()


@pytest.mark.req("BT-046")
def test_reconnect_tries_at_once_then_after_1_2_and_4_seconds(open_gateway: Open) -> None:
    peer, clock = Peer(), HandClock()
    gateway = open_gateway(peer, clock=clock)
    peer.close()
    with pytest.raises(GatewayConnectionError):
        gateway.reconnect()
    assert clock.slept == [1.0, 2.0, 4.0]


@pytest.mark.req("BT-046")
def test_authentication_failures_are_not_retried(peer: Peer, open_gateway: Open) -> None:
    peer.bootstrap = lambda: [peer.error(-1, 326, "in use")]
    clock = HandClock()
    gateway = open_gateway(peer, clock=clock)
    with pytest.raises(ClientIdInUseError):
        gateway.reconnect()
    assert clock.slept == []
    assert peer.sessions == 1


@pytest.mark.req("BT-046")
def test_reconnect_requests_streams_again_once_and_keeps_listeners_single(
    peer: Peer, gateway: IBKRGateway
) -> None:
    told: queue.Queue[GatewayEvent] = queue.Queue()

    def listen(event: GatewayEvent, _text: str) -> None:
        if event is GatewayEvent.CONNECTED:
            told.put(event)

    gateway.on_event(listen)
    gateway.on_event(listen)
    stream = gateway.subscribe_market_data(stock("SPY"))
    first = peer.take(1)[1]
    assert gateway.reconnect() == 1
    second = peer.take(1)[1]
    gateway.server_time()
    assert [m for m in peer.ids() if m == 1] == [1, 1]
    assert first != second
    assert stream.resubscriptions == 1
    gateway.disconnect()
    assert told.qsize() == 1


def test_1101_requests_streams_again_and_1102_does_not(peer: Peer, gateway: IBKRGateway) -> None:
    gateway.subscribe_market_data(stock("SPY"))
    peer.take(1)
    peer.send(peer.error(-1, 1100, "lost"))
    peer.send(peer.error(-1, 1102, "restored - data maintained."))
    peer.send(peer.error(-1, 1101, "restored - data lost."))
    peer.take(1)
    gateway.server_time()
    assert peer.ids().count(1) == 2
    assert not gateway.is_connectivity_lost


def test_a_listener_that_raises_is_contained_and_may_ask_the_gateway(
    peer: Peer, gateway: IBKRGateway
) -> None:
    asked = threading.Event()

    def ask(event: GatewayEvent, _text: str) -> None:
        if event is GatewayEvent.CONNECTIVITY_LOST:
            gateway.server_time()
            asked.set()
            raise RuntimeError("listener is broken")

    gateway.on_event(ask)
    peer.send(peer.error(-1, 1100, "lost"))
    assert asked.wait(5)
    assert gateway.is_connectivity_lost
    gateway.disconnect()
    assert any("listener is broken" in fault for fault in gateway.faults)


def test_a_late_answer_does_not_answer_the_next_question(peer: Peer, gateway: IBKRGateway) -> None:
    """currentTime carries no id: the end that is owed must not end its successor."""
    held = queue.Queue[bytes]()
    peer.on(49, lambda _fields: held.put(peer.text(49, 1, 1_000_000_000)) or [])
    with pytest.raises(RequestTimeoutError):
        gateway.server_time(timeout_s=0.1)
    now = peer.text(49, 1, 1_770_390_000)
    peer.on(49, lambda _fields: [now] if held.empty() else [held.get(), now])
    assert gateway.server_time().year == 2026


def test_a_question_that_was_never_answered_does_not_cost_the_next_one(
    peer: Peer, gateway: IBKRGateway
) -> None:
    answer = peer.answers[49]
    peer.on(49, lambda _fields: [])
    with pytest.raises(RequestTimeoutError):
        gateway.server_time(timeout_s=0.05)
    peer.on(49, answer)
    assert [gateway.server_time(timeout_s=2).year for _time in range(3)] == [2026] * 3


def test_an_answer_that_came_while_nobody_asked_leaves_no_doubt(
    peer: Peer, gateway: IBKRGateway
) -> None:
    answer = peer.answers[49]
    peer.on(49, lambda _fields: [])
    with pytest.raises(RequestTimeoutError):
        gateway.server_time(timeout_s=0.05)
    peer.on(49, answer)
    read = threading.Event()
    gateway.on_event(lambda *_event: read.set())
    peer.send(*answer([]), peer.error(-1, 2106, "what was sent before is read by now"))
    assert read.wait(5)
    before = peer.ids().count(49)
    gateway.server_time()
    assert peer.ids().count(49) == before + 1


def test_requests_from_eight_threads_all_succeed(peer: Peer, gateway: IBKRGateway) -> None:
    results: queue.Queue[int] = queue.Queue()
    threads = [
        threading.Thread(target=lambda: results.put(gateway.server_time().year)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [results.get_nowait() for _ in range(8)] == [2026] * 8


def test_the_official_receive_loop_loses_a_burst_of_exactly_4096_bytes() -> None:
    """Why ``PlainConnection`` exists; when this fails the override may go."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0.05)  # the library waits a second
        official = Connection("127.0.0.1", 0)
        official.socket = ours
        theirs.sendall(b"x" * 4096)
        assert official.recvMsg() == b""
        theirs.sendall(b"x" * 4096)
        plain = PlainConnection("127.0.0.1", 0)
        plain.socket = ours
        assert plain.recvMsg() == b"x" * 4096


@pytest.mark.req("BT-007", counter_proof="only the first id is looked at, by its first letter")
def test_a_look_at_the_first_letter_would_let_a_mixed_list_through() -> None:
    accounts = split_accounts(f"{PAPER},{LIVE}")
    assert accounts[0].startswith("D")
    with pytest.raises(LiveAccountRefusedError) as caught:
        refuse_live_accounts(accounts)
    assert LIVE not in str(caught.value)  # masked
