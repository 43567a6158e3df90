"""Is there money for nothing in a chain? Checks of model values and of served quotes; pure.

A model is held to more than a market: its values may not cross at all, while quotes are only asked
whether somebody who buys at asks and sells at bids can get paid for taking no risk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import log
from typing import Final

from pytest_ibkr.sim.composed_options import ExpiryAtClose
from pytest_ibkr.snapshot.rows import OptionRow

_TINY: Final = 1e-9


def of_model(listed: Sequence[tuple[ExpiryAtClose, Sequence[float]]]) -> list[str]:
    """Arbitrage in the values of one underlying's expiries, on the strikes they are listed with.

    Args:
        listed: expiries ascending, each with its strikes ascending.
    """
    found: list[str] = []
    for at, strikes in listed:
        found += _butterflies(at, strikes)
    for (near, strikes), (far, more) in pairwise(listed):
        found += _calendars(near, far, sorted({*strikes, *more}))
    return found


def _butterflies(at: ExpiryAtClose, strikes: Sequence[float]) -> Iterator[str]:
    values = list(at.valued(strikes))
    for low, high in pairwise(values):
        fall = (low.call - high.call) / (high.strike - low.strike)
        if not -_TINY <= fall <= at.discount + _TINY:
            pair = f"{low.strike:g}/{high.strike:g}"
            yield f"{at.expiry} {pair}: a call spread is worth {fall:.6f} a dollar of width"
    for low, middle, high in zip(values, values[1:], values[2:], strict=False):
        share = (high.strike - middle.strike) / (high.strike - low.strike)
        wings = share * low.call + (1 - share) * high.call
        if wings < middle.call - _TINY:
            yield f"{at.expiry} {middle.strike:g}: butterfly worth {wings - middle.call:.6f}"


def _calendars(near: ExpiryAtClose, far: ExpiryAtClose, strikes: Iterable[float]) -> Iterator[str]:
    for strike in strikes:
        k = log(strike / near.forward)
        less, more = near.slice.total_variance(k), far.slice.total_variance(k)
        if more < less - _TINY:
            yield f"{near.expiry}/{far.expiry} {strike:g}: variance falls from {less} to {more}"


def of_quotes(rows: Iterable[OptionRow]) -> list[str]:
    """What can be bought at asks and sold at bids for a sure gain, within one expiry and right."""
    lines: dict[tuple[str, str], list[OptionRow]] = {}
    for row in rows:
        if row.bid is not None and row.ask is not None and row.bid < row.ask:
            lines.setdefault((row.expiry, row.right), []).append(row)
    found: list[str] = []
    for (expiry, right), line in sorted(lines.items()):
        line.sort(key=lambda row: row.strike if right == "C" else -row.strike)
        for near, far in pairwise(line):  # from the dearer to the cheaper
            if (far.bid or 0.0) > (near.ask or 0.0) + _TINY:
                found.append(f"{expiry} {right} {near.strike:g}/{far.strike:g}: costs less than 0")
        found += _sure_butterflies(expiry, right, line)
    return found


def _sure_butterflies(expiry: str, right: str, line: Sequence[OptionRow]) -> Iterator[str]:
    for low, middle, high in zip(line, line[1:], line[2:], strict=False):
        share = (high.strike - middle.strike) / (high.strike - low.strike)
        cost = share * (low.ask or 0.0) + (1 - share) * (high.ask or 0.0) - (middle.bid or 0.0)
        if cost < -_TINY:
            yield f"{expiry} {right} {middle.strike:g}: a butterfly pays {-cost:.2f} at once"
