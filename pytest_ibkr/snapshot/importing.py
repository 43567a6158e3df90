"""Makes a snapshot of people's own tables: option chains at one instant, bars up to it.

What the tables do not have is made up and labelled synthetic, as in the committed snapshots.
Imports this package only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot import synthetic, tables
from pytest_ibkr.snapshot.column_map import ColumnMap, Row, SymbolFacts
from pytest_ibkr.snapshot.compose import Head, Identity, SymbolParts, snapshot
from pytest_ibkr.snapshot.con_ids import UNDERLYING_CON_IDS, OptionKey, option_con_id
from pytest_ibkr.snapshot.imported_bars import bars_of, imported, quote_of
from pytest_ibkr.snapshot.model import EXCHANGE_ZONE, Snapshot
from pytest_ibkr.snapshot.rows import OptionRow, Provenance
from pytest_ibkr.snapshot.table_files import read_rows
from pytest_ibkr.snapshot.trading_days import provenance as calendar_provenance
from pytest_ibkr.snapshot.trading_days import sessions_around

ACCOUNT = "DU0000001"


@dataclass(frozen=True, slots=True)
class Tables:
    """What to import.

    Attributes:
        chains, bars: files; bars of several sizes may lie in several files.
        columns: how they are to be read.
        symbols: only these; empty: every underlying of the chains, then of the bars.
    """

    chains: Sequence[Path]
    bars: Sequence[Path]
    columns: ColumnMap
    symbols: Sequence[str] = ()


def import_market(found: Tables, *, captured_at: datetime, scenario: str) -> Snapshot:
    """Read tables and put them together.

    Args:
        found: the tables.
        captured_at: the instant of the chains, aware; nothing later gets in.
        scenario: what kind of market it is, part of the file's name.

    Raises:
        UsageError: a table cannot be read; names file, line and column.
        SnapshotInvalid: a value that the format does not allow.
    """
    chains, bars = _chain_rows(found), _bar_rows(found)
    symbols = list(found.symbols) or list(dict.fromkeys([*chains, *bars]))
    if not symbols:
        raise UsageError(
            "there is no row in these tables\n  fix:   look at --symbols and the files"
        )
    today = f"{captured_at.astimezone(EXCHANGE_ZONE):%Y%m%d}"
    over = {symbol: sum(row["expiry"] < today for row in rows) for symbol, rows in chains.items()}
    chains = {
        symbol: [row for row in rows if row["expiry"] >= today] for symbol, rows in chains.items()
    }
    market = [
        _symbol(symbol, chains.get(symbol, []), bars.get(symbol, []), found, captured_at)
        for symbol in symbols
    ]
    days = sessions_around(captured_at.astimezone(EXCHANGE_ZONE).date())
    vix = next((parts.quote.price for parts in market if parts.identity.symbol == "VIX"), None)
    head = Head(
        scenario=scenario,
        captured_at=captured_at,
        account=ACCOUNT,
        market_session=_session(captured_at, [(day.open, day.close) for day in days]),
        market_data_type=1,
        vix=vix,
        source="imported",
        sessions=days,
        provenance={
            "account": _made_up("an account of the simulator, masked"),
            "marketSession": _made_up("from the exchange calendar at the captured instant"),
            "marketDataType": _made_up("served as live; the tables do not say"),
            "vix": imported("price of VIX in the tables")
            if vix
            else _made_up("not in the tables: unknown"),
            "sessions": calendar_provenance(),
        },
        issues=[
            *(text for parts in market for text in _remarks(parts)),
            *(f"{s}: {n} options had expired before, left out" for s, n in over.items() if n),
        ],
    )
    return snapshot(head, market)


def _chain_rows(found: Tables) -> dict[str, list[Row]]:
    column = found.columns.chains.columns.get("underlying", "underlying")
    wanted = _wanted(found, column, found.columns.chains.constant, "underlying")
    rows: dict[str, list[Row]] = {}
    for path in found.chains:
        for place, row in read_rows(path, wanted=wanted):
            made = found.columns.chain_row(row, place=place)
            rows.setdefault(made["underlying"], []).append(made)
    return rows


def _bar_rows(found: Tables) -> dict[str, list[list[Row]]]:
    """Per symbol the rows of each file: a file has bars of one size."""
    column = found.columns.bars.columns.get("symbol", "symbol")
    wanted = _wanted(found, column, found.columns.bars.constant, "symbol")
    rows: dict[str, list[list[Row]]] = {}
    for path in found.bars:
        own: dict[str, list[Row]] = {}
        for place, row in read_rows(path, wanted=wanted):
            made = found.columns.bar_row(row, place=place)
            own.setdefault(made["symbol"], []).append(made)
        for symbol, file in own.items():
            rows.setdefault(symbol, []).append(file)
    return rows


def _wanted(
    found: Tables, column: str, constant: Mapping[str, str], key: str
) -> dict[str, frozenset[str]]:
    if not found.symbols or key in constant:
        return {}
    return {column: frozenset(found.symbols)}


def _symbol(
    symbol: str,
    chain_rows: list[Row],
    bar_files: list[list[Row]],
    found: Tables,
    captured_at: datetime,
) -> SymbolParts:
    facts = found.columns.symbols.get(symbol, SymbolFacts())
    zone = ZoneInfo(facts.time_zone)
    bars, origins = bars_of(symbol, bar_files, zone, captured_at)
    chain = tables.chain(chain_rows, underlying=symbol, trading_class=symbol)
    quote = quote_of(
        symbol, chain.underlying_price, bars, captured_at, index=facts.sec_type == "IND"
    )
    origins |= {
        "identity": _made_up("column map and usual values; made-up contract ids are from 2^30 up"),
        "currentPrice": imported(
            "price of the underlying in the chain" if chain.underlying_price else "last bar's close"
        ),
        "quote": _made_up("bid and ask one tick around the price; sizes seeded from the volume"),
        "optionChain": imported("the tables' quotes, volumes and greeks"),
        "optionChain.conId": _made_up("hash of the contract, see pytest_ibkr.snapshot.con_ids"),
        "optionChain.sizes": _made_up("seeded from volume and open interest"),
    }
    return SymbolParts(
        identity=_identity(symbol, facts),
        quote=quote,
        bars=bars,
        chain=[_sized(option) for option in chain.rows],
        provenance=origins,
    )


def _identity(symbol: str, facts: SymbolFacts) -> Identity:
    made_up = option_con_id(OptionKey(symbol, "", "", 0.0, facts.sec_type))
    index = facts.sec_type == "IND"
    return Identity(
        symbol=symbol,
        con_id=facts.con_id or UNDERLYING_CON_IDS.get(symbol, made_up),
        sec_type=facts.sec_type,
        exchange=facts.exchange or (facts.primary_exchange or "CBOE" if index else "SMART"),
        primary_exchange=facts.primary_exchange or ("CBOE" if index else "NYSE"),
        currency="USD",
        local_symbol=symbol,
        trading_class=facts.trading_class or symbol,
        long_name=facts.long_name or symbol,
        stock_type="" if index else facts.stock_type,
        isin=facts.isin,
        min_tick=facts.min_tick,
        time_zone=facts.time_zone,
    )


# ------------------------------------------------------------------ words


def _sized(option: OptionRow) -> OptionRow:
    activity = (option.volume or 0) // 4 + (option.open_interest or 0) // 40
    seed = f"size {option.con_id}"
    return replace(
        option,
        bid_size=synthetic.quote_size(option.bid, activity=activity, seed=f"{seed} bid"),
        ask_size=synthetic.quote_size(option.ask, activity=activity, seed=f"{seed} ask"),
    )


def _session(
    at: datetime, hours: Sequence[tuple[datetime | None, datetime | None]]
) -> Literal["pre", "rth", "post", "closed"]:
    for opens, closes in hours:
        if opens is None or closes is None or opens.date() != at.astimezone(EXCHANGE_ZONE).date():
            continue
        if opens <= at <= closes:
            return "rth"
        return "pre" if at < opens else "post"
    return "closed"


def _remarks(parts: SymbolParts) -> list[str]:
    odd = ", ".join(f"{n} {kind}" for kind, n in tables.oddities(parts.chain).items())
    if not parts.chain:
        return []
    return [f"{parts.identity.symbol}: of {len(parts.chain)} options {odd or 'none is odd'}"]


def _made_up(detail: str) -> Provenance:
    return Provenance("synthetic", detail)
