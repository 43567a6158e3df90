"""A whole hour of 32 clients that share the hundred market-data lines, in changing weather.

It runs after the tests that measure speed: the memory it leaves slows their process.
"""

from __future__ import annotations

import gc
import hashlib
import json
import random
import selectors
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.session.session import Session
from pytest_ibkr.wire.codec import encode_frame
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.market_data import ReqMarketData
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.meta import proof
from tests.net.raw_client import RawClient

COMMAND = "pytest -m proof tests/net/test_whole_hour.py"
CODE = ["pytest_ibkr/net", "pytest_ibkr/sim", "pytest_ibkr/session", "pytest_ibkr/wire"]
IB_READER = Path(__file__).with_name("ib_async_reader.py")
RAW, LINES_EACH, OFFICIAL_LINES = 30, 3, 9  # with the one of ib_async: 100 lines, 32 clients
VERSION: Final = 178
LAST_NOTICE: Final = 2158  # of the greeting; what a reader starts with comes after it
SPELL_S, PERIOD_S = 90, 120  # virtual seconds: how long a weather lasts, and one comes every
WEATHERS: Final = (
    *("farm_flap", "slow_gateway", "merged_frames", "competing_session", "frozen_feed"),
    *("one_sided", "crossed", "late_greeks", "data_kept_1102", "clock_drift"),
)


class RawReaders(threading.Thread):
    """Reads sockets as fast as they give; keeps a digest and a count of bytes of each."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        super().__init__(daemon=True)
        self.digests = [hashlib.sha256() for _ in sockets]
        self.bytes = [0] * len(sockets)
        self._waiting, self._over = selectors.DefaultSelector(), threading.Event()
        for number, each in enumerate(sockets):
            each.setblocking(False)
            self._waiting.register(each, selectors.EVENT_READ, number)

    def run(self) -> None:
        buffer = bytearray(1 << 20)
        while not self._over.is_set():
            for key, _events in self._waiting.select(0.05):
                size = key.fileobj.recv_into(buffer)  # type: ignore[union-attr]
                self.digests[key.data].update(memoryview(buffer)[:size])
                self.bytes[key.data] += size

    def end(self) -> None:
        """Stop reading."""
        self._over.set()
        self.join()
        self._waiting.close()


def lines(session: Session) -> list[Contract]:
    """A hundred instruments: the stocks and options of SPY and QQQ, far apart."""
    book = session.engine.world.book
    options = [option for symbol in ("SPY", "QQQ") for option in book.chain(symbol)]
    options = options[:: len(options) // 98][:98]
    stocks = [book.by_symbol(symbol) for symbol in ("QQQ", "IWM")]
    return [each.contract() for each in (*stocks, *options) if each is not None]


def resident_mb() -> float:
    """Of this process, gateway and readers in it."""
    gc.collect()
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


@contextmanager
def official(session: Session, wanted: list[Contract]) -> Iterator[list[int]]:
    """The official client with some lines; counts the quotes that its callbacks got."""
    from ibapi.client import EClient
    from ibapi.contract import Contract as OfficialContract
    from ibapi.wrapper import EWrapper

    heard = [0]

    class App(EWrapper, EClient):  # type: ignore[misc]
        def __init__(self) -> None:
            EClient.__init__(self, self)
            self.ready = threading.Event()

        def nextValidId(self, _order_id: int) -> None:  # noqa: N802
            self.ready.set()

        def tickPrice(self, *_values: Any) -> None:  # noqa: N802
            heard[0] += 1

    app = App()
    app.connect(session.host, session.port, 131)
    loop = threading.Thread(target=app.run, daemon=True)
    loop.start()
    assert app.ready.wait(10)
    for number, contract in enumerate(wanted):
        made = OfficialContract()
        made.conId, made.exchange = contract.con_id, "SMART"
        app.reqMktData(number, made, "", False, False, [])
    yield heard
    app.disconnect()
    loop.join(10)


@contextmanager
def ib_async_line(session: Session) -> Iterator[Any]:
    """ib_async in a process of its own, with one line of SPY; asks how many bytes it has read."""
    words, pipe = [sys.executable, str(IB_READER), str(session.port), "132"], subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()

        def taken() -> int:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("\n")
            process.stdin.flush()
            return int(json.loads(process.stdout.readline())[0])

        yield taken
        process.stdin.close()


def pass_by(session: Session, seconds: int) -> None:
    """Let virtual time pass in strides of a second; after each the clients read everything.

    ``clock.sleep`` stops at every event, 400 times a second with a hundred lines.
    """
    server, clock = session._server, session.clock
    end_s = clock.epoch_s() + seconds
    while (now_s := clock.epoch_s()) < end_s:
        server.stride(now_s, end_s, grain_s=1.0, step_s=1.0, closed_step_s=1.0)
        while clock._waiting():
            time.sleep(0.0005)


def play(gateway: Gateway, *, seconds: int, seed: int, foreign: bool) -> dict[str, Any]:
    """Let virtual time pass over all clients; what each of them got, and the memory used."""
    session = gateway.new_session(f"{seconds} s of 32 clients", wall_clock=False)
    # The libraries wait for answers while they connect; without them not even that moves time.
    session.clock.hold(answers=foreign)
    rng, wanted = random.Random(seed), lines(session)
    with ExitStack() as stack:
        heard = stack.enter_context(official(session, wanted[-OFFICIAL_LINES:])) if foreign else [0]
        taken = stack.enter_context(ib_async_line(session)) if foreign else (lambda: 0)
        clients = [stack.enter_context(RawClient(session, highest=VERSION)) for _ in range(RAW)]
        for number, client in enumerate(clients):
            client.start(200 + number)
            client.wait_for(ErrorNotice, lambda notice: notice.code == LAST_NOTICE)
        session.clock.sleep(1)
        session.clock.hold(answers=False)
        readers = RawReaders([client.socket for client in clients])
        readers.start()
        for number, client in enumerate(clients):
            mine = wanted[number * LINES_EACH : (number + 1) * LINES_EACH]
            for place, contract in enumerate(mine):
                asked = ReqMarketData(request_id=place, contract=contract, legs=())
                client.socket.sendall(encode_frame(asked, VERSION))
            # One after the other, so that every run asks in the same order.
            session.journal.wait_for(
                lambda _entry, most=(number + 1) * LINES_EACH: (
                    len(session.journal.requests("reqMktData")) >= most
                )
            )
        memory, periods, met = [], [], 0
        for _ in range(seconds // PERIOD_S):
            before = list(readers.bytes), heard[0], taken()
            weather = session.weather.make(rng.choice(WEATHERS))
            pass_by(session, SPELL_S)
            met += weather.fired > 0
            weather.disarm()
            pass_by(session, PERIOD_S - SPELL_S)
            periods.append(
                min(now - then for now, then in zip(readers.bytes, before[0], strict=True))
            )
            if foreign:
                assert heard[0] > before[1], "the official client heard nothing"
                assert taken() > before[2], "ib_async read nothing"
            memory.append(resident_mb())
        held = session.pacing()["lines_in_use"]
        sent = session.journal.counts()
        readers.end()
    session.close()
    return {
        "digests": [each.hexdigest() for each in readers.digests],
        "memory_mb": memory,
        "least_bytes_of_a_client_in_a_period": min(periods),
        "lines": held,
        "weathers_met": met,
        "frames": sent["frames_out"],
    }


@pytest.mark.ci
def test_the_same_seed_gives_each_client_the_same_bytes(gateway: Gateway) -> None:
    one, other = (play(gateway, seconds=120, seed=7, foreign=False) for _ in range(2))

    assert one["digests"] == other["digests"]
    assert one["least_bytes_of_a_client_in_a_period"] > 0
    # One weather each here: `one_sided` and `late_greeks`.
    assert play(gateway, seconds=120, seed=9, foreign=False)["digests"] != one["digests"]


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_an_hour_of_32_clients_in_changing_weather(gateway: Gateway) -> None:
    began = time.monotonic()
    told = play(gateway, seconds=3_600, seed=11, foreign=True)
    settled = told["memory_mb"][4:]  # ten minutes in
    growth = max(settled) / settled[0] - 1
    numbers = {
        "virtual_s": 3_600,
        "clients": RAW + 2,
        "lines": told["lines"],
        "frames": told["frames"],
        "weathers_met": told["weathers_met"],
        "resident_mb": round(settled[-1], 1),
        "growth_pct": round(100 * growth, 2),
        "least_bytes_of_a_client_in_two_minutes": told["least_bytes_of_a_client_in_a_period"],
        "wall_s": round(time.monotonic() - began),
    }
    assert told["lines"] == 100, numbers
    assert told["least_bytes_of_a_client_in_a_period"] > 0, numbers
    assert growth < 0.05, numbers
    proof.record("hour-of-clients", command=COMMAND, seed=11, numbers=numbers, code_paths=CODE)
