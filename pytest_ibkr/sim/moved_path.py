"""The path of a stock or index shifted by a test: the same bars, prices multiplied from then on.

What was before a move stays as it was; quotes, options and bars of the running day all read this
path, so they agree. Synthetic from the first move on. Instants are epoch milliseconds.
"""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_ibkr.sim.day_path import DayPath, PathBar, highs_and_lows
from pytest_ibkr.sim.underlying_path import UnderlyingPath

if TYPE_CHECKING:
    from pytest_ibkr.sim.calendar import Session, SessionCalendar
    from pytest_ibkr.snapshot.rows import Bar


@dataclass(frozen=True, slots=True)
class Move:
    """A change of price by ``share`` (-0.03: three per cent down), in even steps over a stretch."""

    start_ms: int
    end_ms: int
    share: float

    def factor(self, at_ms: int) -> float:
        """What the price is multiplied by at an instant."""
        if at_ms < self.start_ms:
            return 1.0
        if at_ms >= self.end_ms:
            return 1.0 + self.share
        return 1.0 + self.share * (at_ms - self.start_ms) / (self.end_ms - self.start_ms)


def factor_at(moves: Sequence[Move], at_ms: int) -> float:
    """What all moves together multiply a price by."""
    product = 1.0
    for move in moves:
        product *= move.factor(at_ms)
    return product


@dataclass(slots=True, eq=False)
class MovedBar(PathBar):
    """A bar of the path with its moved prices; ``still`` is the bar as it was."""

    still: PathBar = field(kw_only=True)
    moves: tuple[Move, ...] = field(kw_only=True)

    def steps(self) -> tuple[array[int], array[int], array[int]]:
        """Price, running high and running low in ticks, per step; never below one tick."""
        if self._steps is None:
            prices = array(
                "i",
                [
                    max(1, round(ticks * factor_at(self.moves, self._at_ms(index))))
                    for index, ticks in enumerate(self.still.steps()[0])
                ],
            )
            self._steps = (prices, *highs_and_lows(prices))
        return self._steps

    def _at_ms(self, index: int) -> int:
        return self.start_ms + index * self.grid_ms


def moved_bar(still: PathBar, moves: tuple[Move, ...]) -> PathBar:
    """Return a bar as the moves leave it; one that they do not reach stays the same object."""
    if all(move.start_ms >= still.end_ms for move in moves):
        return still
    moved = MovedBar(
        *(still.start_ms, still.end_ms, still.grid_ms, still.bar, still.per_dollar, still.seed),
        still=still,
        moves=moves,
    )
    settled = all(move.end_ms <= still.start_ms or move.start_ms >= still.end_ms for move in moves)
    if settled:
        moved.bar = _scaled(still, factor_at(moves, still.start_ms))
    else:
        moved.bar = _walked(moved)
    return moved


def _scaled(still: PathBar, factor: float) -> Bar:
    bar, per = still.bar, still.per_dollar

    def price(dollars: float) -> float:
        return max(1, round(round(dollars * per) * factor)) / per

    return dataclasses.replace(
        bar,
        open=price(bar.open),
        high=price(bar.high),
        low=price(bar.low),
        close=price(bar.close),
        wap=None if bar.wap is None else bar.wap * factor,
    )


def _walked(moved: MovedBar) -> Bar:
    """A bar in which the factor changes: read from its steps; the average price is unknown."""
    prices, highs, lows = moved.steps()
    per = moved.per_dollar
    return dataclasses.replace(
        moved.bar,
        open=prices[0] / per,
        high=highs[-1] / per,
        low=lows[-1] / per,
        close=prices[-1] / per,
        wap=None,
    )


class MovedPath(UnderlyingPath):
    """All days of one underlying, moved.

    Args:
        still: the path as the snapshot has it.
        calendar: the snapshot's.
        seed: the snapshot's.
        moves: in the order they were made; they multiply.
    """

    def __init__(
        self,
        still: UnderlyingPath,
        calendar: SessionCalendar,
        *,
        seed: int,
        moves: tuple[Move, ...],
    ) -> None:
        super().__init__(still.block, calendar, seed=seed)
        self._still, self._sessions, self._moves = still, calendar, moves

    @cached_property
    def daily(self) -> dict[str, Bar]:
        """Daily bars by date; of a moved day it is what the day's own path says."""
        first_s = min(move.start_ms for move in self._moves) / 1000
        found = dict(self._still.daily)
        for date, bar in self._still.daily.items():
            session = self._sessions.on(date)
            if session is not None and session.close_s > first_s:
                found[date] = self._whole(session, bar)
        return found

    def _whole(self, session: Session, bar: Bar) -> Bar:
        window = self.day(session).window(
            round(session.open_s * 1000), round(session.close_s * 1000)
        )
        if window is None:
            return bar
        return dataclasses.replace(
            bar,
            open=window.open,
            high=window.high,
            low=window.low,
            close=window.close,
            wap=window.wap,
        )

    def _build(self, session: Session) -> DayPath:
        day = self._still.day(session)
        bars = [moved_bar(bar, self._moves) for bar in day.bars]
        return DayPath(session, bars, bar_s=day.bar_s)
