"""How much a gateway can say, measured with readers in processes of their own; proof tier only."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.session.session import Session
from pytest_ibkr.snapshot.store import load
from pytest_ibkr.wire.messages.market_data import ReqMarketData, TickPrice, TickSnapshotEnd
from pytest_ibkr.wire.versions import NEWEST, NEWEST_TEXT
from tests.meta import proof
from tests.net.conftest import SNAPSHOTS
from tests.net.raw_client import RawClient

COMMAND = "pytest -m proof tests/net/test_speed.py"
CODE = ["pytest_ibkr/net", "pytest_ibkr/sim", "pytest_ibkr/session", "pytest_ibkr/wire"]
IB_READER = Path(__file__).with_name("ib_async_reader.py")
READER = Path(__file__).with_name("counting_reader.py")
FRAMES, BATCH, MANY = 1_000_000, 100, 32
LINES, SECONDS = 100, 20.0
OPTIONS = 6_568
UNREAD = 8 << 20  # bytes a reader may be behind before the writer waits for it
TICKS = [
    TickPrice(request_id=7, tick=1, price=700 + n / 100, size=Decimal(100)) for n in range(BATCH)
]


class Readers:
    """Sockets that somebody else empties."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def bytes_read(self) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        read: int = json.loads(self._process.stdout.readline())[0]
        return read


@contextmanager
def readers(session: Session, count: int) -> Iterator[Readers]:
    words = [sys.executable, str(READER), str(session.port), str(count), "100"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Readers(process)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def opened(gateway: Gateway, request: pytest.FixtureRequest) -> Iterator[Session]:
    session = gateway.new_session(request.node.nodeid, wall_clock=False)
    yield session
    session.close()


def cpu_s(session: Session) -> float:
    """CPU seconds of the gateway's thread."""
    return session.call(time.thread_time)


def flood(session: Session, clients: int, *, frames: int) -> dict[str, float]:
    """Send ticks in writes of 100 frames to so many clients; return what it took."""
    with readers(session, clients) as reading:
        connected = session.call(lambda: list(session.engine.clients))
        before, wanted = reading.bytes_read(), session.journal.counts()["bytes_out"]
        cpu, began = cpu_s(session), time.perf_counter()
        for number in range(frames // BATCH):
            client = connected[number % clients]
            session.call(lambda client=client: client.send(*TICKS))
            if number % 100 == 0:
                while session._server.pending_bytes() > UNREAD:
                    time.sleep(0.001)
        spent = cpu_s(session) - cpu
        sent = session.journal.counts()["bytes_out"] - wanted
        while reading.bytes_read() - before < sent:
            time.sleep(0.001)
        wall = time.perf_counter() - began
    return {"frames_per_s": frames / wall, "cpu_us_per_frame": 1e6 * spent / frames}


@pytest.mark.proof
def test_flat_out_a_gateway_sends_200_000_frames_a_second(opened: Session) -> None:
    """Journal on, 100 frames a write; the reader does nothing but read."""
    flood(opened, 1, frames=FRAMES // 10)  # warm
    one = flood(opened, 1, frames=FRAMES)
    many = flood(opened, MANY, frames=FRAMES)
    ratio = many["cpu_us_per_frame"] / one["cpu_us_per_frame"]
    numbers: dict[str, Any] = {
        "frames": FRAMES,
        "frames_per_write": BATCH,
        "one_client_frames_per_s": round(one["frames_per_s"]),
        "one_client_cpu_us_per_frame": round(one["cpu_us_per_frame"], 2),
        "clients": MANY,
        "many_clients_frames_per_s": round(many["frames_per_s"]),
        "many_clients_cpu_us_per_frame": round(many["cpu_us_per_frame"], 2),
        "cpu_ratio_many_to_one": round(ratio, 2),
    }
    assert one["frames_per_s"] >= 200_000, numbers
    assert ratio <= 1.3, numbers
    proof.record("flat-out", command=COMMAND, seed=None, numbers=numbers, code_paths=CODE)


@pytest.mark.proof
def test_an_ib_async_client_that_reads_flat_out_is_the_bottleneck(opened: Session) -> None:
    """From the first write until the client has taken the last byte."""
    pytest.importorskip("ib_async")
    frames = FRAMES // 5
    words, pipe = [sys.executable, str(IB_READER), str(opened.port), "100"], subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        request_id = json.loads(process.stdout.readline())
        ticks = 5 * [replace(tick, request_id=request_id) for tick in TICKS]
        opened.clock.hold(answers=False)
        [client] = opened.call(lambda: list(opened.engine.clients))

        def taken() -> list[float]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            found: list[float] = json.loads(process.stdout.readline())
            return found

        (before, client_cpu), sent_before = taken(), opened.journal.counts()["bytes_out"]
        cpu, began = cpu_s(opened), time.perf_counter()
        for number in range(frames // len(ticks)):
            opened.call(lambda: client.send(*ticks))
            if number % 4 == 0:
                while opened._server.pending_bytes() > UNREAD // 8:
                    time.sleep(0.001)
        sent = opened.journal.counts()["bytes_out"] - sent_before
        while taken()[0] - before < sent:
            time.sleep(0.01)
        wall, gateway_cpu = time.perf_counter() - began, cpu_s(opened) - cpu
        client_cpu = taken()[1] - client_cpu
        process.stdin.close()
    numbers = {
        "frames": frames,
        "frames_per_s": round(frames / wall),
        "client_core_pct": round(100 * client_cpu / wall),
        "gateway_core_pct": round(100 * gateway_cpu / wall),
    }
    assert gateway_cpu < client_cpu, numbers
    proof.record("ib-async-flat-out", command=COMMAND, seed=None, numbers=numbers, code_paths=CODE)


@pytest.mark.proof
def test_a_hundred_lines_in_real_time_cost_less_than_a_tenth_of_a_core(opened: Session) -> None:
    chain = opened.engine.world.book.chain("SPY")
    # As far apart as the market-data lines allow, so that every one is quoted and moves.
    chosen = chain[:: len(chain) // LINES][:LINES]
    with RawClient(opened, highest=NEWEST) as client:
        client.start(1)
        for number, option in enumerate(chosen):
            client.send(
                ReqMarketData(request_id=1000 + number, contract=option.contract(), legs=())
            )
            if number % 20 == 19:
                time.sleep(0.6)  # the message rate
        begun, cpu = opened.journal.counts(), cpu_s(opened)
        read_to(client, time.monotonic() + SECONDS)
        spent, ended = cpu_s(opened) - cpu, opened.journal.counts()
    updates = (ended["frames_out"] - begun["frames_out"]) / SECONDS / LINES
    numbers = {
        "lines": LINES,
        "seconds": SECONDS,
        "frames_per_line_and_s": round(updates, 2),
        "core_pct": round(100 * spent / SECONDS, 2),
    }
    assert updates >= 4, numbers
    assert spent / SECONDS < 0.10, numbers
    proof.record("hundred-lines", command=COMMAND, seed=None, numbers=numbers, code_paths=CODE)


def read_to(client: RawClient, until_s: float) -> None:
    client.socket.settimeout(0.2)
    while time.monotonic() < until_s:
        try:
            client.socket.recv(1 << 20)
        except TimeoutError:
            continue


@pytest.mark.proof
def test_snapshots_of_a_whole_chain_take_less_than_three_seconds() -> None:
    """6,568 options with greeks, asked at once, the message rate lifted; raw bytes both ways."""
    market = load("full", directory=SNAPSHOTS)
    with Gateway(market) as gateway:
        session = gateway.new_session("burst", wall_clock=False)
        session.configure(max_messages_per_s=10 * OPTIONS, max_snapshots_per_s=10 * OPTIONS)
        quoted = [
            option
            for option in session.engine.world.book.chain("SPY")
            if session.engine.world.book.row(option).delta
        ]
        asked = [
            ReqMarketData(request_id=n, contract=option.contract(), legs=(), snapshot=True)
            for n, option in enumerate(quoted[:OPTIONS])
        ]
        assert len(asked) == OPTIONS
        with RawClient(session, highest=NEWEST_TEXT) as client:
            client.start(1)
            client.socket.settimeout(60)
            began = time.perf_counter()
            client.send(*asked)
            ends = frames = 0
            buffer = b""
            while ends < OPTIONS:
                buffer += client.socket.recv(1 << 20)
                taken, seen, at_end = count(buffer)
                buffer, frames, ends = buffer[taken:], frames + seen, ends + at_end
            took_s = time.perf_counter() - began
        session.close()
    numbers = {"options": OPTIONS, "frames": frames, "seconds": round(took_s, 2)}
    assert took_s < 3, numbers
    proof.record("chain-burst", command=COMMAND, seed=None, numbers=numbers, code_paths=CODE)


def count(data: bytes) -> tuple[int, int, int]:
    """Bytes of whole frames, their number, and how many end a snapshot."""
    at = frames = ends = 0
    mark = f"{TickSnapshotEnd.MSG_ID}\0".encode()
    while len(data) - at >= 4 and len(data) - at >= 4 + (size := int.from_bytes(data[at : at + 4])):
        ends += data.startswith(mark, at + 4)
        frames += 1
        at += 4 + size
    return at, frames, ends
