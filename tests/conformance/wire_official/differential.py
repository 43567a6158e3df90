"""Runs the tables of ``families`` over every declared message and one client library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pytest_ibkr.wire.declare import REQUESTS, RESPONSES, Message
from tests.conformance import covered
from tests.conformance.wire_official import families
from tests.conformance.wire_official.asking import Asked, Asker
from tests.conformance.wire_official.reading import Heard, Reader, boundaries
from tests.conformance.wire_official.values import samples

EXAMPLES, PROOF_EXAMPLES = 40, 2_000
FEW = 3  # drawn examples at versions where the declaration changes nothing


def check_response(client: Any, cls: type[Message], how: Heard, *, examples: int) -> int:
    """Every drawn example at every boundary, a few at each other version; count of frames."""
    places = {**how.places, **client.PLACES.get(cls.MSG_ID, {})}
    reader = Reader(
        cls,
        replace(how, places=places),
        client.callbacks,
        dropped=client.DROPPED.get(cls.MSG_ID, {}),
        escaped=client.ESCAPED.get(cls.MSG_ID, ()),
    )
    misread = client.MISREAD.get(cls.MSG_ID, {})
    versions = [version for version in client.VERSIONS if version not in misread]
    return _run(client.NAME, reader, samples(cls, how.draw, examples=examples), cls, versions)


def check_request(client: Any, cls: type[Message], how: Asked, *, examples: int) -> int:
    """As :func:`check_response`, for what clients send."""
    asker = Asker(cls, how, client)
    fixed = client.FIXED.get(cls.MSG_ID, {})
    drawn = [replace(one, **fixed) for one in samples(cls, how.draws(), examples=examples)]
    return _run(client.NAME, asker, drawn, cls, [v for v in client.VERSIONS if v >= how.since])


def _run(
    name: str,
    checker: Reader | Asker,
    drawn: Sequence[Any],
    cls: type[Message],
    versions: Sequence[int],
) -> int:
    edges, checked = boundaries(cls, versions), 0
    direction: covered.Direction = "out" if isinstance(checker, Reader) else "in"
    for version in versions:
        for message in drawn if version in edges else drawn[:FEW]:
            checker.check(message, version)
            checked += 1
        covered.met(name, direction, cls.MSG_ID, version)
    return checked


def responses(client: Any) -> list[tuple[type[Message], Heard]]:
    """Declared responses the client reads."""
    silent = client.UNHEARD
    return [
        (cls, families.RESPONSES[number])
        for number, cls in sorted(RESPONSES.items())
        if number in families.RESPONSES and number not in silent
    ]


def requests(client: Any) -> list[tuple[type[Message], Asked]]:
    """Declared requests the client can send."""
    silent = client.UNASKED
    return [
        (cls, families.REQUESTS.get(number, Asked()))
        for number, cls in sorted(REQUESTS.items())
        if number not in silent
    ]


def figures(client: Any, frames: dict[str, int]) -> dict[str, int]:
    """What a proof run of one client measured."""
    return {
        "messages": len(frames),
        "examples_each": PROOF_EXAMPLES,
        "frames": sum(frames.values()),
        "lowest_version": client.VERSIONS[0],
        "highest_version": client.VERSIONS[-1],
    }
