"""What options on one underlying are worth when spot and clock move away from the captured instant.

Per expiry a forward and a discount from put-call parity at the captured instant, per option the
volatility of its captured mid; imports pricing, contracts and the snapshot's rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import median
from typing import Final

from pytest_ibkr.sim import pricing
from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.snapshot.rows import OptionRow

_NEAR_SHARE: Final = 0.03  # strikes this close to the spot make the forward
_WIDE_SHARE: Final = 0.12  # and these the discount
_FEWEST_PAIRS: Final = 6
_DISCOUNT_FROM_YEARS: Final = 0.05  # nearer expiries: the discount drowns in the spread
_HIGHEST_RATE: Final = 0.15
_FALLBACK_VOL: Final = 0.2  # nothing in the chain says anything about this option's volatility


@dataclass(frozen=True, slots=True)
class OptionFit:
    """One option at the captured instant.

    ``vol`` prices it; ``residual`` is what the captured mid has beyond that (0.0 where a
    volatility reproduces the mid, not where the mid is below intrinsic value).
    """

    vol: float
    residual: float
    solved: bool


class Expiry:
    """All options of one underlying that end on one day.

    Args:
        rows: captured rows, both rights.
        spot: the underlying's captured price, > 0.
        captured_s: epoch seconds of the captured instant.
        expires_s: epoch seconds of the expiry.
        fallback_vol: asked when a row has no volatility of its own.
    """

    def __init__(
        self,
        rows: Sequence[OptionRow],
        *,
        spot: float,
        captured_s: float,
        expires_s: float,
        fallback_vol: Callable[[], float | None],
    ) -> None:
        self.spot, self.captured_s, self.expires_s = spot, captured_s, expires_s
        self._fallback_vol = fallback_vol
        self._rows: dict[tuple[float, str], OptionRow] = {
            (row.strike, row.right): row for row in rows
        }
        self._fits: dict[int, OptionFit] = {}
        self._at: tuple[float, float, float, float] = (-1.0, -1.0, 0.0, 1.0)
        self.years = max(0.0, (expires_s - captured_s) / pricing.YEAR_S)
        pairs = self._pairs()
        self.discount = _discount(pairs, spot, self.years)
        self.rate = -log(self.discount) / self.years if self.years > 0 else 0.0
        self.forward = _forward(pairs, spot, self.discount)

    def _pairs(self) -> list[tuple[float, float]]:
        """Strike and call mid minus put mid, ascending, where both are quoted."""
        found = []
        for (strike, right), call in self._rows.items():
            put = self._rows.get((strike, "P"))
            if right == "C" and put is not None:
                call_mid, put_mid = mid_of(call), mid_of(put)
                if call_mid is not None and put_mid is not None:
                    found.append((strike, call_mid - put_mid))
        return sorted(found)

    def fit(self, option: Instrument) -> OptionFit:
        """The option's volatility; solved once."""
        found = self._fits.get(option.con_id)
        if found is None:
            found = self._fits[option.con_id] = self._solve(option.strike, option.right)
        return found

    def at(self, at_s: float, spot: float) -> tuple[float, float, float]:
        """Forward, years to expiry and discount at another instant and spot."""
        key_s, key_spot, _, _ = self._at
        if at_s != key_s or spot != key_spot:
            years = max(0.0, (self.expires_s - at_s) / pricing.YEAR_S)
            carry = self.forward * spot / self.spot
            self._at = (at_s, spot, carry, years)
        _, _, forward, years = self._at
        return forward, years, exp(-self.rate * years) if self.rate else 1.0

    def value(self, option: Instrument, at_s: float, spot: float) -> float:
        """Model mid, dollars per share, >= 0."""
        fit = self.fit(option)
        forward, years, discount = self.at(at_s, spot)
        value = pricing.price(
            forward, option.strike, years, vol=fit.vol, right=option.right, discount=discount
        )
        return max(0.0, value + fit.residual)

    def solve(self, option: Instrument, value: float, at_s: float, *, spot: float) -> float | None:
        """Volatility at which the option is worth ``value``; None when there is none."""
        forward, years, discount = self.at(at_s, spot)
        return pricing.implied_vol(
            value,
            forward,
            option.strike,
            years=years,
            right=option.right,
            discount=discount,
            guess=self.fit(option).vol,
        )

    def at_the_money_vol(self) -> float | None:
        """Volatility of the option nearest the forward that has one."""
        for strike, right in sorted(self._rows, key=lambda key: abs(key[0] - self.forward))[:20]:
            vol = self._own_vol(strike, right)
            if vol is not None:
                return vol
        return None

    def _own_vol(self, strike: float, right: str) -> float | None:
        row = self._rows.get((strike, right))
        mid = None if row is None else mid_of(row)
        if mid is None:
            return None
        return pricing.implied_vol(
            mid, self.forward, strike, years=self.years, right=right, discount=self.discount
        )

    def _solve(self, strike: float, right: str) -> OptionFit:
        own = self._own_vol(strike, right)
        if own is not None:
            return OptionFit(own, 0.0, solved=True)
        row = self._rows[strike, right]
        # Parity: call and put of one strike have one volatility. The vendor's comes next.
        vol = self._own_vol(strike, "P" if right == "C" else "C")
        vol = vol or row.implied_vol or self.at_the_money_vol() or self._fallback_vol()
        vol = vol or _FALLBACK_VOL
        mid = mid_of(row)
        if mid is None or self.years <= 0.0:
            return OptionFit(vol, 0.0, solved=False)
        model = pricing.price(
            self.forward, strike, self.years, vol=vol, right=right, discount=self.discount
        )
        return OptionFit(vol, mid - model, solved=False)


def mid_of(row: OptionRow) -> float | None:
    """Middle of a captured two-sided quote; a zero bid counts, a crossed market does not."""
    if row.bid is None or row.ask is None or not 0 <= row.bid < row.ask:
        return None
    return (row.bid + row.ask) / 2


def _forward(pairs: list[tuple[float, float]], spot: float, discount: float) -> float:
    near = [pair for pair in pairs if abs(pair[0] - spot) <= _NEAR_SHARE * spot]
    if len(near) < _FEWEST_PAIRS:
        near = sorted(pairs, key=lambda pair: abs(pair[0] - spot))[:_FEWEST_PAIRS]
    if not near:
        return spot
    return median(strike + difference / discount for strike, difference in near)


def _discount(pairs: list[tuple[float, float]], spot: float, years: float) -> float:
    """Slope of call minus put over strikes, as the median over far-apart pairs (Theil-Sen)."""
    wide = [pair for pair in pairs if abs(pair[0] - spot) <= _WIDE_SHARE * spot]
    half = len(wide) // 2
    if years < _DISCOUNT_FROM_YEARS or half < _FEWEST_PAIRS:
        return 1.0
    slopes = [
        (low[1] - high[1]) / (high[0] - low[0])
        for low, high in zip(wide, wide[half:], strict=False)
    ]
    return min(1.0, max(exp(-_HIGHEST_RATE * years), median(slopes)))
