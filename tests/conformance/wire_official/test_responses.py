"""What our encoder writes, the official client's decoder reads as it was meant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_ibkr.wire.declare import Message
from tests.conformance.wire_official import differential, official
from tests.conformance.wire_official.reading import Heard
from tests.meta import proof

HEARD = differential.responses(official)
IDS = [cls.__name__ for cls, _ in HEARD]


@pytest.mark.parametrize(("cls", "how"), HEARD, ids=IDS)
def test_the_official_client_reads_what_we_meant(cls: type[Message], how: Heard) -> None:
    assert differential.check_response(official, cls, how, examples=differential.EXAMPLES)


@pytest.fixture(scope="module")
def tally() -> Iterator[dict[str, int]]:
    """Frames checked by message; published once every message has passed."""
    frames: dict[str, int] = {}
    yield frames
    if len(frames) == len(HEARD):
        proof.record(
            f"wire-{official.NAME}-responses",
            command="python -m pytest -m proof tests/conformance/wire_official/test_responses.py",
            seed=None,
            numbers=differential.figures(official, frames),
            code_paths=["pytest_ibkr/wire"],
        )


@pytest.mark.proof
@pytest.mark.parametrize(("cls", "how"), HEARD, ids=IDS)
def test_the_official_client_reads_2000_of_each(
    cls: type[Message], how: Heard, tally: dict[str, int]
) -> None:
    checked = differential.check_response(official, cls, how, examples=differential.PROOF_EXAMPLES)
    tally[cls.__name__] = checked
