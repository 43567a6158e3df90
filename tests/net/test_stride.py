"""How far the clock strides: seconds by day, minutes by night."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate

import pytest

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.session.session import Session
from tests.sim.data_bench import EASTERN, normal_world


@pytest.fixture
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    hour = getattr(request, "param", 10)
    start = datetime(2026, 7, 10, hour, tzinfo=EASTERN)
    with Gateway(normal_world().snapshot) as gateway:
        made = gateway.new_session("stride", start_at=start, wall_clock=False)
        made.clock.hold()
        yield made
        made.close()


def strides(session: Session, seconds: float) -> list[float]:
    """Lengths of the strides of one sleep, seconds."""
    moved: list[float] = []
    server = session._server
    move_to = server.time.move_to

    def noted(at_s: float) -> None:
        moved.append(at_s - server.clock.now())
        move_to(at_s)

    server.time.move_to = noted  # type: ignore[method-assign]
    session.clock.sleep(seconds)
    server.time.move_to = move_to  # type: ignore[method-assign]
    return [each for each in moved if each > 0]


@pytest.mark.parametrize(
    ("session", "seconds", "longest_s"),
    [
        pytest.param(10, 60, 1.0, id="a-minute-in-seconds"),
        pytest.param(10, 600, 1.0, id="ten-minutes-in-seconds"),
        pytest.param(20, 30, 30.0, id="a-short-one-in-the-evening-at-once"),
        pytest.param(20, 3600, 60.0, id="an-evening-in-minutes"),
    ],
    indirect=["session"],
)
def test_a_stride_is_as_long_as_the_hour_lets_it(
    session: Session, seconds: float, longest_s: float
) -> None:
    found = strides(session, seconds)
    assert max(found) == pytest.approx(longest_s)
    assert sum(found) == pytest.approx(seconds)


def test_no_stride_passes_the_moment_somebody_waits_until(session: Session) -> None:
    with session._server.deadline(session.clock.epoch_s() + 33.5):
        found = strides(session, 600)
    assert pytest.approx(33.5) in list(accumulate(found)), "strides are a second long"


def test_what_is_due_is_not_strode_over(session: Session) -> None:
    engine, met = session.engine, []
    due_s = engine.now_s + 7.5
    engine.later(7.5, lambda: met.append(session.clock.epoch_s()))
    strides(session, 600)
    assert met == [pytest.approx(due_s, abs=0.001)]
