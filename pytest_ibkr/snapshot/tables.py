"""Reads market tables (CSV, plain or gzip) into typed rows; standard library csv only.

Bars: ``symbol,start,open,high,low,close,volume``, ``start`` with its UTC offset.
Chains: ``underlying,underlying_price,expiry,strike,right,bid,ask,last,volume,
open_interest,implied_vol,delta,gamma,theta,vega`` (more columns are ignored).
An empty field is unknown and stays unknown; odd rows are counted, never mended.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Literal
from zoneinfo import ZoneInfo

from pytest_ibkr.snapshot.con_ids import OptionKey, assign
from pytest_ibkr.snapshot.rows import Bar, OptionRow

MULTIPLIER = 100  # shares per contract: no adjusted contracts in these tables


@dataclass(frozen=True, slots=True)
class Chain:
    """The options of one underlying, and the price of it that came with them."""

    underlying_price: float | None
    rows: tuple[OptionRow, ...]


def read_table(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a CSV file with a header, gzip or plain.

    Raises:
        ValueError: a row has more or fewer fields than the header; names the line.
    """
    opened: Callable[..., IO[str]] = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            if None in row or None in row.values():
                raise ValueError(f"{path}, line {reader.line_num}: not as many fields as columns")
            yield row


def bars(rows: Iterable[Mapping[str, str]], *, symbol: str, zone: ZoneInfo) -> list[Bar]:
    """The bars of one symbol, ascending, stamped in ``zone``.

    A volume that the table leaves empty is ``None``; there is no average price and no
    trade count in these tables.
    """
    found = [
        Bar(
            datetime.fromisoformat(row["start"]).astimezone(zone),
            float(row["open"]),
            float(row["high"]),
            float(row["low"]),
            float(row["close"]),
            _int(row["volume"]),
            None,
            None,
        )
        for row in rows
        if row["symbol"] == symbol
    ]
    return sorted(found, key=lambda bar: bar.start)


def chain(rows: Iterable[Mapping[str, str]], *, underlying: str, trading_class: str) -> Chain:
    """The chain of one underlying, sorted by expiry, strike and right, with made-up ids.

    Sizes are not in the tables: ``bid_size`` and ``ask_size`` are ``None``.

    Raises:
        ValueError: two options would get the same contract id.
    """
    own = [row for row in rows if row["underlying"] == underlying]
    keys = [_key(row, trading_class) for row in own]
    ids = assign(keys)
    options = [_option(row, key, ids[key]) for row, key in zip(own, keys, strict=True)]
    options.sort(key=lambda option: (option.expiry, option.strike, option.right))
    price = _float(own[0]["underlying_price"]) if own else None
    return Chain(price, tuple(options))


def oddities(options: Sequence[OptionRow]) -> dict[str, int]:
    """How many rows are odd, by kind; kinds that do not occur are left out."""
    quoted = [o for o in options if o.bid is not None and o.ask is not None]
    counts = {
        "crossed": sum(_bid(o) > _ask(o) for o in quoted),
        "without any quote (bid and ask 0)": sum(_bid(o) == _ask(o) == 0 for o in quoted),
        "locked": sum(_bid(o) == _ask(o) > 0 for o in quoted),
        "with a zero bid": sum(_bid(o) == 0 < _ask(o) for o in quoted),
        "without a bid or an ask": len(options) - len(quoted),
        "without a volume": sum(o.volume is None for o in options),
        "without open interest": sum(o.open_interest is None for o in options),
        "without a delta": sum(o.delta is None for o in options),
        "with a delta of 0": sum(o.delta == 0 for o in options),
    }
    return {kind: count for kind, count in counts.items() if count}


def _bid(option: OptionRow) -> float:
    return option.bid or 0.0


def _ask(option: OptionRow) -> float:
    return option.ask or 0.0


def _key(row: Mapping[str, str], trading_class: str) -> OptionKey:
    symbol, strike = row["underlying"], float(row["strike"])
    return OptionKey(symbol, row["expiry"], row["right"], strike, trading_class)


def _option(row: Mapping[str, str], key: OptionKey, con_id: int) -> OptionRow:
    return OptionRow(
        con_id=con_id,
        symbol=key.symbol,
        right=_right(key.right),
        strike=key.strike,
        expiry=key.expiry,
        trading_class=key.trading_class,
        multiplier=MULTIPLIER,
        bid=_float(row["bid"]),
        ask=_float(row["ask"]),
        last=_float(row["last"]),
        bid_size=None,
        ask_size=None,
        volume=_int(row["volume"]),
        open_interest=_int(row["open_interest"]),
        implied_vol=_float(row["implied_vol"]),
        delta=_float(row["delta"]),
        gamma=_float(row["gamma"]),
        theta=_float(row["theta"]),
        vega=_float(row["vega"]),
        underlying_price=_float(row["underlying_price"]),
    )


def _right(text: str) -> Literal["C", "P"]:
    if text == "C":
        return "C"
    if text == "P":
        return "P"
    raise ValueError(f"right {text!r} is neither C nor P")


def _float(text: str) -> float | None:
    return float(text) if text else None


def _int(text: str) -> int | None:
    return int(text) if text else None
