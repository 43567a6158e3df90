"""Torn, damaged and hostile bytes: the gateway never fails and others never notice."""

from __future__ import annotations

import os
import random
import socket
import struct
from collections.abc import Callable, Iterator
from itertools import count, pairwise

import pytest

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.session.session import Session
from tests.conformance.log_facts import fact_of
from tests.conformance.raw import RawClient, framed, line
from tests.conformance.sessions import cancels, damaged, order_payload, questions
from tests.meta import proof

pytestmark = pytest.mark.req("XC-001")
QUESTION = line("9;8;4;0;SPY;STK;;0.0;;;SMART;;USD;;;0;;;;")
BATCH = 50
NO_LIMIT = 10**9


@pytest.fixture
def session(gateway: Gateway, request: pytest.FixtureRequest) -> Iterator[Session]:
    opened = gateway.new_session(request.node.nodeid, server_version=176)
    yield opened
    opened.close()  # raises what failed inside the gateway


class Witness:
    """A well-behaved second client that must keep getting its answers."""

    def __init__(self, session: Session) -> None:
        self._client = joined(session, 99)
        self.answers = 0
        self._first = self._ask()

    def check(self) -> None:
        assert self._ask() == self._first
        self.answers += 1

    def _ask(self) -> list[list[str]]:
        self._client.send(QUESTION)
        return self._client.until("52")

    def close(self) -> None:
        self._client.close()


def joined(session: Session, client_id: int) -> RawClient:
    """Return a started client."""
    client = RawClient(session.host, session.port)
    client.greet(157, 176)
    client.start(client_id)
    client.until_time()
    return client


Cut = Callable[[bytes], list[bytes]]


def told(session: Session, cut: Cut) -> list[str]:
    """Feed a session in pieces; return what came back, without its amounts."""
    client = RawClient(session.host, session.port)
    start = framed(b"71\x002\x001\x00\x00")
    facts = []
    for part in (
        b"API\0" + framed(b"v157..176") + start + b"".join(map(framed, questions())),
        b"".join(map(framed, cancels())),
    ):
        for piece in cut(part):
            client.send(piece)
        early = client.until_time()
        session.clock.sleep(15)
        facts += [str(fact_of(fields)) for fields in early + client.until_time()]
    client.close()
    return facts


def at_random(stream: bytes) -> list[bytes]:
    dice = random.Random(7)
    edges = sorted({0, len(stream), *(dice.randrange(len(stream)) for _ in range(60))})
    return [stream[a:b] for a, b in pairwise(edges)]


def byte_by_byte(stream: bytes) -> list[bytes]:
    return [stream[i : i + 1] for i in range(len(stream))]


def test_a_session_fed_byte_by_byte_or_in_random_pieces_gets_the_same_answers(
    gateway: Gateway,
) -> None:
    answers = []
    for cut in (lambda stream: [stream], at_random, byte_by_byte):
        session = gateway.new_session("pieces", server_version=176)
        session.configure(max_messages_per_s=NO_LIMIT)
        answers.append(sorted(told(session, cut)))
        session.close()

    whole, random_pieces, single_bytes = answers
    assert len(whole) > 400
    assert random_pieces == whole
    assert single_bytes == whole


def attack(session: Session, *, seed: int, frames: int) -> dict[str, int]:
    """Send damaged frames in batches; a client the gateway closed comes back under a new id."""
    session.configure(max_messages_per_s=NO_LIMIT)
    witness = Witness(session)
    ids = count(100)
    attacker, reconnects = joined(session, next(ids)), 0
    payloads = damaged(seed, frames)
    for start in range(0, frames, BATCH):
        try:
            for payload in payloads[start : start + BATCH]:
                attacker.send(framed(payload))
            attacker.until_time()
        except (EOFError, ConnectionError):
            attacker.close()
            attacker, reconnects = joined(session, next(ids)), reconnects + 1
        witness.check()
        session.clock.sleep(1)
    attacker.close()
    witness.close()
    return {"frames": frames, "reconnects": reconnects, "witness_answers": witness.answers}


def failures(gateway: Gateway) -> list[BaseException]:
    return gateway.server.call(lambda: list(gateway.server.engine.failures))


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_damaged_frames_never_fail_the_gateway_nor_a_second_client(
    gateway: Gateway, session: Session, seed: int
) -> None:
    seen = attack(session, seed=seed, frames=250)

    assert failures(gateway) == []
    assert seen["witness_answers"] == 250 // BATCH
    assert session.journal.counts()["frames_in"] > 250


ABSURD = ["1e300", "-1e300", "NaN", "Infinity", "-Infinity", "1e-300", "9" * 60, "0x10"]
NUMBERS = ("quantity", "limit_price", "aux_price", "trail_stop_price", "trailing_percent")


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("order_type", ["LMT", "STP LMT", "TRAIL"])
def test_absurd_numbers_in_an_order_are_refused(
    gateway: Gateway, session: Session, field: str, order_type: str
) -> None:
    client = joined(session, 1)
    for order_id, value in enumerate(ABSURD, start=1):
        client.send(framed(order_payload(order_id, order_type, field, value)))
    early = client.until_time()
    session.clock.sleep(2)
    answers = early + client.until_time()

    assert failures(gateway) == []
    assert session.account.positions() == {}
    refused = {fields[2] for fields in answers if fields[0] == "4"}
    accepted = {fields[1] for fields in answers if fields[0] == "3" and fields[2] != "Inactive"}
    if field in ("quantity", "limit_price") and order_type != "TRAIL":
        assert not accepted
        assert len(refused) > 0
    client.close()


@pytest.mark.proof
def test_twenty_thousand_damaged_frames(gateway: Gateway) -> None:
    totals = {"frames": 0, "reconnects": 0, "witness_answers": 0}
    before = resident_bytes()
    for seed in range(1000, 1040):
        session = gateway.new_session(f"damage {seed}", server_version=176)
        for name, number in attack(session, seed=seed, frames=500).items():
            totals[name] += number
        assert failures(gateway) == []
        session.close()
    totals["grown_mib"] = (resident_bytes() - before) >> 20
    assert totals["grown_mib"] < 256
    proof.record(
        "gateway-damaged-frames",
        command="pytest tests/conformance/test_hostile_bytes.py -m proof",
        seed=1000,
        numbers=totals,
        code_paths=["pytest_ibkr/net", "pytest_ibkr/sim", "pytest_ibkr/wire"],
    )


@pytest.mark.parametrize("length", [0, 0x01000000, 0x7FFFFFFF, 0xFFFFFFFF])
def test_an_impossible_frame_length_closes_at_once(
    gateway: Gateway, session: Session, length: int
) -> None:
    witness = Witness(session)
    client = joined(session, 1)

    client.send(struct.pack("!I", length))

    assert client.rest() == b""
    witness.check()
    witness.close()
    client.close()
    assert failures(gateway) == []


def test_a_frame_that_never_ends_is_held_up_to_the_limit_only(
    gateway: Gateway, session: Session
) -> None:
    witness = Witness(session)
    client = joined(session, 1)
    before = resident_bytes()
    client.send(struct.pack("!I", 0xFFFFFF))
    for _ in range(15):
        client.send(bytes(1 << 20))
    witness.check()
    grown = resident_bytes() - before
    client.send(bytes(0xFFFFFF - 15 * (1 << 20)))

    answer = client.fields()
    assert answer[3] == "320"
    assert grown < 64 << 20
    witness.check()
    witness.close()
    client.close()


def test_a_client_that_never_reads_is_dropped_and_others_are_served(
    gateway: Gateway, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_ibkr.net.connection.OUTPUT_LIMIT", 1 << 20)
    session.configure(max_messages_per_s=NO_LIMIT)
    witness = Witness(session)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect((session.host, session.port))
    deaf.sendall(b"API\0" + framed(b"v157..176") + line("71;2;5;;"))
    for number in range(8):
        try:
            deaf.sendall(line(f"9;8;{number};0;SPY;OPT;;0.0;;;SMART;;USD;;;0;;;;"))
        except ConnectionError:
            break
        session.clock.sleep(1)
        witness.check()

    waiting = gateway.server.pending_bytes()
    noted = session.journal.timeline(None)
    deaf.close()
    witness.close()
    assert "output limit exceeded" in noted
    assert waiting < 4 << 20
    assert failures(gateway) == []


def resident_bytes() -> int:
    """Return this process's resident memory; 0 where the platform does not tell."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
