"""Small markets of many days, written for tests: one stock, a volatility index, a few bars."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from pytest_ibkr.sim.market_days import MarketDays
from pytest_ibkr.snapshot.day_calendar import DayCalendar
from tests.snapshot.samples import FIXTURES

SUMMER = FIXTURES / "days_summer_2026"
FIRST, LAST = "20260622", "20260710"
HOLIDAY = "20260703"
CALENDAR = DayCalendar([HOLIDAY], ["20261127"], closed_weight=0.1)


@cache
def summer() -> MarketDays:
    """The committed market of eight weeks."""
    return MarketDays(SUMMER)


def facts(**values: Any) -> dict[str, Any]:
    """Contract details of a stock."""
    return {
        "conId": 756733,
        "secType": "STK",
        "exchange": "SMART",
        "primaryExchange": "ARCA",
        "tradingClass": "SPY",
        "longName": "SPDR",
        "stockType": "ETF",
        "isin": None,
        "minTick": 0.01,
        "timeZone": "America/New_York",
        **values,
    }


def document(**values: Any) -> dict[str, Any]:
    """A ``days.json`` that is all right; ``values`` replace keys of it."""
    index = facts(conId=13455763, secType="IND", exchange="CBOE", tradingClass="VIX")
    return {
        "schemaVersion": 1,
        "name": "small",
        "first": FIRST,
        "last": LAST,
        "seed": 7,
        "closed": [HOLIDAY],
        "halfDays": [],
        "bars": [
            {"file": "days.csv", "size": "1 day", "origin": "imported", "detail": "a test"},
        ],
        "surface": "surface.json",
        "volatilityIndex": "VIX",
        "extendStored": True,
        "notListed": [],
        "symbols": {"SPY": facts(), "VIX": index},
        **values,
    }


def surface(**values: Any) -> dict[str, Any]:
    """A surface file for SPY; ``values`` replace keys of the symbol's part."""
    committed = json.loads((SUMMER / "surface.json").read_text("utf-8"))
    own = {**committed["symbols"]["SPY"], **values}
    return {**committed, "symbols": {"SPY": own}}


def daily_rows(symbols: Mapping[str, float], *, without: Iterable[str] = ()) -> list[str]:
    """One line per symbol and trading day; ``without`` holds ``SPY 20260623``."""
    left_out = set(without)
    rows = []
    for symbol, price in symbols.items():
        for number, day in enumerate(CALENDAR.trading("20260601", LAST)):
            if f"{symbol} {day}" not in left_out:
                close = price * (1 + 0.004 * (number % 5 - 2))
                start = datetime.strptime(day, "%Y%m%d").date()  # noqa: DTZ007 - a date
                rows.append(
                    f"{symbol},{start} 00:00:00-04:00,{close:.2f},{close * 1.01:.2f}"
                    f",{close * 0.99:.2f},{close:.2f},1000000"
                )
    return rows


def five_minutes(symbol: str, day: str, price: float) -> list[str]:
    """The 78 bars of one session, each half a cent-percent wide."""
    start = datetime.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}T09:30:00-04:00")
    rows = []
    for number in range(78):
        at = start + timedelta(minutes=5 * number)
        rows.append(
            f"{symbol},{at.isoformat(sep=' ')},{price:.2f},{price + 0.1:.2f}"
            f",{price - 0.1:.2f},{price:.2f},1000"
        )
    return rows


def write(directory: Path, *, without: Iterable[str] = (), **values: Any) -> Path:
    """A small market on disk; ``values`` replace keys of its ``days.json``."""
    directory.mkdir(parents=True, exist_ok=True)
    header = "symbol,start,open,high,low,close,volume"
    rows = daily_rows({"SPY": 750.0, "VIX": 16.0}, without=without)
    (directory / "days.csv").write_text("\n".join([header, *rows]) + "\n", "utf-8")
    (directory / "surface.json").write_text(json.dumps(surface()), "utf-8")
    (directory / "days.json").write_text(json.dumps(document(**values)), "utf-8")
    return directory
