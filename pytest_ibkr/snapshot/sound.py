"""What the shape of a file cannot say: whether its rows fit each other; standard library only.

Works on a document that ``layout`` has validated. A market that contradicts itself is refused when
it is read, not when a test happens to meet the contradiction.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

MAX_TICKS = 2**31 - 1  # prices are counted in ticks, and kept as signed 32-bit integers


def problems(document: dict[str, Any]) -> list[str]:
    """Every contradiction, as ``place: what is wrong``; empty when there is none."""
    found = list(_sessions(document["sessions"]))
    if not document["symbols"]:
        found.append("symbols: there is none")
    for symbol, block in document["symbols"].items():
        if not (symbol.strip() == symbol and symbol.isascii() and symbol.isprintable() and symbol):
            found.append(f"symbols: {symbol!r} is no symbol")
        found += _bars(f"symbols.{symbol}", block)
        found += _chain(f"symbols.{symbol}", symbol, block["optionChain"])
    return found + list(_ids(document["symbols"]))


def _sessions(rows: list[dict[str, Any]]) -> Iterator[str]:
    if not any(row["open"] for row in rows):
        yield "sessions: no day has a session"
    for number, row in enumerate(rows):
        place = f"sessions[{number}]"
        if number and row["date"] <= rows[number - 1]["date"]:
            yield f"{place}.date: {row['date']} does not come after {rows[number - 1]['date']}"
        if (row["open"] is None) != (row["close"] is None):
            yield f"{place}: open and close are known together or not at all"
        elif row["open"] and datetime.fromisoformat(row["open"]) >= datetime.fromisoformat(
            row["close"]
        ):
            yield f"{place}.close: is not after the open"


def _bars(place: str, block: dict[str, Any]) -> Iterator[str]:
    highest = MAX_TICKS * block["minTick"]
    lists = {f"bars.{size}": (rows, size == "1 day") for size, rows in block["bars"].items()}
    lists["historicalBars"] = (block["historicalBars"], False)
    for name, (rows, daily) in lists.items():
        for number, row in enumerate(rows):
            if (len(row["date"]) == 8) != daily:
                yield f"{place}.{name}[{number}].date: {row['date']!r} does not fit the bar size"
            if row["high"] > highest:
                yield f"{place}.{name}[{number}].high: more than 2^31 ticks of {block['minTick']}"
            if not all(row["low"] <= row[end] <= row["high"] for end in ("open", "close")):
                yield f"{place}.{name}[{number}]: open or close is outside low and high"
        for number, (before, after) in enumerate(pairwise(rows), start=1):
            if before["date"] >= after["date"]:
                yield (
                    f"{place}.{name}[{number}].date: {after['date']} does not come after"
                    f" {before['date']}"
                )


def _chain(place: str, symbol: str, chain: list[dict[str, Any]]) -> Iterator[str]:
    seen: dict[tuple[Any, ...], int] = {}
    for number, row in enumerate(chain):
        contract = row["contract"]
        if contract["symbol"] != symbol:
            yield f"{place}.optionChain[{number}].contract.symbol: {contract['symbol']!r}"
        fields = ("expiry", "strike", "right", "tradingClass", "multiplier")
        first = seen.setdefault(tuple(contract[field] for field in fields), number)
        if first != number:
            yield f"{place}.optionChain[{number}].contract: the same option as row {first}"


def _ids(symbols: dict[str, Any]) -> Iterator[str]:
    """Contract ids identify; two contracts cannot share one."""
    taken: dict[int, str] = {}
    for symbol, block in symbols.items():
        place = f"symbols.{symbol}"
        rows = [(f"{place}.conId", block["conId"])]
        rows += [
            (f"{place}.optionChain[{number}].contract.conId", row["contract"]["conId"])
            for number, row in enumerate(block["optionChain"])
        ]
        for where, con_id in rows:
            first = taken.setdefault(con_id, where)
            if first != where:
                yield f"{where}: {con_id} is the id of {first} already"
