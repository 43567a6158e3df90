"""The snapshot of a composed day: bars as they are, quotes of the day's close, options to come.

Chains and the raw form of bars are made when they are read; what is made up says synthetic.
Imports this package's snapshots and no engine.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final

from pytest_ibkr.snapshot.bars import DaySoFar, last_sessions
from pytest_ibkr.snapshot.day_bars import DAILY, FINE, HOURLY
from pytest_ibkr.snapshot.day_plan import DayPlan
from pytest_ibkr.snapshot.days_layout import SymbolFacts
from pytest_ibkr.snapshot.deferred import Deferred
from pytest_ibkr.snapshot.layout import SCHEMA_VERSION
from pytest_ibkr.snapshot.model import Snapshot, SymbolBlock
from pytest_ibkr.snapshot.redact import mask_account
from pytest_ibkr.snapshot.rows import (
    Bar,
    OptionRow,
    Provenance,
    row_from_bar,
    row_from_option,
)

Bars = Mapping[str, tuple[Bar, ...]]
ChainOf = Callable[[str, str], tuple[OptionRow, ...]]  # of a symbol on a day
_ACCOUNT: Final = "DU0000001"
_HISTORY_SESSIONS: Final = 5
_SIDE_LOTS: Final = (2, 9)  # round lots displayed on a side


def composed(plan: DayPlan, day: str, *, chain: ChainOf) -> DaySnapshot:
    """The market at a day's close.

    Args:
        plan: bars, calendar and names.
        day: a date for which :meth:`DayPlan.why_closed` has nothing to say.
        chain: makes the options of a symbol.
    """
    blocks = {
        symbol: _Block(plan, symbol, facts, day, chain).made()
        for symbol, facts in plan.document["symbols"].items()
    }
    return DaySnapshot(
        _root(plan, day, blocks),
        name=f"{plan.document['name']}_{day}",
        content=f"{plan.digest}|{day}".encode(),
        seed=plan.document["seed"],
    )


class DaySnapshot(Snapshot):
    """A composed day: as a snapshot from a file, but its parts are made when they are read.

    ``seed`` is that of the whole market, so that a past day looks the same from every later one.
    """

    def __init__(self, raw: dict[str, Any], *, name: str, content: bytes, seed: int) -> None:
        super().__init__(raw, name=name, content=content)
        self._seed = seed

    @classmethod
    def of(cls, stored: Snapshot, seed: int) -> DaySnapshot:
        """A stored snapshot with another seed; equal to it."""
        made = cls(stored._raw, name=stored.name, content=b"", seed=seed)
        made.sha256 = stored.sha256
        return made

    @property
    def seed(self) -> int:
        """Seed of everything random in this market."""
        return self._seed

    @cached_property
    def symbols(self) -> Mapping[str, SymbolBlock]:
        """The underlyings; chains and bars of each are made when first read."""
        raw = self._raw["symbols"]
        return raw.blocks if isinstance(raw, _Symbols) else super().symbols


class _Symbols(Deferred):
    """The symbols of a document, with the typed blocks that they are made of."""

    def __init__(self, blocks: Mapping[str, SymbolBlock]) -> None:
        super().__init__({symbol: block.raw for symbol, block in blocks.items()}, {})
        self.blocks = blocks


def _root(plan: DayPlan, day: str, blocks: Mapping[str, SymbolBlock]) -> dict[str, Any]:
    at = plan.calendar.close(day)
    origins = {
        "account": Provenance("synthetic", "an account of the simulator, masked"),
        "marketSession": Provenance("imported", "the closing instant counts as regular hours"),
        "marketDataType": Provenance("synthetic", "served as live"),
        "vix": plan.index_origin(day),
        "sessions": Provenance("imported", "holidays and half days of days.json"),
    }
    return {
        "schemaVersion": SCHEMA_VERSION,
        "scenario": "days",
        "timestamp": at.replace(tzinfo=None).isoformat(),
        "capturedAtUtc": at.astimezone(UTC).isoformat(),
        "capturedAtExchange": at.isoformat(),
        "account": mask_account(_ACCOUNT),
        "marketSession": "rth",
        "marketDataType": 1,
        "vix": plan.index_level(day),
        "source": "mock",
        "complete": True,
        "issues": [plan.provenance(day)],
        "errors": [],
        "provenance": {block: asdict(origin) for block, origin in origins.items()},
        "sessions": [_session(each) for each in plan.calendar.around(day)],
        "symbols": _Symbols(blocks),
    }


class _Block:
    """What one underlying's block is made of."""

    def __init__(
        self, plan: DayPlan, symbol: str, facts: SymbolFacts, day: str, chain: ChainOf
    ) -> None:
        self._plan, self._symbol, self._facts, self._day = plan, symbol, facts, day
        self._chain = chain
        self._stock = facts["secType"] == "STK"
        self._bars = _ended(plan.bars.last(symbol, day), day, plan.calendar.close(day))

    def made(self) -> SymbolBlock:
        """The typed block; its chain is made when first read."""
        bars, options = self._bars, _Options(lambda: self._chain(self._symbol, self._day))
        later = {
            "historicalBars": lambda: _rows(_recent(bars), HOURLY),
            "bars": lambda: {size: _rows(found, size) for size, found in bars.items()},
            "optionChain": lambda: [row_from_option(option) for option in options.rows],
        }
        raw = Deferred(self._known(), later)
        return _ComposedBlock.of(self._symbol, raw, bars=bars, options=options)

    def _known(self) -> dict[str, Any]:
        facts, price = self._facts, self._plan.bars.close(self._symbol, self._day)
        names = {key: value for key, value in facts.items() if key not in ("minTick", "timeZone")}
        return {
            **names,
            "currency": "USD",
            "localSymbol": self._symbol,
            "minTick": facts["minTick"],
            "timeZone": facts["timeZone"],
            "currentPrice": price,
            "priceSource": None if price is None else "last" if self._stock else "close",
            **self._quote(price),
            "provenance": {block: asdict(origin) for block, origin in self._origins().items()},
        }

    def _quote(self, price: float | None) -> dict[str, Any]:
        seed = f"{self._plan.document['seed']}:{self._symbol}:{self._day}:size"
        sized, tick = random.Random(seed), self._facts["minTick"]
        bid_size, ask_size = (100 * sized.randint(*_SIDE_LOTS) for _ in "ba")
        so_far = _so_far(self._bars, self._day)
        before = self._plan.bars.series(self._symbol, DAILY).before(self._day)
        quoted = self._stock and price is not None
        return {
            "bid": round(price - tick, 6) if quoted and price else None,
            "ask": round(price + tick, 6) if quoted and price else None,
            "last": price,
            "bidSize": bid_size if quoted else None,
            "askSize": ask_size if quoted else None,
            "lastSize": 100 if quoted else None,
            "open": so_far.open,
            "high": so_far.high,
            "low": so_far.low,
            "close": before.close if before else None,
            "volume": so_far.volume if self._stock else None,
        }

    def _origins(self) -> dict[str, Provenance]:
        table, symbol, day = self._plan.bars, self._symbol, self._day
        own = table.origin(symbol, day) or Provenance("synthetic", "no bars")
        whole = table.close_origin(symbol, day) or own
        found = {
            "identity": Provenance("imported", "contract details and public listings"),
            "currentPrice": Provenance(whole.origin, f"the day's close; {whole.detail}"),
            "day": Provenance(own.origin, f"open, high, low, volume of the day; {own.detail}"),
            "close": table.before_origin(symbol, day),
        }
        if self._stock:
            found["quote"] = Provenance(
                "synthetic", "bid and ask one tick around the price; sizes seeded"
            )
        for size, bars in self._bars.items():
            days = list(dict.fromkeys(f"{bar.start:%Y%m%d}" for bar in bars))
            found[f"bars.{size}"] = table.series(symbol, size).origin(days)
        if HOURLY in self._bars:
            found["historicalBars"] = found[f"bars.{HOURLY}"]
        if self._plan.surface is not None and symbol in self._plan.surface["symbols"]:
            found |= self._option_origins()
        return found

    def _option_origins(self) -> dict[str, Provenance]:
        priced = self._plan.surface_detail(self._symbol, self._day)
        id_detail = "hash of the contract, see pytest_ibkr.snapshot.con_ids"
        sizes = "sizes, volume and open interest by rule and seed"
        return {
            "optionChain": Provenance("synthetic", priced),
            "optionChain.conId": Provenance("synthetic", id_detail),
            "optionChain.sizes": Provenance("synthetic", sizes),
        }


class _Options:
    """A chain that is made when first read."""

    def __init__(self, make: Callable[[], tuple[OptionRow, ...]]) -> None:
        self._make = make

    @cached_property
    def rows(self) -> tuple[OptionRow, ...]:
        """All options."""
        return self._make()


class _ComposedBlock(SymbolBlock):
    """A block whose bars are shared with other days and whose chain is made when first read."""

    @classmethod
    def of(cls, symbol: str, raw: dict[str, Any], *, bars: Bars, options: _Options) -> SymbolBlock:
        """A block from its raw form, with its larger parts."""
        made = cls(**_plain_fields(symbol, raw), raw=raw)
        made.__dict__.update(bars=bars, _options=options)  # frozen; where cached values live
        return made

    @cached_property
    def historical_bars(self) -> tuple[Bar, ...]:
        """Hourly bars of the last five sessions."""
        return tuple(_recent(self.bars))

    @cached_property
    def option_chain(self) -> tuple[OptionRow, ...]:
        """Every option listed on the day."""
        options: _Options = self.__dict__["_options"]
        return options.rows


def _recent(bars: Bars) -> list[Bar]:
    return last_sessions(bars.get(HOURLY, ()), _HISTORY_SESSIONS)


def _ended(found: Bars, day: str, at: datetime) -> Bars:
    """Bars without those that begin after the close, which an index has."""
    hours = found.get(HOURLY)
    if not hours:
        return found
    kept = [bar for bar in hours if f"{bar.start:%Y%m%d}" < day or bar.start < at]
    return {**found, HOURLY: tuple(kept)}


def _plain_fields(symbol: str, raw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "con_id": raw["conId"],
        "sec_type": raw["secType"],
        "exchange": raw["exchange"],
        "primary_exchange": raw["primaryExchange"],
        "currency": raw["currency"],
        "local_symbol": raw["localSymbol"],
        "trading_class": raw["tradingClass"],
        "long_name": raw["longName"],
        "stock_type": raw["stockType"],
        "isin": raw["isin"],
        "min_tick": raw["minTick"],
        "time_zone": raw["timeZone"],
        "price": raw["currentPrice"],
        "price_source": raw["priceSource"],
        "bid_size": raw["bidSize"],
        "ask_size": raw["askSize"],
        "last_size": raw["lastSize"],
        **{key: raw[key] for key in ("bid", "ask", "last", "open", "high", "low", "close")},
        "volume": raw["volume"],
    }


def _so_far(bars: Mapping[str, tuple[Bar, ...]], day: str) -> DaySoFar:
    for size in (FINE, HOURLY, DAILY):
        own = [bar for bar in bars.get(size, ()) if f"{bar.start:%Y%m%d}" == day]
        if own:
            volumes = [bar.volume for bar in own if bar.volume is not None]
            return DaySoFar(
                own[0].open,
                max(bar.high for bar in own),
                min(bar.low for bar in own),
                own[-1].close,
                sum(volumes) if len(volumes) == len(own) else None,
            )
    return DaySoFar()


def _rows(bars: Any, size: str) -> list[dict[str, Any]]:
    return [row_from_bar(bar, daily=size == DAILY) for bar in bars]


def _session(day: Any) -> dict[str, str | None]:
    return {
        "date": day.date,
        "open": day.open.isoformat() if day.open else None,
        "close": day.close.isoformat() if day.close else None,
    }
