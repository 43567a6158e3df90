"""Puts typed parts together into a snapshot; pure, imports this package only.

Importers and captures meet here, so there is one place that knows how a quote, bars
and a chain become the file's blocks, and no way around validation and masking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pytest_ibkr.snapshot.bars import last_sessions
from pytest_ibkr.snapshot.check import check
from pytest_ibkr.snapshot.layout import SCHEMA_VERSION
from pytest_ibkr.snapshot.model import EXCHANGE_ZONE, Snapshot
from pytest_ibkr.snapshot.redact import mask_account, mask_accounts
from pytest_ibkr.snapshot.rows import (
    Bar,
    OptionRow,
    Provenance,
    TradingSession,
    row_from_bar,
    row_from_option,
)
from pytest_ibkr.snapshot.store import check_scenario, parse
from pytest_ibkr.snapshot.text import dumps

HISTORY_SESSIONS = 5  # what the source format keeps in historicalBars


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who an underlying is, as contract details say it."""

    symbol: str
    con_id: int
    sec_type: Literal["STK", "IND"]
    exchange: str
    primary_exchange: str
    currency: str
    local_symbol: str
    trading_class: str
    long_name: str
    stock_type: str
    isin: str | None
    min_tick: float
    time_zone: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """An underlying at the captured instant; see ``model.SymbolBlock`` for the units."""

    price: float | None
    price_source: Literal["last", "mid", "close"] | None
    bid: float | None = None
    ask: float | None = None
    last: float | None = None
    bid_size: int | None = None
    ask_size: int | None = None
    last_size: int | None = None
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    volume: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SymbolParts:
    """Everything about one underlying. ``bars`` by size, each ascending."""

    identity: Identity
    quote: Quote
    bars: Mapping[str, Sequence[Bar]]
    chain: Sequence[OptionRow]
    provenance: Mapping[str, Provenance]


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """Everything outside the symbols.

    ``issues`` are remarks, they do not make it incomplete; what a capture found ``lacking`` does.
    """

    scenario: str
    captured_at: datetime  # aware
    account: str
    market_session: Literal["pre", "rth", "post", "closed"]
    market_data_type: int
    vix: float | None
    source: Literal["gateway", "imported", "mock"]
    sessions: Sequence[TradingSession]
    provenance: Mapping[str, Provenance]
    issues: Sequence[str] = ()
    lacking: Sequence[str] = ()
    errors: Sequence[Mapping[str, Any]] = ()


def snapshot(head: Head, symbols: Sequence[SymbolParts]) -> Snapshot:
    """A validated snapshot, ``complete`` by the completeness rule; account ids masked.

    Raises:
        BadScenarioName: the scenario cannot be part of a file name.
        ValueError: two contracts have one id.
        SnapshotInvalid: a part has a value that the format does not allow.
    """
    check_scenario(head.scenario)
    _check_con_ids(symbols)
    moment = head.captured_at.astimezone(EXCHANGE_ZONE)
    name = f"snapshot_{head.scenario}_{moment:%Y%m%d_%H%M%S}"
    document = _root(head, moment)
    document["symbols"] = {parts.identity.symbol: _symbol(parts) for parts in symbols}
    missing = check(_validated(document, name))
    document["complete"] = not missing and not head.lacking
    document["issues"] = [*(issue.text for issue in missing), *head.lacking, *head.issues]
    return _validated(document, name)


def _check_con_ids(symbols: Sequence[SymbolParts]) -> None:
    taken: dict[int, str] = {}
    for parts in symbols:
        contracts = [(parts.identity.con_id, parts.identity.symbol)]
        contracts += [
            (each.con_id, f"{each.symbol} {each.expiry} {each.strike} {each.right}")
            for each in parts.chain
        ]
        for con_id, contract in contracts:
            if con_id in taken:
                raise ValueError(f"{contract} and {taken[con_id]} are both contract {con_id}")
            taken[con_id] = contract


def _validated(document: dict[str, Any], name: str) -> Snapshot:
    content = mask_accounts(dumps(document)).encode()
    return Snapshot(parse(content, path=Path(f"{name}.json")), name=name, content=content)


def _root(head: Head, moment: datetime) -> dict[str, Any]:
    return {
        "schemaVersion": SCHEMA_VERSION,
        "scenario": head.scenario,
        "timestamp": moment.replace(tzinfo=None).isoformat(),
        "capturedAtUtc": moment.astimezone(UTC).isoformat(),
        "capturedAtExchange": moment.isoformat(),
        "account": mask_account(head.account),
        "marketSession": head.market_session,
        "marketDataType": head.market_data_type,
        "vix": head.vix,
        "source": head.source,
        "complete": False,
        "issues": [],
        "errors": [dict(row) for row in head.errors],
        "provenance": {block: asdict(origin) for block, origin in head.provenance.items()},
        "sessions": [_session(day) for day in head.sessions],
    }


def _session(day: TradingSession) -> dict[str, str | None]:
    opens, closes = day.open, day.close
    return {
        "date": day.date,
        "open": opens.isoformat() if opens else None,
        "close": closes.isoformat() if closes else None,
    }


def _symbol(parts: SymbolParts) -> dict[str, Any]:
    who, quote = parts.identity, parts.quote
    return {
        "conId": who.con_id,
        "secType": who.sec_type,
        "exchange": who.exchange,
        "primaryExchange": who.primary_exchange,
        "currency": who.currency,
        "localSymbol": who.local_symbol,
        "tradingClass": who.trading_class,
        "longName": who.long_name,
        "stockType": who.stock_type,
        "isin": who.isin,
        "minTick": who.min_tick,
        "timeZone": who.time_zone,
        "currentPrice": _paid(quote.price),
        "priceSource": quote.price_source if quote.price else None,
        **_ticks(quote),
        "provenance": {block: asdict(origin) for block, origin in parts.provenance.items()},
        **_history(parts),
        "optionChain": [row_from_option(option) for option in parts.chain],
    }


def _ticks(quote: Quote) -> dict[str, Any]:
    return {
        "bid": quote.bid,
        "ask": quote.ask,
        "last": _paid(quote.last),
        "bidSize": quote.bid_size,
        "askSize": quote.ask_size,
        "lastSize": quote.last_size,
        "open": _paid(quote.open),
        "high": _paid(quote.high),
        "low": _paid(quote.low),
        "close": _paid(quote.close),
        "volume": quote.volume,
    }


def _paid(price: float | None) -> float | None:
    """A price of a trade; feeds say 0 for one they do not know."""
    return price or None


def _history(parts: SymbolParts) -> dict[str, Any]:
    hourly = last_sessions(parts.bars.get("1 hour", ()), HISTORY_SESSIONS)
    return {
        "historicalBars": [row_from_bar(bar, daily=False) for bar in hourly],
        "bars": {
            size: [row_from_bar(bar, daily=size == "1 day") for bar in bars]
            for size, bars in parts.bars.items()
        },
    }
