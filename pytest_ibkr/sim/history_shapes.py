"""Turns bars of trades into what was asked to be shown: quotes' bars, averages, units, dates.

Pure. Source: gateway-behaviour.md 2.5 ("Volume units", "MIDPOINT/BID/ASK/BID_ASK", "Bar date").
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pytest_ibkr.sim.calendar import EXCHANGE_ZONE
from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.sim.day_path import Window
from pytest_ibkr.sim.history_bars import BarRow
from pytest_ibkr.sim.history_request import DAY_S
from pytest_ibkr.sim.lots import hmds_size
from pytest_ibkr.sim.option_grid import least_trade
from pytest_ibkr.sim.times import zone_named
from pytest_ibkr.wire.messages.history import HistoricalBar
from pytest_ibkr.wire.versions import ZONED_TIMES

_SHARES_A_TRADE: Final = 90  # measured on the captured one-minute bars of SPY (paper log)
_UNKNOWN: Final = -1
TRADE_BARS: Final = frozenset({"TRADES", "ADJUSTED_LAST"})
SHOWN: Final = TRADE_BARS | {"MIDPOINT", "BID", "ASK", "BID_ASK"}


def shape(window: Window, what: str, spread: float) -> tuple[float, float, float, float]:
    """Open, high, low, close of what is shown, from trades and the spread around them."""
    prices = (window.open, window.high, window.low, window.close)
    if what in TRADE_BARS:
        return prices
    shift = {"BID": -spread / 2, "ASK": spread / 2}.get(what, 0.0)
    if what != "BID_ASK":
        opened, high, low, close = (max(0.0, round(x + shift, 6)) for x in prices)
        return opened, high, low, close
    middle = sum(prices) / 4
    return (
        max(0.0, round(middle - spread / 2, 6)),
        round(window.high + spread / 2, 6),
        max(0.0, round(window.low - spread / 2, 6)),
        round(middle + spread / 2, 6),
    )


def message(
    row: BarRow, instrument: Instrument, *, what: str, spread: float, date: str, version: int
) -> HistoricalBar:
    """One bar as message 17 carries it."""
    window = row.window
    volume, wap, count = _UNKNOWN, float(_UNKNOWN), _UNKNOWN
    if what in TRADE_BARS:
        window = _at_least_a_tick(window, instrument)
        volume, wap, count = _traded(window, instrument, version=version)
    opened, high, low, close = shape(window, what, spread)
    return HistoricalBar(
        date=date,
        open=opened,
        high=high,
        low=low,
        close=close,
        volume=volume,
        wap=wap,
        count=count,
    )


def _at_least_a_tick(window: Window, instrument: Instrument) -> Window:
    """A bar of trades: what an option is worth may round to nothing, what is paid may not."""
    least = least_trade(instrument) if instrument.sec_type == "OPT" else 0.0
    if window.low >= least:
        return window
    prices = (window.open, window.high, window.low, window.close)
    opened, high, low, close = (max(least, price) for price in prices)
    return window._replace(open=opened, high=high, low=low, close=close)


def _traded(window: Window, instrument: Instrument, *, version: int) -> tuple[int, float, int]:
    """Volume, average and trade count; the two last are made up where a bar lacks them."""
    shares = window.volume or 0
    if not shares:
        return 0, 0.0 if instrument.sec_type == "IND" else window.close, 0
    wap = window.wap
    if wap is None:
        wap = round((window.open + window.high + window.low + window.close) / 4, 3)
    trades = window.trades
    if trades is None:
        per_trade = _SHARES_A_TRADE if instrument.sec_type == "STK" else 3
        trades = max(1, shares // per_trade)
    return hmds_size(shares, instrument, version=version), wap, trades


def bar_date(row: BarRow, bar_s: int, *, date_format: int, version: int, zone: str) -> str:
    """When a bar began: daily and longer bars a date, others by the format asked for."""
    if bar_s >= DAY_S:
        return row.date
    if date_format == 2:
        return str(int(row.start_s))
    text = moment(row.start_s, version=version, zone=zone)
    return text[4:] if date_format == 3 else text


def moment(at_s: float, *, version: int, zone: str) -> str:
    """``20260710 09:30:00 US/Eastern``; before server version 174 local with two blanks."""
    if version < ZONED_TIMES:
        return f"{datetime.fromtimestamp(at_s, EXCHANGE_ZONE):%Y%m%d  %H:%M:%S}"
    return f"{datetime.fromtimestamp(at_s, zone_named(zone)):%Y%m%d %H:%M:%S} {zone}"
