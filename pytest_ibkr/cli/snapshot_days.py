"""``pytest-ibkr snapshot days``: what a market of many days is made of, day by day."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pytest_ibkr.sim.market_days import MarketDays

INCOMPLETE: Final = 3
_MOST: Final = 5  # problems of one day that are shown
Contract = tuple[str, str, str, float]


def add_days(parser: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    parser.description = (
        "Lists the days of a directory with where each comes from: a stored snapshot, or bars and"
        " a surface that its days.json names. Everything but the options is read and validated."
    )
    parser.add_argument("dir", type=Path, metavar="DIR")
    parser.add_argument(
        "--check",
        action="store_true",
        help="make every day with its options: complete, free of arbitrage, ids unique over all"
        " days. About a second for five days of three symbols; exit code 3 when anything is wrong",
    )
    parser.set_defaults(run=show_days)


def show_days(options: argparse.Namespace, stop: threading.Event) -> int:
    """Print a line per calendar day; return the exit code."""
    from pytest_ibkr.sim.market_days import MarketDays

    market = MarketDays(options.dir)
    trading = frozenset(market.dates)
    for day in market.calendar_days():
        told = market.provenance(day) if day in trading else market.closed(day).split(": ", 1)[1]
        print(f"{day}  {told}")
    if not options.check:
        return 0
    problems = _problems(market, stop)
    for text in problems:
        print(f"error: {text}")
    print(f"{len(market.dates)} days, {len(problems) or 'no'} problems", file=sys.stderr)
    return INCOMPLETE if problems else 0


def _problems(market: MarketDays, stop: threading.Event) -> list[str]:
    found: list[str] = []
    contracts: dict[int, Contract] = {}
    clashes: dict[str, None] = {}
    for day in market.dates:
        if stop.is_set():
            break
        own = market.problems(day)
        found += [f"{day}: {text}" for text in own[:_MOST]]
        if len(own) > _MOST:
            found.append(f"{day}: and {len(own) - _MOST} more")
        for block in market.snapshot(day).symbols.values():
            for row in block.option_chain:
                contract = (row.symbol, row.expiry, row.right, row.strike)
                first = contracts.setdefault(row.con_id, contract)
                if first != contract:
                    clashes[_clash(contract, first)] = None
    return [*found, *clashes]


def _clash(contract: Contract, first: Contract) -> str:
    symbol, expiry, right, strike = contract
    name = f"{symbol} {expiry} {right} {strike:g}"
    return (
        f"{name} would have the contract id of {first[0]} {first[1]} {first[2]} {first[3]:g}:"
        f' add "{name}" to notListed in days.json'
    )
