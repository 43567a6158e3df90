"""What can be scanned for: how each scan ranks a stock, and the filters, from the market alone.

A scan or filter is here only where quotes, bars or options of the snapshot can say its value; an
instrument whose value is unknown is not found. Knows nothing of clients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import mean
from typing import Final

from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.market import Market
from pytest_ibkr.sim.quotes import Quote
from pytest_ibkr.sim.world import World

_AVERAGE_DAYS: Final = 90

Measure = Callable[["Candidate"], float | None]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One stock at one moment, epoch seconds, and its quote."""

    world: World
    market: Market
    instrument: Instrument
    at_s: float
    quote: Quote

    @property
    def price(self) -> float | None:
        """Last trade, dollars."""
        return self.quote.last

    @property
    def volume(self) -> int | None:
        """Shares traded today."""
        return self.quote.volume


@dataclass(frozen=True, slots=True)
class Scan:
    """A ranking: what is measured, which end comes first, and whether only one sign counts."""

    title: str
    measure: Measure
    highest_first: bool = True
    one_sign: bool = False

    def rank(self, candidates: list[Candidate]) -> list[Instrument]:
        """The instruments found, first rank first; equal ones by symbol."""
        found: list[tuple[float, str, Instrument]] = []
        for each in candidates:
            value = self.measure(each)
            if value is None:
                continue
            height = value if self.highest_first else -value
            if height > 0 or not self.one_sign:
                found.append((-height, each.instrument.symbol, each.instrument))
        return [instrument for _, _, instrument in sorted(found, key=lambda row: row[:2])]


def change_pct(each: Candidate) -> float | None:
    """Last trade against the previous close, per cent."""
    return _pct(each.quote.last, each.quote.close)


def _open_gap_pct(each: Candidate) -> float | None:
    return _pct(each.quote.open, each.quote.close)


def _since_open_pct(each: Candidate) -> float | None:
    return _pct(each.quote.last, each.quote.open)


def _volume(each: Candidate) -> float | None:
    return each.volume


def _turnover(each: Candidate) -> float | None:
    if each.volume is None or each.price is None:
        return None
    return each.volume * each.price


def average_volume(each: Candidate) -> float | None:
    """Mean shares a day of up to 90 sessions before today."""
    session = each.world.calendar.latest(each.at_s)
    daily = each.market.paths[each.instrument.prices].daily
    before = [bar.volume for day, bar in daily.items() if session and day < session.date]
    known = [volume for volume in before[-_AVERAGE_DAYS:] if volume]
    return mean(known) if known else None


def _relative_volume(each: Candidate) -> float | None:
    usual = average_volume(each)
    return None if each.volume is None or not usual else each.volume / usual


def _implied_vol(each: Candidate) -> float | None:
    return each.market.at_the_money_vol(each.instrument.symbol)


def _option_volumes(each: Candidate) -> dict[str, int]:
    book = each.world.book
    found = {"C": 0, "P": 0}
    for option in book.chain(each.instrument.symbol):
        found[option.right] += book.row(option).volume or 0
    return found


def _option_volume(each: Candidate) -> float | None:
    return sum(_option_volumes(each).values()) or None


def _put_call_ratio(each: Candidate) -> float | None:
    volumes = _option_volumes(each)
    return volumes["P"] / volumes["C"] if volumes["C"] else None


def _pct(now: float | None, before: float | None) -> float | None:
    return None if now is None or not before else (now / before - 1) * 100


SCANS: Final[dict[str, Scan]] = {
    "TOP_PERC_GAIN": Scan("Gained most, per cent", change_pct, one_sign=True),
    "TOP_PERC_LOSE": Scan("Lost most, per cent", change_pct, highest_first=False, one_sign=True),
    "MOST_ACTIVE": Scan("Most shares traded", _volume),
    "MOST_ACTIVE_USD": Scan("Most dollars traded", _turnover),
    "HOT_BY_VOLUME": Scan("Most shares against their average", _relative_volume),
    "TOP_OPEN_PERC_GAIN": Scan("Gained most since the opening", _since_open_pct, one_sign=True),
    "TOP_OPEN_PERC_LOSE": Scan(
        "Lost most since the opening", _since_open_pct, highest_first=False, one_sign=True
    ),
    "HIGH_OPEN_GAP": Scan("Opened highest above the close", _open_gap_pct, one_sign=True),
    "LOW_OPEN_GAP": Scan(
        "Opened lowest below the close", _open_gap_pct, highest_first=False, one_sign=True
    ),
    "HIGH_OPT_IMP_VOLAT": Scan("Highest implied volatility", _implied_vol),
    "LOW_OPT_IMP_VOLAT": Scan("Lowest implied volatility", _implied_vol, highest_first=False),
    "OPT_VOLUME_MOST_ACTIVE": Scan("Most options traded", _option_volume),
    "HIGH_OPT_VOLUME_PUT_CALL_RATIO": Scan("Most puts against calls", _put_call_ratio),
    "LOW_OPT_VOLUME_PUT_CALL_RATIO": Scan(
        "Fewest puts against calls", _put_call_ratio, highest_first=False
    ),
}

# Filter options by tag: what is measured, and whether it must lie above the value given.
FILTERS: Final[dict[str, tuple[Measure, bool]]] = {
    "priceAbove": (lambda each: each.price, True),
    "priceBelow": (lambda each: each.price, False),
    "volumeAbove": (_volume, True),
    "volumeBelow": (_volume, False),
    "usdVolumeAbove": (_turnover, True),
    "usdVolumeBelow": (_turnover, False),
    "avgVolumeAbove": (average_volume, True),
    "avgVolumeBelow": (average_volume, False),
    "changePercAbove": (change_pct, True),
    "changePercBelow": (change_pct, False),
    "openGapPercAbove": (_open_gap_pct, True),
    "openGapPercBelow": (_open_gap_pct, False),
    "impVolatAbove": (lambda each: _times(_implied_vol(each), 100), True),
    "impVolatBelow": (lambda each: _times(_implied_vol(each), 100), False),
}


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def passes(each: Candidate, tag: str, bound: float) -> bool:
    """Whether a candidate passes one filter; what is unknown does not."""
    measure, above = FILTERS[tag]
    value = measure(each)
    if value is None:
        return False
    return value >= bound if above else value <= bound
