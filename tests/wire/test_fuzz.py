"""Damaged frames: whatever the bytes, a decoder answers with a message or a WireError."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire import codec
from pytest_ibkr.wire.declare import REQUESTS, Message
from tests.meta import proof
from tests.wire.strategies import DECLARED, VERSIONS, full


def mutated(payload: bytes, dice: random.Random) -> bytes:
    """One to four small accidents: flipped, dropped, doubled, swapped or absurd fields."""
    fields = payload.split(b"\0")
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(fields))
        accident = dice.randrange(6)
        if accident == 0:
            fields[at] = dice.choice(
                [b"", b"-1", b"1e400", b"NaN", b"\xff\xfe", b"9" * 400, b"1_0"]
            )
        elif accident == 1:
            del fields[at]
        elif accident == 2:
            fields.insert(at, fields[at])
        elif accident == 3:
            fields[at] = dice.randbytes(dice.randint(0, 6))
        elif accident == 4:
            other = dice.randrange(len(fields))
            fields[at], fields[other] = fields[other], fields[at]
        else:
            fields[at] = b"2147483647"
        fields = fields or [b""]
    return b"\0".join(fields)


def fuzz(*, cases: int, seed: int) -> dict[str, int]:
    """Decode damaged frames; only a WireError, a Raw or an encodable message may come out."""
    dice = random.Random(seed)
    frames = [(cls, codec.encode(message, 178)) for cls, message in samples()]
    seen, refusals = {"refused": 0, "read": 0}, set()
    for _ in range(cases):
        cls, payload = dice.choice(frames)
        version = dice.choice(VERSIONS)
        decode = codec.decode_request if cls in REQUESTS.values() else codec.decode_response
        try:
            message = decode(mutated(payload, dice), version)
        except WireError as exc:
            refusals.add(str(exc).split(":")[0])
            seen["refused"] += 1
            continue
        if not isinstance(message, codec.Raw):
            assert codec.decode_as(type(message), codec.encode(message, version), version)
        seen["read"] += 1
    assert refusals <= {cls.__name__ for cls in DECLARED}
    return seen


@cache
def samples() -> list[tuple[type[Message], Any]]:
    """A few messages of every class, the same ones in every run."""
    found: list[tuple[type[Message], Any]] = []
    for cls in DECLARED:

        @settings(
            max_examples=8,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(message=full(cls))
        def draw(message: Any) -> None:
            found.append((type(message), message))

        draw()
    return found


def test_damaged_frames_never_raise_anything_but_a_wire_error() -> None:
    seen = fuzz(cases=1_000, seed=20260710)
    assert min(seen.values()) > 50


@pytest.mark.proof
def test_twenty_thousand_damaged_frames_never_raise_anything_but_a_wire_error() -> None:
    seen = fuzz(cases=20_000, seed=20260711)
    assert min(seen.values()) > 1_000
    proof.record(
        "wire-fuzz",
        command="python -m pytest -m proof tests/wire/test_fuzz.py",
        seed=20260711,
        numbers={"cases": sum(seen.values()), **seen},
        code_paths=["pytest_ibkr/wire"],
    )
