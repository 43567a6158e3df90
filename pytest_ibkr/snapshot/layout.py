"""The shape of a snapshot file, key by key, for validation and for the published schema.

Imports pydantic and nothing else of this package; values stay what JSON made of them.
Keys keep the spelling of the source format (``historicalBars``, ``currentPrice``), so
a consumer of that format reads our files unchanged.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic refuses typing's own before Python 3.12

SCHEMA_VERSION = 2
SCENARIO = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
MAX_CON_ID = 2**31 - 1  # contract ids are signed 32-bit on the wire
MAX_PRICE = 1e7  # the dearest stock there is costs less than a tenth of it

# No coercion: a number in quotes, a NaN or a misspelt key is an error, not a guess.
_STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

BarSize = Literal["5 mins", "1 hour", "1 day"]
Origin = Literal["captured", "imported", "synthetic"]


def _aware(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("has no UTC offset")
    return text


def _naive(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is not None:
        raise ValueError("has a UTC offset, local time is meant")
    return text


def _day(text: str) -> str:
    date.fromisoformat(text[:8])  # 20260230 passes every pattern
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError) as exc:
        raise ValueError("is no known time zone") from exc
    return text


AwareTime = Annotated[str, AfterValidator(_aware), Field(json_schema_extra={"format": "date-time"})]
LocalTime = Annotated[str, AfterValidator(_naive)]
Day = Annotated[str, Field(pattern=r"^[0-9]{8}$"), AfterValidator(_day)]
BarDate = Annotated[
    str,
    Field(pattern=r"^[0-9]{8}(  ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])?$"),
    AfterValidator(_day),
]
TimeZone = Annotated[str, AfterValidator(_zone)]
ConId = Annotated[int, Field(gt=0, le=MAX_CON_ID)]
Size = Annotated[int, Field(ge=0)] | None
# Dollars per share; null = not known, 0.0 = a quote of zero.
Price = Annotated[float, Field(ge=0, le=MAX_PRICE)] | None
Paid = Annotated[float, Field(gt=0, le=MAX_PRICE)]  # what was traded at: never for nothing
Text = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]*$")]  # the wire ends fields with NUL
Tick = Annotated[float, Field(ge=1e-6, le=1000)]


@with_config(_STRICT)
class ProvenanceRow(TypedDict):
    """Where a block came from; synthetic data never says it was captured."""

    origin: Origin
    detail: str


@with_config(_STRICT)
class ErrorRow(TypedDict):
    """A gateway message met while capturing. ``requestId`` null: about the session."""

    requestId: int | None
    code: int
    text: str


@with_config(_STRICT)
class SessionRow(TypedDict):
    """One calendar day of the exchange; both times null on a day without a session."""

    date: Day
    open: AwareTime | None
    close: AwareTime | None


@with_config(_STRICT)
class BarRow(TypedDict):
    """One bar, stamped with its start in the block's ``timeZone``.

    ``YYYYMMDD  HH:MM:SS`` (two blanks), daily bars ``YYYYMMDD``. Prices in dollars,
    ``volume`` in shares, ``wap`` the volume-weighted average price.
    """

    date: BarDate
    open: Paid
    high: Paid
    low: Paid
    close: Paid
    volume: Size
    wap: Price
    barCount: Size


@with_config(_STRICT)
class OptionContractRow(TypedDict):
    """What identifies an option; ``multiplier`` in shares per contract."""

    conId: ConId
    symbol: Text
    right: Literal["C", "P"]
    strike: Annotated[float, Field(gt=0)]
    expiry: Day
    tradingClass: Text
    multiplier: Annotated[int, Field(gt=0)]


@with_config(_STRICT)
class OptionQuoteRow(TypedDict):
    """Quote of one option, dollars per share; sizes, volume and interest in contracts."""

    bid: Price
    ask: Price
    last: Price
    high: Price
    low: Price
    close: Price
    bidSize: Size
    askSize: Size
    lastSize: Size
    volume: Size
    openInterest: Size


@with_config(_STRICT)
class GreeksRow(TypedDict):
    """Model values; volatility a decimal fraction, theta per day, vega per point."""

    impliedVolatility: float | None
    delta: float | None
    gamma: float | None
    vega: float | None
    theta: float | None
    optionPrice: Price
    underlyingPrice: Price


@with_config(_STRICT)
class OptionEntry(TypedDict):
    """One row of a chain."""

    contract: OptionContractRow
    marketData: OptionQuoteRow
    greeks: GreeksRow


@with_config(_STRICT)
class SymbolEntry(TypedDict):
    """One underlying: who it is, its quote, its bars, its chain.

    ``open``, ``high``, ``low`` and ``volume`` are the day's up to the captured instant,
    ``close`` is the previous session's close. ``historicalBars`` are the hourly bars of
    the last five sessions, ``bars`` everything known, by bar size.
    """

    conId: ConId
    secType: Literal["STK", "IND"]
    exchange: Text
    primaryExchange: Text
    currency: Text
    localSymbol: Text
    tradingClass: Text
    longName: Text
    stockType: Text
    isin: Text | None
    minTick: Tick
    timeZone: TimeZone
    currentPrice: Paid | None
    priceSource: Literal["last", "mid", "close"] | None
    bid: Price
    ask: Price
    last: Paid | None
    bidSize: Size
    askSize: Size
    lastSize: Size
    open: Paid | None
    high: Paid | None
    low: Paid | None
    close: Paid | None
    volume: Size
    provenance: dict[str, ProvenanceRow]
    historicalBars: list[BarRow]
    bars: dict[BarSize, list[BarRow]]
    optionChain: list[OptionEntry]


@with_config(_STRICT)
class SnapshotFile(TypedDict):
    """A market at one instant, with the bars that led to it.

    ``timestamp`` is the captured instant as exchange-local time without offset, as the
    source format has it; ``capturedAtUtc`` and ``capturedAtExchange`` say it with one.
    """

    schemaVersion: Literal[2]
    scenario: Annotated[str, Field(pattern=rf"^{SCENARIO.pattern}$")]
    timestamp: LocalTime
    capturedAtUtc: AwareTime
    capturedAtExchange: AwareTime
    account: str
    marketSession: Literal["pre", "rth", "post", "closed"]
    marketDataType: Annotated[int, Field(ge=1, le=4)]
    vix: float | None
    source: Literal["gateway", "imported", "mock"]
    complete: bool
    issues: list[str]
    errors: list[ErrorRow]
    provenance: dict[str, ProvenanceRow]
    sessions: list[SessionRow]
    symbols: dict[str, SymbolEntry]


ADAPTER: TypeAdapter[SnapshotFile] = TypeAdapter(SnapshotFile)


def json_schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12), generated from the classes above."""
    schema = ADAPTER.json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "pytest-ibkr snapshot, version 2",
        **{key: value for key, value in schema.items() if key != "title"},
    }
