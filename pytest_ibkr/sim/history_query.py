"""One valid historical request: which bars it means, as they are known at the present moment.

Source: gateway-behaviour.md 2.5. Imports the engine for types only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.sim.feed import DELAY_S
from pytest_ibkr.sim.history_bars import BarRow, BarSource
from pytest_ibkr.sim.history_live import Dated
from pytest_ibkr.sim.history_request import WEEK_S, WHAT, Asked, width
from pytest_ibkr.sim.history_shapes import SHOWN, TRADE_BARS, bar_date, message, moment
from pytest_ibkr.sim.hmds import no_data, no_trades, not_permitted
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.history import (
    HistoricalData,
    HistoricalDataEnd,
    ReqHistoricalData,
)
from pytest_ibkr.wire.versions import HISTORY_END

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine


@dataclass(frozen=True, slots=True)
class Query:
    """A request with what was read out of it; ``asked.end_s`` is set."""

    engine: Engine
    client: Client
    request: ReqHistoricalData
    instrument: Instrument
    asked: Asked

    def answer(self) -> tuple[list[Message], Dated]:
        """Message 17, with 108 where that brings the window, and the last bar.

        Raises:
            Refusal: 162 without permission or without data.
        """
        if self.engine.conditions.entitlement_of(self.instrument.symbol) == "none":
            raise not_permitted(self.instrument)
        if self.asked.what in TRADE_BARS and not self.instrument.traded:
            raise no_trades(self.instrument, width(self.asked.bar_s))
        source = self._source()
        start_s, end_s = source.window(self.asked)
        found = self._dated(source, start_s, end_s)
        if not found:
            raise no_data(self.instrument, self.request.contract, WHAT[self.asked.what])
        number, bars = self.request.request_id, tuple(dated.bar for dated in found)
        version, zone = self.client.version, self.instrument.time_zone
        start = moment(start_s, version=version, zone=zone)
        end = moment(end_s, version=version, zone=zone)
        if version < HISTORY_END:
            return [HistoricalData(request_id=number, start=start, end=end, bars=bars)], found[-1]
        window = HistoricalDataEnd(request_id=number, start=start, end=end)
        return [HistoricalData(request_id=number, bars=bars), window], found[-1]

    def since(self, start_s: float) -> list[Dated]:
        """The bars from the one that holds ``start_s`` on, up to now."""
        source = self._source()
        if self.asked.bar_s >= WEEK_S:  # the days of a running week are all of its bar
            start_s = source.window(self.asked)[0]
        return self._dated(source, start_s, self.engine.now_s)

    def _source(self) -> BarSource:
        engine, symbol = self.engine, self.instrument.symbol
        # Without a live subscription the data ends 15 minutes ago (paper log, 2026-01-02).
        lag_s = 0.0 if engine.conditions.entitlement_of(symbol) == "live" else DELAY_S
        known_s = min(engine.market_time(self.instrument), engine.now_s) - lag_s
        return BarSource(engine.world, self.instrument, known_s=known_s, market=engine.market)

    def _dated(self, source: BarSource, start_s: float, end_s: float) -> list[Dated]:
        spread, what = self.engine.market.spread(self.instrument), self.asked.what
        rows: list[BarRow] = []
        if what in TRADE_BARS or (what in SHOWN and spread is not None):
            rows = source.bars(self.asked.bar_s, start_s, end_s)
        version, zone = self.client.version, self.instrument.time_zone
        dating = {"date_format": self.request.date_format, "version": version}
        return [
            Dated(
                row.start_s,
                message(
                    row,
                    self.instrument,
                    what=what,
                    spread=spread or 0.0,
                    date=bar_date(row, self.asked.bar_s, zone=zone, **dating),
                    version=version,
                ),
            )
            for row in rows
        ]
