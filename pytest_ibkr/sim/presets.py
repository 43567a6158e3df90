"""Instruments to be had by name, all synthetic: futures, an index, a pair, a bond, a CFD.

The S&P 500 ones follow the snapshot's SPY. Pure; the numbers here are made up where a comment
names no source.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pytest_ibkr.sim.futures import quarterly_months
from pytest_ibkr.sim.listing import Bond, Follows, Listing, Walks

Preset = Callable[[str], tuple[Listing, ...]]

INDEX_RATIO: Final = 10.0  # index points per dollar of SPY; the real ratio is about 10.03
CARRY: Final = 0.03  # interest less dividends, a year
_MONTHS: Final = 5  # quarterly months listed at a time
_OPENING: Final = "08:30 US/Central"  # gateway-behaviour.md 2.2: the form of an expiry


def _index(family: str, symbol: str, exchange: str, *, options: bool = False) -> Listing:
    return Listing(
        family=family,
        symbol=symbol,
        sec_type="IND",
        source=Follows("SPY", INDEX_RATIO),
        exchange=exchange,
        primary_exchange=exchange,
        currency="USD",
        local_symbol=symbol,
        trading_class=symbol,
        long_name="S&P 500 Stock Index",
        min_tick=0.01,
        time_zone="US/Central",
        spread=None,
        options=options,
    )


def _futures(symbol: str, long_name: str, *, multiplier: int, share: float, size: int) -> Preset:
    def listed(today: str) -> tuple[Listing, ...]:
        months = quarterly_months(today, count=_MONTHS)
        found = [_index(f"{symbol}.IND", symbol, "CME")]
        for place, month in enumerate(months):
            busy = 1.0 if place == 1 else 0.02  # nearly all trades are in the next month
            found.append(
                Listing(
                    family=f"{symbol}{month.code}",
                    symbol=symbol,
                    sec_type="FUT",
                    source=Follows("SPY", INDEX_RATIO, CARRY, month.expiry, share * busy),
                    exchange="CME",
                    valid_exchanges="CME,QBALGO",
                    currency="USD",
                    local_symbol=f"{symbol}{month.code}",
                    trading_class=symbol,
                    long_name=long_name,
                    min_tick=0.25,
                    time_zone="US/Central",
                    spread=0.25,
                    con_id=0,
                    size=size,
                    multiplier=multiplier,
                    expiry=month.expiry,
                    expiry_time=_OPENING,
                    contract_month=month.month,
                    expired=month.expiry < today,
                    underlying=f"{symbol}.IND",
                )
            )
        return tuple(found)

    return listed


def _spx(_today: str) -> tuple[Listing, ...]:
    return (_index("SPX", "SPX", "CBOE", options=True),)


def _euro(_today: str) -> tuple[Listing, ...]:
    pair = Listing(
        family="EUR.USD",
        symbol="EUR",
        sec_type="CASH",
        source=Walks(1.17, yearly_vol=0.07),
        exchange="IDEALPRO",
        currency="USD",
        local_symbol="EUR.USD",
        trading_class="EUR.USD",
        long_name="European Monetary Union Euro",
        min_tick=0.00005,  # gateway-behaviour.md 2.2
        quote_tick=0.00001,  # appendix A: message 81 of this pair
        time_zone="US/Eastern",
        spread=0.00002,
        size=1_000_000,
    )
    return (pair,)


def _bond(today: str) -> tuple[Listing, ...]:
    year = int(today[:4])
    bond = Bond(
        "912SYN100", 4.25, f"{year + 9}0515", f"{year - 1}0515", "Aaa", "US TREASURY", "e0000001"
    )
    listing = Listing(
        family="US-T",
        symbol="US-T",
        sec_type="BOND",
        source=Walks(98.5, yearly_vol=0.05),
        exchange="SMART",
        currency="USD",
        local_symbol="US-T",
        trading_class="US-T",
        long_name=f"United States Treasury 4.25% 05/15/{year + 9}",
        min_tick=1 / 64,
        quote_tick=1 / 64,
        time_zone="US/Eastern",
        spread=1 / 32,
        size=1000,
        bond=bond,
    )
    return (listing,)


def _share_cfd(_today: str) -> tuple[Listing, ...]:
    """A CFD on the stock; its names are not captured."""
    cfd = Listing(
        family="SPY.CFD",
        symbol="SPY",
        sec_type="CFD",
        source=Follows("SPY", 1.0),
        exchange="SMART",
        currency="USD",
        local_symbol="SPY",
        trading_class="SPY",
        long_name="SPDR S&P 500 ETF Trust",
        min_tick=0.01,
        time_zone="US/Eastern",
        spread=0.01,
        size=100,
        underlying="SPY",
    )
    return (cfd,)


PRESETS: Final[dict[str, Preset]] = {
    "ES": _futures("ES", "E-mini S&P 500", multiplier=50, share=0.03, size=30),
    "MES": _futures(
        "MES", "Micro E-Mini S&P 500 Stock Price Index", multiplier=5, share=0.02, size=60
    ),
    "SPX": _spx,
    "EUR.USD": _euro,
    "US-T": _bond,
    "SPY.CFD": _share_cfd,
}
