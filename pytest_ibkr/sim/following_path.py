"""A path that follows another one step by step, scaled; imports paths and bars only."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from pytest_ibkr.sim.calendar import Session, SessionCalendar
from pytest_ibkr.sim.day_path import DayPath, PathBar, highs_and_lows
from pytest_ibkr.sim.listing import Follows
from pytest_ibkr.sim.made_up_bars import factor, scaled
from pytest_ibkr.sim.underlying_path import UnderlyingPath
from pytest_ibkr.snapshot.model import SymbolBlock


@dataclass(slots=True, eq=False)
class FollowingBar(PathBar):
    """One bar whose steps are the leader's, times ``times``, on this one's grid."""

    leader: PathBar | None = None
    times: float = 1.0

    def steps(self) -> tuple[array[int], array[int], array[int]]:
        """Price, running high and running low in ticks, per step."""
        if self._steps is None:
            assert self.leader is not None  # noqa: S101  # always given
            times = self.times * self.per_dollar / self.leader.per_dollar
            low, high = (round(x * self.per_dollar) for x in (self.bar.low, self.bar.high))
            prices = array(
                "i", (min(high, max(low, round(p * times))) for p in self.leader.steps()[0])
            )
            self._steps = prices, *highs_and_lows(prices)
        return self._steps


class FollowingPath(UnderlyingPath):
    """All days of what follows another underlying.

    Args:
        block: whose path it is.
        calendar: the session table.
        leader: the path that is followed.
        source: by what factor.
    """

    def __init__(
        self,
        block: SymbolBlock,
        calendar: SessionCalendar,
        *,
        leader: UnderlyingPath,
        source: Follows,
    ) -> None:
        super().__init__(block, calendar, seed=0)  # all that is random comes from the leader
        self.leader, self._led_by, self._source = leader, leader, source

    def _build(self, session: Session) -> DayPath:
        source = self._source
        if source.until and session.date > source.until:
            return DayPath(session, (), bar_s=86400)
        led, times = self._led_by.day(session), factor(source, session.date)
        bars = [self._following(bar, times) for bar in led.bars]
        return DayPath(session, bars, bar_s=led.bar_s)

    def _following(self, leader: PathBar, times: float) -> FollowingBar:
        return FollowingBar(
            leader.start_ms,
            leader.end_ms,
            leader.grid_ms,
            scaled(self._source, leader.bar, times, per_dollar=self.per_dollar),
            self.per_dollar,
            leader.seed,
            leader=leader,
            times=times,
        )
