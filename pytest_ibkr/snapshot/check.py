"""Is a snapshot complete enough to test with? Pure; imports the model only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pytest_ibkr.snapshot.model import Snapshot, SymbolBlock

MIN_BARS = 20  # of the 35 that five whole sessions have
MIN_OPTIONS = 10  # of the 20 that a capture asks for


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding: ``code`` for programs, ``place`` in the file, ``text`` for people."""

    code: Literal["price_missing", "too_few_bars", "too_few_options", "no_greeks"]
    place: str
    severity: Literal["error", "warning"]
    text: str


def check(snapshot: Snapshot) -> list[Issue]:
    """What a snapshot lacks to be complete; empty when nothing (requirements A.10)."""
    return [issue for block in snapshot.symbols.values() for issue in _missing(block)]


def _missing(block: SymbolBlock) -> Iterator[Issue]:
    place = f"symbols.{block.symbol}"
    if not block.price:
        yield Issue(
            "price_missing", f"{place}.currentPrice", "error", f"{block.symbol} has no price"
        )
    if (bars := len(block.historical_bars)) < MIN_BARS:
        text = f"{block.symbol} has {bars} bars, at least {MIN_BARS} are needed"
        yield Issue("too_few_bars", f"{place}.historicalBars", "error", text)
    chain = block.option_chain
    if len(chain) < MIN_OPTIONS and (chain or block.sec_type == "STK"):
        text = f"{block.symbol} has {len(chain)} options, at least {MIN_OPTIONS} are needed"
        yield Issue("too_few_options", f"{place}.optionChain", "error", text)
    if chain and all(option.delta is None for option in chain):
        text = f"none of the {len(chain)} options of {block.symbol} has a delta"
        yield Issue("no_greeks", f"{place}.optionChain", "error", text)
