"""The typed snapshot: one market at one instant, read-only.

Built from a document that ``layout`` has validated; imports only this package. Rows
are made when first asked for: most tests touch one symbol of a file with thousands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pytest_ibkr.snapshot.rows import (
    Bar,
    OptionRow,
    Provenance,
    TradingSession,
    bar_from_row,
    option_from_row,
)
from pytest_ibkr.snapshot.views import plain, view

EXCHANGE_ZONE = ZoneInfo("America/New_York")


def _provenance(rows: dict[str, dict[str, Any]]) -> Mapping[str, Provenance]:
    return MappingProxyType({block: Provenance(**row) for block, row in rows.items()})


@dataclass(frozen=True, kw_only=True, eq=False)
class SymbolBlock:
    """One underlying: who it is, its quote at the captured instant, bars and chain.

    Prices are dollars per share, sizes and ``volume`` shares; ``open``, ``high``,
    ``low`` and ``volume`` are the day's up to the captured instant, ``close`` is the
    previous session's close. Unknown is ``None``; a zero bid is a real quote.
    """

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
    price: float | None
    price_source: Literal["last", "mid", "close"] | None
    bid: float | None
    ask: float | None
    last: float | None
    bid_size: int | None
    ask_size: int | None
    last_size: int | None
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: int | None
    raw: dict[str, Any] = field(repr=False)  # validated; not for writing

    @cached_property
    def provenance(self) -> Mapping[str, Provenance]:
        """Origin of each block of this symbol, by block name."""
        return _provenance(self.raw["provenance"])

    @cached_property
    def bars(self) -> Mapping[str, tuple[Bar, ...]]:
        """Bars by size (``"5 mins"``, ``"1 hour"``, ``"1 day"``), each ascending."""
        zone = ZoneInfo(self.time_zone)
        return MappingProxyType(
            {
                size: tuple(bar_from_row(row, zone) for row in rows)
                for size, rows in self.raw["bars"].items()
            }
        )

    @cached_property
    def historical_bars(self) -> tuple[Bar, ...]:
        """Hourly bars of the last five sessions."""
        zone = ZoneInfo(self.time_zone)
        return tuple(bar_from_row(row, zone) for row in self.raw["historicalBars"])

    @cached_property
    def option_chain(self) -> tuple[OptionRow, ...]:
        """Every option of the file, in its order; empty for an index."""
        return tuple(option_from_row(row) for row in self.raw["optionChain"])


def _symbol_block(symbol: str, raw: dict[str, Any]) -> SymbolBlock:
    return SymbolBlock(
        symbol=symbol,
        con_id=raw["conId"],
        sec_type=raw["secType"],
        exchange=raw["exchange"],
        primary_exchange=raw["primaryExchange"],
        currency=raw["currency"],
        local_symbol=raw["localSymbol"],
        trading_class=raw["tradingClass"],
        long_name=raw["longName"],
        stock_type=raw["stockType"],
        isin=raw["isin"],
        min_tick=raw["minTick"],
        time_zone=raw["timeZone"],
        price=raw["currentPrice"],
        price_source=raw["priceSource"],
        bid=raw["bid"],
        ask=raw["ask"],
        last=raw["last"],
        bid_size=raw["bidSize"],
        ask_size=raw["askSize"],
        last_size=raw["lastSize"],
        open=raw["open"],
        high=raw["high"],
        low=raw["low"],
        close=raw["close"],
        volume=raw["volume"],
        raw=raw,
    )


class Snapshot(Mapping[str, Any]):
    """One market at one instant: typed attributes, and a read-only mapping of the JSON.

    ``snap.symbols["SPY"].price`` and ``snap["symbols"]["SPY"]["currentPrice"]`` are the
    same number. Two snapshots are equal when their content is; ``name`` does not count.

    Get one from ``store.load`` or ``compose.snapshot``.
    """

    def __init__(self, raw: dict[str, Any], *, name: str, content: bytes) -> None:
        """Wrap ``raw``, which must have been validated and is not copied.

        Args:
            raw: The document as parsed JSON.
            name: The file's name without suffixes.
            content: The document's bytes, uncompressed; they make ``sha256`` and ``seed``.
        """
        self._raw = raw
        self.name = name
        self.sha256 = hashlib.sha256(content).hexdigest()

    @property
    def seed(self) -> int:
        """Seed of everything random in this market; 63 bits, the same for equal content."""
        return int(self.sha256[:16], 16) >> 1

    @property
    def scenario(self) -> str:
        """What kind of market it is, as named at capture: ``normal``, ``high_vix``, …"""
        return str(self._raw["scenario"])

    @property
    def schema_version(self) -> int:
        """Version of the file's layout."""
        return int(self._raw["schemaVersion"])

    @cached_property
    def captured_at(self) -> datetime:
        """The captured instant, aware, in exchange time."""
        return datetime.fromisoformat(self._raw["capturedAtUtc"]).astimezone(EXCHANGE_ZONE)

    @property
    def market_session(self) -> str:
        """``pre``, ``rth``, ``post`` or ``closed`` at the captured instant."""
        return str(self._raw["marketSession"])

    @property
    def market_data_type(self) -> int:
        """1 live, 2 frozen, 3 delayed, 4 delayed and frozen, as delivered."""
        return int(self._raw["marketDataType"])

    @property
    def account(self) -> str:
        """The account it was captured with, masked."""
        return str(self._raw["account"])

    @property
    def vix(self) -> float | None:
        """The VIX index at the captured instant, in volatility points."""
        value: float | None = self._raw["vix"]
        return value

    @property
    def source(self) -> str:
        """``gateway``, ``imported`` or ``mock``."""
        return str(self._raw["source"])

    @property
    def complete(self) -> bool:
        """Whether everything asked for was there when it was made."""
        return bool(self._raw["complete"])

    @property
    def issues(self) -> list[str]:
        """What was found wanting or odd when it was made, in words."""
        return list(self._raw["issues"])

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Gateway messages met while capturing: ``requestId``, ``code``, ``text``."""
        return [dict(row) for row in self._raw["errors"]]

    @cached_property
    def provenance(self) -> Mapping[str, Provenance]:
        """Origin of the blocks outside the symbols, by block name."""
        return _provenance(self._raw["provenance"])

    @cached_property
    def sessions(self) -> tuple[TradingSession, ...]:
        """Every calendar day around the captured one, ascending, none left out."""

        def moment(text: str | None) -> datetime | None:
            return None if text is None else datetime.fromisoformat(text).astimezone(EXCHANGE_ZONE)

        return tuple(
            TradingSession(row["date"], moment(row["open"]), moment(row["close"]))
            for row in self._raw["sessions"]
        )

    @cached_property
    def symbols(self) -> Mapping[str, SymbolBlock]:
        """The underlyings, in the file's order."""
        blocks = self._raw["symbols"].items()
        return MappingProxyType({symbol: _symbol_block(symbol, raw) for symbol, raw in blocks})

    def to_dict(self) -> dict[str, Any]:
        """A deep copy of the document as ordinary dicts and lists."""
        copy: dict[str, Any] = plain(self._raw)
        return copy

    def __getitem__(self, key: str) -> Any:
        return view(self._raw[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Snapshot) and self.sha256 == other.sha256

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        symbols = ", ".join(self._raw["symbols"])
        return f"<Snapshot {self.name}: {symbols} at {self.captured_at.isoformat()}>"
