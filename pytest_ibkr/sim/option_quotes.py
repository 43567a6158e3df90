"""Quotes and computations of the options on one underlying.

The model's mid with the captured spread around it, on the tick grid; imports the model and the
underlying's quoter. Before the captured instant sizes, last and previous close are synthetic.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from math import floor
from typing import Final

from pytest_ibkr.sim import pricing
from pytest_ibkr.sim.calendar import EXCHANGE_ZONE, Session, SessionCalendar
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.option_chains import Carried, Chain
from pytest_ibkr.sim.option_grid import around_mid, as_captured, on_grid, traded_at
from pytest_ibkr.sim.option_model import Expiry
from pytest_ibkr.sim.quotes import Computation, Quote, Side
from pytest_ibkr.sim.underlying_quotes import SIZE_HOLD_MS, UnderlyingQuoter, around, mixed
from pytest_ibkr.snapshot.rows import OptionRow

_CLOSE_HOUR: Final = 16
_DAY_S: Final = 86400
_OVERNIGHT_S: Final = 17.5 * 3600
_MONTH_S: Final = 30 * _DAY_S
_UNKNOWN: Final = (
    *("bid", "ask", "last", "bid_size", "ask_size", "volume", "open_interest"),
    *("implied_vol", "delta", "gamma", "theta", "vega"),
)


@dataclass(slots=True, eq=False)
class _Line:
    """What is looked up once per option; ``spread`` dollars, None without a two-sided quote."""

    option: Instrument
    row: OptionRow
    expiry: Expiry | None
    spread: float | None
    close_date: str = ""
    close: float | None = None
    traded_s: float = -1.0
    traded: float | None = None


class OptionQuoter:
    """Options on one underlying; each expiry is fitted when first asked for."""

    def __init__(
        self,
        chain: Chain,
        underlying: UnderlyingQuoter,
        calendar: SessionCalendar,
        *,
        captured_s: float,
    ) -> None:
        self._chain, self._underlying, self._calendar = chain, underlying, calendar
        self._captured_s = captured_s
        self._expiries: dict[str, Expiry] = {}
        self._captured: dict[int, Quote] = {}
        self._lines: dict[int, _Line] = {}

    def over(self, underlying: UnderlyingQuoter) -> OptionQuoter:
        """The same options on another path of their underlying; what was fitted is shared."""
        found = copy(self)
        found._underlying, found._lines = underlying, {}
        return found

    @cached_property
    def _rows(self) -> dict[str, list[OptionRow]]:
        return self._chain.rows_by_series

    def at_the_money_vol(self) -> float | None:
        """At-the-money volatility of the expiry nearest 30 days ahead; None without options."""
        target_s = self._captured_s + _MONTH_S
        for day in sorted(self._rows, key=lambda day: abs(self.expires_s(day) - target_s))[:5]:
            found = self.expiry(day)
            if found is not None and (vol := found.at_the_money_vol()) is not None:
                return vol
        return None

    def expires_s(self, series: str) -> float:
        """Epoch seconds at which a series ends.

        The day's close by the session table, else 16:00; a morning-settled series ends at the
        opening after that, or half past nine of the next day where the table does not reach.
        """
        session = self._calendar.on(series[:8])
        day = (int(series[:4]), int(series[4:6]), int(series[6:8]))
        close = datetime(*day, _CLOSE_HOUR, tzinfo=EXCHANGE_ZONE)
        close_s = close.timestamp() if session is None else session.close_s
        if len(series) == 8:
            return close_s
        opening_s = self._calendar.next_open_s(close_s)
        return close_s + _OVERNIGHT_S if opening_s is None else opening_s

    def expiry(self, expiry: str) -> Expiry | None:
        """The fitted expiry; None without options, or when the underlying has no captured price."""
        found = self._expiries.get(expiry)
        spot = self._underlying.captured_spot
        if found is None and spot is not None and expiry in self._rows:
            found = self._expiries[expiry] = Expiry(
                self._rows[expiry],
                spot=spot,
                captured_s=self._captured_s,
                expires_s=self.expires_s(expiry),
                fallback_vol=lambda: self._next_vol(expiry),
            )
        return found

    def _next_vol(self, expiry: str) -> float | None:
        """At-the-money volatility of the first later expiry that has one."""
        for later in sorted(self._rows):
            if later > expiry and (found := self.expiry(later)) is not None and found.years > 0:
                vol = found.at_the_money_vol()
                if vol is not None:
                    return vol
        return None

    def captured(self, option: Instrument) -> Quote:
        """The snapshot's own quote; a previous close it lacks is the model's."""
        found = self._captured.get(option.con_id)
        if found is None:
            row = self._chain.row_by_id.get(option.con_id)
            if row is None:
                return Quote()
            session = self._calendar.latest(self._captured_s)
            found = self._captured[option.con_id] = Quote(
                bid=row.bid,
                ask=row.ask,
                last=row.last,
                bid_size=row.bid_size,
                ask_size=row.ask_size,
                last_size=row.last_size,
                high=row.high,
                low=row.low,
                close=None if session is None else self._close(self._line(option), session),
                volume=row.volume,
                last_time_s=int(self._captured_s) if row.volume else None,
            )
        return found

    def _line(self, option: Instrument) -> _Line:
        found = self._lines.get(option.con_id)
        if found is None:
            row = self._chain.row_by_id.get(option.con_id)
            if row is None:  # not of this day's market: nobody quotes it
                return _Line(option, unquoted(option), None, None)
            quoted = row.bid is not None and row.ask is not None and 0 <= row.bid < row.ask
            spread = row.ask - row.bid if quoted and row.ask and row.bid is not None else None
            if spread is None:
                spread = self._chain.carried_spread(option.con_id)
            found = _Line(option, row, self.expiry(option.series), spread)
            self._lines[option.con_id] = found
        return found

    def carried(self, option: Instrument) -> Carried:
        """What a later day that does not list the option starts from: its volatility and spread."""
        line = self._line(option)
        spot, close = self._underlying.captured_spot, None
        if line.expiry is not None and spot is not None:
            close = on_grid(option, line.expiry.value(option, self._captured_s, spot))
        vol = None if line.expiry is None else line.expiry.fit(option).vol
        row = replace(
            unquoted(option), implied_vol=vol, close=close, open_interest=line.row.open_interest
        )
        return Carried(option, row, line.spread)

    def quote(self, option: Instrument, session: Session, at_ms: int) -> Quote:
        """The quote at an instant of the calendar day of ``session`` or later."""
        line = self._line(option)
        if option.expiry < session.date and not option.am_settled:  # over: nobody speaks of it
            return Quote()
        close = line.close if line.close_date == session.date else self._close(line, session)
        at_s = at_ms / 1000
        if at_s < session.open_s:
            return Quote(close=close)
        at_s = min(at_s, session.close_s - 0.001)
        row, expiry = line.row, line.expiry
        spot = self._underlying.spot(session, round(at_s * 1000))
        if line.spread is None or spot is None or expiry is None or at_s >= expiry.expires_s:
            return Quote(last=None if row.volume else row.last, close=close)
        bid, ask = around_mid(option, line.spread, expiry.value(option, at_s, spot))
        bits = mixed(at_ms // SIZE_HOLD_MS * 31 + option.con_id)
        last, last_s = self._last(line, session, at_s)
        share = (at_s - session.open_s) / (session.close_s - session.open_s)
        return Quote(
            bid=bid,
            ask=ask,
            last=last,
            bid_size=around(row.bid_size, bits, unit=10) if bid > 0 else 0,
            ask_size=around(row.ask_size, bits >> 12, unit=10),
            last_size=1 + (bits >> 24) % 10 if last_s is not None else None,
            close=close,
            volume=None if row.volume is None else int(row.volume * share),
            last_time_s=last_s,
        )

    def spread(self, option: Instrument) -> float | None:
        """Captured ask minus bid, dollars; None without a two-sided quote."""
        return self._line(option).spread

    def values(
        self, option: Instrument, session: Session, at_s: float, *, spots: tuple[float, ...]
    ) -> tuple[float, ...] | None:
        """Model mids at one instant, on the tick grid; None without a two-sided quote."""
        line = self._line(option)
        expiry = line.expiry
        if expiry is None or line.spread is None or not session.open_s <= at_s <= expiry.expires_s:
            return None
        return tuple(on_grid(option, expiry.value(option, at_s, spot)) for spot in spots)

    def computation(
        self, option: Instrument, quote: Quote, side: Side, *, at_s: float, spot: float
    ) -> Computation | None:
        """Volatility and sensitivities at one side of a two-sided quote; None: no such price."""
        expiry = self.expiry(option.series)
        if expiry is None or quote.bid is None or quote.ask is None:
            return None
        if side == "model":
            value: float | None = (quote.bid + quote.ask) / 2
        else:
            value = {"bid": quote.bid, "ask": quote.ask, "last": quote.last}[side]
        if value is None:
            return None
        vol = self._vol(option, expiry, side, value=value, at_s=at_s, spot=spot)
        found = self._greeks(option, expiry, vol, at_s=at_s, spot=spot)
        computed = Computation(
            implied_vol=vol,
            delta=found.delta if found else None,
            price=value,
            pv_dividend=0.0,
            gamma=found.gamma if found else None,
            vega=found.vega if found else None,
            theta=found.theta if found else None,
            under_price=spot,
        )
        if side == "model" and at_s >= self._captured_s:
            return as_captured(computed, self._chain.row_by_id[option.con_id])
        return computed

    def _vol(
        self,
        option: Instrument,
        expiry: Expiry,
        side: Side,
        *,
        value: float,
        at_s: float,
        spot: float,
    ) -> float | None:
        if side == "model":
            return expiry.fit(option).vol
        return expiry.solve(option, value, at_s, spot=spot)

    @staticmethod
    def _greeks(
        option: Instrument, expiry: Expiry, vol: float | None, *, at_s: float, spot: float
    ) -> pricing.Greeks | None:
        forward, years, discount = expiry.at(at_s, spot)
        if vol is None or years <= 0.0:
            return None
        right = option.right
        return pricing.greeks(
            forward, option.strike, years, vol=vol, right=right, spot=spot, discount=discount
        )

    def first_trade_s(self, option: Instrument, session: Session) -> float | None:
        """When a session's first trade happens; None: there is none."""
        volume = self._line(option).row.volume
        return None if not volume else session.open_s + _gap_s(volume, session)

    def _last(self, line: _Line, session: Session, at_s: float) -> tuple[float | None, int | None]:
        """Last trade: today's trades lie evenly over the day; without any the captured last."""
        volume, expiry = line.row.volume, line.expiry
        if not volume:
            return line.row.last, None
        gap_s = _gap_s(volume, session)
        count = floor((at_s - session.open_s) / gap_s)
        traded_s = session.open_s + count * gap_s
        if count < 1 or expiry is None:
            return None, None
        if line.traded_s != traded_s:
            spot = self._underlying.spot(session, round(traded_s * 1000))
            if spot is None:
                return None, None
            line.traded_s = traded_s
            line.traded = traded_at(line.option, expiry.value(line.option, traded_s, spot))
        return line.traded, int(traded_s)

    def _close(self, line: _Line, session: Session) -> float | None:
        before = self._calendar.previous(session)
        spot = self._underlying.previous_close(session)
        line.close_date, line.close = session.date, None
        if line.row.close is not None and session.open_s <= self._captured_s < (
            session.day_start_s + _DAY_S
        ):
            line.close = line.row.close
        elif before is not None and spot is not None and line.expiry is not None:
            value = line.expiry.value(line.option, before.close_s, spot)
            line.close = on_grid(line.option, value)
        return line.close


def unquoted(option: Instrument) -> OptionRow:
    """The row of an option of which nothing is known."""
    empty: dict[str, None] = dict.fromkeys(_UNKNOWN)
    return OptionRow(
        con_id=option.con_id,
        symbol=option.symbol,
        right="C" if option.right == "C" else "P",
        strike=option.strike,
        expiry=option.expiry,
        trading_class=option.trading_class,
        multiplier=option.multiplier,
        **empty,
    )


def _gap_s(volume: int, session: Session) -> float:
    """Seconds between trades that lie evenly over a session, at least one."""
    return max(1.0, (session.close_s - session.open_s) / volume)
