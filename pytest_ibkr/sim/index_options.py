"""Options of a made-up cash index, from the options of what it follows; pure.

A value homogeneous in spot and strike (Black 1976) is scaled with both, so volatilities and
deltas are the followed chain's own. Synthetic throughout. Two classes, as on the real index:
the weekly one settles at its day's close, the monthly one at the opening of the third Friday
and trades until the day before (cboe.com, contract specifications of SPX).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from pytest_ibkr.sim.futures import third_friday
from pytest_ibkr.sim.instruments import Instrument, from_row, osi_symbol
from pytest_ibkr.sim.listing import Follows, Listing, listed_option_con_id
from pytest_ibkr.snapshot.model import SymbolBlock
from pytest_ibkr.snapshot.rows import OptionRow, TradingSession

INDEX_OPTION_EXCHANGES = "SMART,CBOE,IBUSOPT"


def index_rows(
    listing: Listing, followed: SymbolBlock, sessions: Iterable[TradingSession]
) -> tuple[OptionRow, ...]:
    """Rows of the weekly class for every followed row, of the monthly one where it falls due."""
    source = listing.source
    if not listing.options or not isinstance(source, Follows):
        return ()
    open_days = {day.date for day in sessions if day.open is not None}
    classes: dict[str, list[tuple[str, str]]] = {}
    taken: set[int] = set()
    found = []
    for row in followed.option_chain:
        due = classes.get(row.expiry)
        if due is None:
            due = classes[row.expiry] = [(f"{listing.symbol}W", row.expiry)]
            if row.expiry == _monthly(row.expiry):
                due.append((listing.symbol, _day_before(row.expiry, open_days)))
        for trading_class, expiry in due:
            key = f"{trading_class}|{expiry}|{row.right}|{row.strike * source.ratio:g}"
            own = _Own(listed_option_con_id(key, taken), listing.symbol, trading_class, expiry)
            found.append(_scaled(row, source.ratio, own))
    return tuple(found)


class _Own(NamedTuple):
    """What a scaled row does not have from the one it follows."""

    con_id: int
    symbol: str
    trading_class: str
    expiry: str


def _monthly(expiry: str) -> str:
    return f"{third_friday(int(expiry[:4]), int(expiry[4:6])):%Y%m%d}"


def _day_before(expiry: str, open_days: set[str]) -> str:
    """The last session before an expiry; the calendar day before where no table tells."""
    day = date(int(expiry[:4]), int(expiry[4:6]), int(expiry[6:8]))
    for days in range(1, 5):
        before = f"{day - timedelta(days=days):%Y%m%d}"
        if before in open_days:
            return before
    return f"{day - timedelta(days=1):%Y%m%d}"


def _scaled(row: OptionRow, ratio: float, own: _Own) -> OptionRow:
    def times(value: float | None, factor: float = ratio) -> float | None:
        return None if value is None else round(value * factor, 9)

    return OptionRow(
        con_id=own.con_id,
        symbol=own.symbol,
        right=row.right,
        strike=round(row.strike * ratio, 6),
        expiry=own.expiry,
        trading_class=own.trading_class,
        multiplier=row.multiplier,
        bid=times(row.bid),
        ask=times(row.ask),
        last=times(row.last),
        bid_size=row.bid_size,
        ask_size=row.ask_size,
        volume=row.volume,
        open_interest=row.open_interest,
        implied_vol=row.implied_vol,
        delta=row.delta,
        gamma=times(row.gamma, 1 / ratio),
        theta=times(row.theta),
        vega=times(row.vega),
        last_size=row.last_size,
        high=times(row.high),
        low=times(row.low),
        close=times(row.close),
        option_price=times(row.option_price),
        underlying_price=times(row.underlying_price),
    )


def index_option(underlying: Instrument, row: OptionRow) -> Instrument:
    """The instrument of a row; a class named like the index settles in the morning."""
    monthly = row.trading_class == underlying.symbol
    real = _monthly(row.expiry) if monthly else row.expiry
    return replace(
        from_row(underlying, row),
        local_symbol=osi_symbol(row, real),
        min_tick=0.05,
        time_zone="US/Central",
        valid_exchanges=INDEX_OPTION_EXCHANGES,
        penny=False,
        nickel=True,
        family=underlying.prices,
        real_expiry=real,
        am_settled=monthly,
        synthetic=True,
    )
