"""A bot of one function: trades a position to its target, and not a share further."""

from __future__ import annotations

import time

from ib_async import IB, MarketOrder, Stock, Trade


def rebalance(ib: IB, symbol: str, target: int) -> Trade | None:
    """Bring a stock position to ``target`` shares; None when it is there already."""
    [stock] = ib.qualifyContracts(Stock(symbol, "SMART", "USD"))
    held = sum(p.position for p in ib.positions() if p.contract.conId == stock.conId)
    if not (missing := target - held):
        return None
    trade = ib.placeOrder(stock, MarketOrder("BUY" if missing > 0 else "SELL", abs(missing)))
    deadline_s = time.monotonic() + 30
    while not trade.isDone():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"not done after half a minute: {trade}")
        ib.waitOnUpdate(timeout=1)
    return trade
