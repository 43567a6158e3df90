"""Rows of what is asked of orders beside placing them."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.exercise import ExerciseOptions
from tests.meta.matrix.row import CONTRACT, Row
from tests.sim.data_bench import option

ROWS: dict[str, Row] = {
    "exerciseOptions": Row(
        "nothing is exercised: a paper account's server rejects it",
        (*CONTRACT, 322),
        evidence="3.2 [live]",
    ),
}

# Declared answers that no example can bring about, and why.
NOT_SEEN: dict[int, str] = {100: "never sent: no order is entered by hand here"}


def examples() -> dict[str, Sequence[Message]]:
    """An exercise of one call."""
    call = option().contract()
    return {
        "exerciseOptions": [
            ExerciseOptions(request_id=12, contract=call, action=1, quantity=1, override=False)
        ],
    }
