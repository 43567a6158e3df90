"""A session's or share's pace, counted from what crossed the wire."""

from __future__ import annotations

import pytest

from pytest_ibkr.report.following import peak_of
from pytest_ibkr.sim.journal import Direction, Journal
from pytest_ibkr.wire.messages.session import CurrentTime, ReqCurrentTime


def peak(*entries: tuple[float, int, Direction]) -> int:
    journal = Journal()
    for at_s, connection, direction in entries:
        message = ReqCurrentTime() if direction == "in" else CurrentTime(epoch_s=0)
        journal.add(at_s, connection, direction, message)
    return peak_of(journal.entries())


@pytest.mark.parametrize(
    ("entries", "highest"),
    [
        ((), 0),
        (((0.0, 1, "in"), (0.5, 1, "in"), (0.99, 1, "in")), 3),
        (((0.0, 1, "in"), (1.0, 1, "in")), 1),  # the second is over
        (((0.0, 1, "in"), (0.1, 2, "in")), 1),  # limits hold per client
        (((0.0, 1, "in"), (0.1, 1, "out"), (0.2, 1, "out")), 1),
        (((0.0, 1, "in"), (0.9, 1, "in"), (1.8, 1, "in"), (1.85, 1, "in")), 3),
    ],
)
def test_the_peak_is_the_most_one_client_sent_in_a_second(
    entries: tuple[tuple[float, int, Direction], ...], highest: int
) -> None:
    assert peak(*entries) == highest
