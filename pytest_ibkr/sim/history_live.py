"""A historical request kept up to date: message 90 for its running bar, about every five seconds.

Source: gateway-behaviour.md 2.5 ("keepUpToDate"). Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.feed import DELAY_S
from pytest_ibkr.wire.messages.history import HistoricalBar, HistoricalDataUpdate

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.schedule import Timer

EVERY_S: Final = 5.0
_SHIFT_S: Final = 0.5  # bars begin at full seconds: the first trade of a new one is in it by then


@dataclass(frozen=True, slots=True)
class Dated:
    """One bar as messages 17 and 90 carry it, and when it began, epoch seconds."""

    start_s: float
    bar: HistoricalBar


class LiveBars:
    """Sends what changed since the last time; nothing while nothing trades.

    Args:
        engine: whose time and schedule count.
        client: who is sent the updates.
        request_id: the request's.
        bars: reads the bars from a moment on, as they are known now.
        last: the last bar that message 17 had.

    Attributes:
        instrument: whose bars they are.
    """

    def __init__(
        self,
        engine: Engine,
        client: Client,
        instrument: Instrument,
        *,
        request_id: int,
        bars: Callable[[float], Sequence[Dated]],
        last: Dated,
    ) -> None:
        self._engine, self._client, self._request_id = engine, client, request_id
        self.instrument, self._bars, self._last = instrument, bars, last
        self._timer = self._plan()

    def cancel(self) -> None:
        """Send nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def new_day(self) -> None:
        """Plan anew: the hours of trading may be other ones now."""
        self.cancel()
        self._timer = self._plan()

    def _plan(self) -> Timer | None:
        engine = self._engine
        now_s = from_s = engine.now_s
        # Nothing trades in closed hours; delayed data goes on for a while after the close.
        if not (engine.market.is_open(now_s) or engine.market.is_open(now_s - DELAY_S)):
            opens_s = engine.world.calendar.next_open_s(now_s)
            if opens_s is None:
                return None
            from_s = opens_s
        due_s = (from_s - _SHIFT_S) // EVERY_S * EVERY_S + EVERY_S + _SHIFT_S
        return engine.later(due_s - now_s, self._update)

    def _update(self) -> None:
        for dated in self._bars(self._last.start_s):
            if dated.start_s >= self._last.start_s and dated != self._last:
                self._last = dated
                self._client.send(_message(self._request_id, dated.bar))
        self._timer = self._plan()


def _message(request_id: int, bar: HistoricalBar) -> HistoricalDataUpdate:
    return HistoricalDataUpdate(
        request_id=request_id,
        count=bar.count,
        date=bar.date,
        open=bar.open,
        close=bar.close,
        high=bar.high,
        low=bar.low,
        wap=bar.wap,
        volume=bar.volume,
    )
