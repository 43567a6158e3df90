"""Small snapshots for tests, made of typed parts."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_ibkr.snapshot.compose import Head, Identity, Quote, SymbolParts, snapshot
from pytest_ibkr.snapshot.con_ids import OptionKey, option_con_id
from pytest_ibkr.snapshot.model import EXCHANGE_ZONE, Snapshot
from pytest_ibkr.snapshot.rows import Bar, OptionRow, Provenance, TradingSession

FIXTURES = Path(__file__).parents[2] / "fixtures" / "ibkr_snapshots"
NORMAL = FIXTURES / "snapshot_normal_20260710_160000.json"
FULL = FIXTURES / "snapshot_full_20260710_160000.json.gz"

AT = datetime(2026, 2, 6, 14, 0, tzinfo=EXCHANGE_ZONE)
MADE_UP = Provenance("synthetic", "made up for a test")


def bar(hours: int = 0, **values: Any) -> Bar:
    fields: dict[str, Any] = {
        "start": AT - timedelta(hours=hours),
        "open": 10.0,
        "high": 11.0,
        "low": 9.0,
        "close": 10.5,
        "volume": 100,
        "wap": None,
        "bar_count": None,
    }
    return Bar(**{**fields, **values})


def option(strike: float = 100.0, **values: Any) -> OptionRow:
    fields: dict[str, Any] = {
        "con_id": option_con_id(OptionKey("ABC", "20260213", "C", strike, "ABC")),
        "symbol": "ABC",
        "right": "C",
        "strike": strike,
        "expiry": "20260213",
        "trading_class": "ABC",
        "multiplier": 100,
        "bid": 1.0,
        "ask": 1.1,
        "last": None,
        "bid_size": 5,
        "ask_size": 7,
        "volume": None,
        "open_interest": 40,
        "implied_vol": 0.2,
        "delta": 0.5,
        "gamma": 0.05,
        "theta": -0.1,
        "vega": 0.1,
    }
    return OptionRow(**{**fields, **values})


def symbol(*, bars: int = 20, options: int = 10, **values: Any) -> SymbolParts:
    """A stock ABC: hourly bars of the last ``bars`` hours, ``options`` strikes from 100."""
    identity: dict[str, Any] = {
        "symbol": "ABC",
        "con_id": 4321,
        "sec_type": "STK",
        "exchange": "SMART",
        "primary_exchange": "ARCA",
        "currency": "USD",
        "local_symbol": "ABC",
        "trading_class": "ABC",
        "long_name": "ABC INC",
        "stock_type": "COMMON",
        "isin": None,
        "min_tick": 0.01,
        "time_zone": "America/New_York",
    }
    price = values.pop("price", 102.5)
    chain = values.pop("chain", [option(100.0 + number) for number in range(options)])
    return SymbolParts(
        identity=Identity(**{**identity, **values}),
        quote=Quote(price=price, price_source=None if price is None else "last", last=price),
        bars={"1 hour": [bar(hours) for hours in range(bars, 0, -1)]} if bars else {},
        chain=chain,
        provenance={"optionChain": MADE_UP},
    )


def small(*symbols: SymbolParts, **values: Any) -> Snapshot:
    """A complete snapshot of one symbol, unless told otherwise."""
    fields: dict[str, Any] = {
        "scenario": "test",
        "captured_at": AT,
        "account": "DU0000017",
        "market_session": "rth",
        "market_data_type": 1,
        "vix": None,
        "source": "mock",
        "sessions": [
            TradingSession("20260206", AT.replace(hour=9, minute=30), AT.replace(hour=16)),
            TradingSession("20260207", None, None),
        ],
        "provenance": {"sessions": MADE_UP},
    }
    return snapshot(Head(**{**fields, **values}), list(symbols) or [symbol()])
