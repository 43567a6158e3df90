"""Bytes as a little program for the engine: requests, damaged requests, raw frames, time.

Deterministic and free of any fuzzing library, so that a finding is a file that every test run
can play again. ``run`` asserts what must hold whatever a client sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from pytest_ibkr.sim.client import Client
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.wire.codec import decode_response, encode
from pytest_ibkr.wire.declare import REQUESTS, Message
from pytest_ibkr.wire.messages.session import CurrentTime, ReqCurrentTime, StartApi
from pytest_ibkr.wire.protobuf.gates import protobuf_since
from pytest_ibkr.wire.versions import NEWEST, OLDEST
from tests.meta.matrix import examples
from tests.sim.data_bench import TEN, normal_world

MOST_STEPS = 40
DELAYS_S = (0.0, 0.01, 0.3, 1.0, 5.0, 11.0, 60.0, 900.0)
VALUES = (
    *(b"", b"0", b"1", b"-1", b"2", b"7", b"2147483647", b"2147483648", b"-2147483648"),
    *(b"1.7976931348623157E308", b"1e400", b"NaN", b"Infinity", b"0.0", b"-0.5", b"1e-9"),
    *(b"SPY", b"VIX", b"ES", b"STK", b"OPT", b"BAG", b"IND", b"FUT", b"CASH", b"SMART", b"CBOE"),
    *(b"C", b"P", b"20260713", b"20260710 15:00:00 US/Eastern", b"20260710-19:00:00", b"99999999"),
    *(b"1 D", b"0 D", b"2 W", b"1 min", b"1 day", b"5 secs", b"TRADES", b"BID_ASK", b"MIDPOINT"),
    *(b"SCHEDULE", b"ADJUSTED_LAST", b"LMT", b"MKT", b"STP", b"TRAIL", b"GTC", b"BUY", b"SELL"),
    *(b"All", b"$LEDGER:ALL", b"DU0000001", b"100,233,mdoff", b"\xff\xfe", b"\\u00e9", b"9" * 400),
)


class Bytes:
    """Reads a program's bytes; past the end there are zeros."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def take(self, count: int) -> bytes:
        self._at += count
        return self._data[self._at - count : self._at]

    @property
    def ended(self) -> bool:
        return self._at >= len(self._data)


@cache
def requests(version: int) -> tuple[Message, ...]:
    """Well-formed requests of every kind that the version has, as the page of messages has them.

    What has no text form begins with its body.
    """
    found = [
        message
        for asked in examples().values()
        for message in asked
        if type(message) in REQUESTS.values() or version >= (protobuf_since(type(message)) or 0)
    ]
    return (*found, StartApi(client_id=3), StartApi(client_id=1))


def payloads(program: Bytes, version: int) -> Iterator[bytes | float]:
    """The frames to send, and the seconds to wait in between."""
    for _step in range(MOST_STEPS):
        if program.ended:
            return
        kind = program.byte() % 8
        if kind == 0:
            yield DELAYS_S[program.byte() % len(DELAYS_S)]
        elif kind == 1:
            yield program.take(program.byte())
        else:
            known = requests(version)
            payload = encode(known[program.byte() % len(known)], version)
            yield payload if kind < 5 else damaged(payload, program)


def damaged(payload: bytes, program: Bytes) -> bytes:
    """A frame with one to four fields changed, dropped or doubled."""
    fields = payload.split(b"\0")
    for _ in range(1 + program.byte() % 4):
        at = program.byte() % len(fields)
        kind = program.byte() % 8
        if kind == 0:
            del fields[at]
        elif kind == 1:
            fields.insert(at, fields[at])
        elif kind == 2:
            fields[at] = program.take(program.byte() % 8)
        else:
            fields[at] = VALUES[program.byte() % len(VALUES)]
        fields = fields or [b""]
    return b"\0".join(fields)


def run(data: bytes) -> Engine:
    """Play a program and assert that the engine, its output and another client are sound."""
    program = Bytes(data)
    engine = Engine(normal_world(), start_s=TEN)
    bystander = started(engine, NEWEST, client_id=1)
    version = OLDEST + program.byte() % (NEWEST - OLDEST + 1)
    client = started(engine, version, client_id=2)
    for step in payloads(program, version):
        if isinstance(step, float):
            engine.advance(engine.now_s + step)
        else:
            engine.receive(client, step)
        check_output(client)
    engine.advance(engine.now_s + 1.0)
    check_output(client)
    assert not engine.failures, repr(engine.failures[0])
    check_output(bystander)
    engine.receive(bystander, encode(ReqCurrentTime(), NEWEST))
    engine.advance(engine.now_s + 0.1)
    assert any(isinstance(each, CurrentTime) for each in check_output(bystander))
    return engine


def started(engine: Engine, version: int, *, client_id: int) -> Client:
    client = engine.open(version)
    assert client is not None
    engine.receive(client, encode(StartApi(client_id=client_id), version))
    client.take_output()
    return client


def check_output(client: Client) -> list[Message]:
    """Every frame sent is one that decodes to a message, and encodes to the same message."""
    data, found, at = client.take_output(), [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4])
        payload = data[at + 4 : at + 4 + size]
        assert len(payload) == size, "torn"
        message = decode_response(payload, client.version)
        assert isinstance(message, Message), payload
        again = encode(message, client.version)
        assert decode_response(again, client.version) == message, (again, payload)
        found.append(message)
        at += 4 + size
    return found
