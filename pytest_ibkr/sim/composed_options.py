"""The option chain of a composed day: a moved surface, priced at the day's close.

Pure; imports pricing, the listing rules and the snapshot's surface. Volumes, open interest and
sizes are synthetic.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Final, Literal, NamedTuple

from pytest_ibkr.sim import pricing
from pytest_ibkr.sim.underlying_quotes import mixed
from pytest_ibkr.snapshot.con_ids import OptionKey, option_con_id
from pytest_ibkr.snapshot.day_calendar import DayCalendar
from pytest_ibkr.snapshot.days_layout import Dividend, SpreadTable, SymbolSurface
from pytest_ibkr.snapshot.rows import OptionRow
from pytest_ibkr.snapshot.surface import Slice, Surface

MULTIPLIER: Final = 100
_LAST_DAY_SHARE: Final = 0.75  # of a day's variance falls into its session, the rest into the night
_SESSION_YEARS: Final = 6.5 * 3600 / pricing.YEAR_S
_HIGHEST_VOL: Final = 3.0
_CENTS: Final = 100
_TINY: Final = 1e-9


class Valued(NamedTuple):
    """One strike at a close: volatility and the mids of both rights, dollars per share."""

    strike: float
    vol: float
    call: float
    put: float


@dataclass(frozen=True, slots=True)
class ExpiryAtClose:
    """One expiry at one day's close; ``years`` is 0.0 on the expiry day itself."""

    expiry: str
    spot: float
    forward: float
    years: float
    days: float
    discount: float
    slice: Slice

    def vol(self, strike: float) -> float:
        """Implied volatility; on the expiry day what its session had to expect."""
        k = log(strike / self.forward)
        years = self.years or _SESSION_YEARS
        return min(_HIGHEST_VOL, sqrt(max(self.slice.total_variance(k), _TINY) / years))

    def valued(self, strikes: Sequence[float]) -> Iterator[Valued]:
        """Every strike, priced without rounding."""
        for strike in strikes:
            vol = self.vol(strike)
            call = pricing.price(
                self.forward, strike, self.years, vol=vol, right="C", discount=self.discount
            )
            put = call - self.discount * (self.forward - strike)
            yield Valued(strike, vol, call, max(0.0, put))


def at_close(
    day: str,
    expiry: str,
    *,
    spot: float,
    surface: Surface,
    data: SymbolSurface,
    rate: float,
    calendar: DayCalendar,
) -> ExpiryAtClose:
    """An expiry at a day's close: its forward is the spot's with carry, less the dividends."""
    years = max(0.0, (calendar.close(expiry) - calendar.close(day)).total_seconds())
    years /= pricing.YEAR_S
    days = calendar.maturity(day, expiry) if expiry > day else _LAST_DAY_SHARE
    forward = spot * exp(data["carryRate"] * years) - _dividends(data["dividends"], day, expiry)
    return ExpiryAtClose(expiry, spot, forward, years, days, exp(-rate * years), surface.at(days))


def _dividends(rows: Sequence[Dividend], day: str, expiry: str) -> float:
    return sum(row["dollars"] for row in rows if day < row["exDate"] <= expiry)


def moved_surface(
    base: Surface, data: SymbolSurface, *, index: float, base_index: float, noise: float
) -> Surface:
    """A surface moved to another level of the volatility index.

    Volatility at a maturity of ``d`` trading days moves with the index to the power of
    ``(22 / d) ** exponent``, within the limits of ``data``; ``noise`` is added to its logarithm.
    """
    response = data["response"]
    change = log(index / base_index)

    def times(days: float) -> float:
        power = (22.0 / max(days, 1.0)) ** response["exponent"]
        power = min(max(power, response["least"]), response["most"])
        return exp(power * change + noise)

    return base.moved(times)


class ChainMaker:
    """Rows of one underlying's chain.

    Args:
        symbol: the underlying; options have its trading class.
        data: its numbers.
        ids: contract ids made so far; filled.
    """

    def __init__(self, symbol: str, data: SymbolSurface, ids: dict[OptionKey, int]) -> None:
        self._symbol, self._data, self._ids = symbol, data, ids

    def rows(
        self,
        at: ExpiryAtClose,
        strikes: Sequence[float],
        *,
        close_of: Callable[[int, float, str], float | None],
    ) -> Iterator[OptionRow]:
        """Both rights of every strike.

        Args:
            at: the expiry at the day's close.
            strikes: ascending.
            close_of: the mid at the close before, by contract id, strike and right.
        """
        for value in at.valued(strikes):
            for right, mid in (("C", value.call), ("P", value.put)):
                yield self._row(at, value, "C" if right == "C" else "P", mid, close_of)

    def _row(
        self,
        at: ExpiryAtClose,
        value: Valued,
        right: Literal["C", "P"],
        mid: float,
        close_of: Callable[[int, float, str], float | None],
    ) -> OptionRow:
        con_id = self.con_id(at.expiry, right, value.strike)
        greeks = pricing.greeks(
            at.forward,
            value.strike,
            at.years or _SESSION_YEARS,
            vol=value.vol,
            right=right,
            spot=at.spot,
            discount=at.discount,
        )
        alive = at.years > 0.0
        bits = mixed(con_id * 31 + int(at.days * 10) + int(at.spot * 100))
        bid, ask = self._quote(mid, greeks.delta, at.days, bits)
        volume, interest = self._activity(at, value.strike, bits)
        return OptionRow(
            con_id,
            self._symbol,
            right,
            value.strike,
            at.expiry,
            self._symbol,
            MULTIPLIER,
            bid,
            ask,
            round(max(mid, 0.01), 2) if volume else None,
            _size(volume, bits >> 8) if bid > 0 else 0,
            _size(volume, bits >> 20),
            volume,
            interest,
            round(value.vol, 6),
            round(greeks.delta, 6) if alive else _last_delta(at.spot, value.strike, right),
            round(greeks.gamma, 6) if alive else None,
            round(greeks.theta, 6) if alive else None,
            round(greeks.vega, 6) if alive else None,
            close=close_of(con_id, value.strike, right),
            underlying_price=at.spot,
        )

    def con_id(self, expiry: str, right: str, strike: float) -> int:
        """The contract's id; the same on every day."""
        key = OptionKey(self._symbol, expiry, right, strike, self._symbol)
        found = self._ids.get(key)
        if found is None:
            found = self._ids[key] = option_con_id(key)
        return found

    def _quote(self, mid: float, delta: float, days: float, bits: int) -> tuple[float, float]:
        """Bid and ask in cents around a mid; below half a cent nobody bids."""
        spread = spread_of(self._data["spreads"], days, abs(delta))
        spread *= 0.85 + 0.3 * (bits & 1023) / 1024
        ticks = max(1, round(spread * _CENTS))
        bid = int(mid * _CENTS - ticks / 2 + 0.5 + _TINY)
        if mid * _CENTS - ticks / 2 < 0.5 - _TINY:
            return 0.0, max(1, min(ticks, int(mid * 2 * _CENTS + 0.5))) / _CENTS
        return bid / _CENTS, (bid + ticks) / _CENTS

    def _activity(self, at: ExpiryAtClose, strike: float, bits: int) -> tuple[int, int]:
        """Contracts traded today and open: more near the money, at round strikes, and soon."""
        away = log(strike / at.forward) / max(0.004, sqrt(max(at.slice.theta, _TINY)))
        near = exp(-0.35 * away * away)
        round_number = 2.0 if strike % 5 == 0 else 1.0
        soon = 1.0 / (1.0 + at.days / 4.0)
        volume = (
            self._data["volume"] * near * round_number * soon * (0.5 + (bits >> 32) % 1024 / 1024)
        )
        interest = self._data["openInterest"] * (near + 0.05) * round_number
        return int(volume), int(interest * (0.5 + (bits >> 42) % 1024 / 1024))


def _last_delta(spot: float, strike: float, right: str) -> float:
    if right == "C":
        return 1.0 if spot > strike else 0.0
    return -1.0 if spot < strike else 0.0


def spread_of(table: SpreadTable, days: float, delta: float) -> float:
    """Ask minus bid at a maturity and a size of delta, dollars."""
    row = min(bisect_left(table["days"], days), len(table["days"]) - 1)
    column = min(bisect_left(table["deltas"], delta), len(table["deltas"]) - 1)
    return table["dollars"][row][column]


def _size(volume: int, bits: int) -> int:
    return max(1, int((1 + sqrt(volume)) * (0.4 + (bits & 1023) / 800)))


def mids(at: ExpiryAtClose, strikes: Sequence[float]) -> Mapping[tuple[float, str], float]:
    """Unrounded mids by strike and right."""
    found: dict[tuple[float, str], float] = {}
    for value in at.valued(strikes):
        found[value.strike, "C"], found[value.strike, "P"] = value.call, value.put
    return found
