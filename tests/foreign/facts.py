"""What a snapshot says of a symbol, as programs against it should see it."""

from __future__ import annotations

from typing import Any

from pytest_ibkr.snapshot.model import Snapshot


def block_of(market: Snapshot, symbol: str) -> Any:
    """Return a symbol's part of the snapshot."""
    return market.symbols[symbol]


def traded_range(block: Any) -> tuple[float, float]:
    """Return the day's low and high, with a cent for the quotes around them."""
    return block.low - 0.01, block.high + 0.01


def expiries(block: Any) -> list[str]:
    """Return the expiries of its options."""
    return sorted({row.expiry for row in block.option_chain})


def strikes(block: Any) -> set[float]:
    """Return the strikes of its options."""
    return {row.strike for row in block.option_chain}


def bars(block: Any, size: str) -> list[tuple[str, float, float, float, float]]:
    """Return start (``20260709 0930``, New York), open, high, low, close of each bar."""
    return [(f"{b.start:%Y%m%d %H%M}", b.open, b.high, b.low, b.close) for b in block.bars[size]]


def daily_bars(block: Any) -> list[tuple[str, float, float, float, float]]:
    """Return date, open, high, low, close of each day."""
    return [(start[:8], *prices) for start, *prices in bars(block, "1 day")]
