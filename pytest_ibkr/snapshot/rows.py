"""Typed rows of a snapshot: bars, options, sessions; imports the standard library only.

Prices are floats as the file has them: dollars per share. Unknown is ``None``.
Times are aware: exchange time of the symbol they belong to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a block of data came from."""

    origin: Literal["captured", "imported", "synthetic"]
    detail: str


@dataclass(frozen=True, slots=True)
class TradingSession:
    """One calendar day of the exchange (XNYS).

    ``date`` is ``YYYYMMDD``; ``open`` and ``close`` are both ``None`` on a day without
    a session, and ``close`` is 13:00 exchange time on a half day.
    """

    date: str
    open: datetime | None
    close: datetime | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of trades.

    ``start`` is the bar's first instant (daily bars: the session's date at 00:00),
    prices are dollars per share, ``volume`` shares, ``wap`` the volume-weighted average
    price and ``bar_count`` the number of trades.
    """

    start: datetime
    open: float
    high: float
    low: float
    close: float
    volume: int | None
    wap: float | None
    bar_count: int | None


@dataclass(frozen=True, slots=True)
class OptionRow:
    """One option at the captured instant.

    ``expiry`` is ``YYYYMMDD``; prices are dollars per share, times ``multiplier`` for
    one contract; sizes, volume and open interest count contracts; ``implied_vol`` is a
    decimal fraction, ``theta`` per calendar day, ``vega`` per percentage point.
    """

    con_id: int
    symbol: str
    right: Literal["C", "P"]
    strike: float
    expiry: str
    trading_class: str
    multiplier: int
    bid: float | None
    ask: float | None
    last: float | None
    bid_size: int | None
    ask_size: int | None
    volume: int | None
    open_interest: int | None
    implied_vol: float | None
    delta: float | None
    gamma: float | None
    theta: float | None
    vega: float | None
    last_size: int | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None  # of the previous session
    option_price: float | None = None  # the model's
    underlying_price: float | None = None  # that the model used


def parse_bar_date(text: str, zone: ZoneInfo) -> datetime:
    """``20260710  09:30:00`` or ``20260710`` as an aware time in ``zone``.

    Raises:
        ValueError: the digits are no date or no time of day.
    """
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:8])
    if len(text) == 8:
        return datetime(year, month, day, tzinfo=zone)
    clock = int(text[10:12]), int(text[13:15]), int(text[16:18])
    return datetime(year, month, day, *clock, tzinfo=zone)


def format_bar_date(start: datetime, *, daily: bool) -> str:
    """The opposite of :func:`parse_bar_date`; two blanks between date and time."""
    return start.strftime("%Y%m%d" if daily else "%Y%m%d  %H:%M:%S")


def bar_from_row(row: dict[str, Any], zone: ZoneInfo) -> Bar:
    """A typed bar from a validated row of the file."""
    return Bar(
        parse_bar_date(row["date"], zone),
        row["open"],
        row["high"],
        row["low"],
        row["close"],
        row["volume"],
        row["wap"],
        row["barCount"],
    )


def option_from_row(row: dict[str, Any]) -> OptionRow:
    """A typed option from a validated row of the file."""
    contract, quote, greeks = row["contract"], row["marketData"], row["greeks"]
    return OptionRow(
        con_id=contract["conId"],
        symbol=contract["symbol"],
        right=contract["right"],
        strike=contract["strike"],
        expiry=contract["expiry"],
        trading_class=contract["tradingClass"],
        multiplier=contract["multiplier"],
        bid=quote["bid"],
        ask=quote["ask"],
        last=quote["last"],
        bid_size=quote["bidSize"],
        ask_size=quote["askSize"],
        volume=quote["volume"],
        open_interest=quote["openInterest"],
        implied_vol=greeks["impliedVolatility"],
        delta=greeks["delta"],
        gamma=greeks["gamma"],
        theta=greeks["theta"],
        vega=greeks["vega"],
        last_size=quote["lastSize"],
        high=quote["high"],
        low=quote["low"],
        close=quote["close"],
        option_price=greeks["optionPrice"],
        underlying_price=greeks["underlyingPrice"],
    )


def row_from_bar(bar: Bar, *, daily: bool) -> dict[str, Any]:
    """The file's row of a bar; the opposite of :func:`bar_from_row`."""
    return {
        "date": format_bar_date(bar.start, daily=daily),
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "volume": bar.volume,
        "wap": bar.wap,
        "barCount": bar.bar_count,
    }


def row_from_option(option: OptionRow) -> dict[str, Any]:
    """The file's row of an option; the opposite of :func:`option_from_row`."""
    return {
        "contract": {
            "conId": option.con_id,
            "symbol": option.symbol,
            "right": option.right,
            "strike": option.strike,
            "expiry": option.expiry,
            "tradingClass": option.trading_class,
            "multiplier": option.multiplier,
        },
        "marketData": {
            "bid": option.bid,
            "ask": option.ask,
            "last": option.last,
            "high": option.high,
            "low": option.low,
            "close": option.close,
            "bidSize": option.bid_size,
            "askSize": option.ask_size,
            "lastSize": option.last_size,
            "volume": option.volume,
            "openInterest": option.open_interest,
        },
        "greeks": {
            "impliedVolatility": option.implied_vol,
            "delta": option.delta,
            "gamma": option.gamma,
            "vega": option.vega,
            "theta": option.theta,
            "optionPrice": option.option_price,
            "underlyingPrice": option.underlying_price,
        },
    }
