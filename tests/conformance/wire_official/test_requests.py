"""What the official client sends, our decoder reads as it was asked."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pytest_ibkr.wire.declare import Message
from tests.conformance.wire_official import differential, official
from tests.conformance.wire_official.asking import Asked
from tests.meta import proof

ASKED = differential.requests(official)
IDS = [cls.__name__ for cls, _ in ASKED]


@pytest.mark.parametrize(("cls", "how"), ASKED, ids=IDS)
def test_a_request_is_read_as_it_was_asked(cls: type[Message], how: Asked) -> None:
    assert differential.check_request(official, cls, how, examples=differential.EXAMPLES)


@pytest.fixture(scope="module")
def tally() -> Iterator[dict[str, int]]:
    """Frames checked by message; published once every message has passed."""
    frames: dict[str, int] = {}
    yield frames
    if len(frames) == len(ASKED):
        proof.record(
            f"wire-{official.NAME}-requests",
            command="python -m pytest -m proof tests/conformance/wire_official/test_requests.py",
            seed=None,
            numbers=differential.figures(official, frames),
            code_paths=["pytest_ibkr/wire"],
        )


@pytest.mark.proof
@pytest.mark.parametrize(("cls", "how"), ASKED, ids=IDS)
def test_the_official_client_asks_2000_of_each(
    cls: type[Message], how: Asked, tally: dict[str, int]
) -> None:
    checked = differential.check_request(official, cls, how, examples=differential.PROOF_EXAMPLES)
    tally[cls.__name__] = checked
