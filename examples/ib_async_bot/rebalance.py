"""A bot of one function: trades a position to its target, and not a share further."""

from __future__ import annotations

from ib_async import IB, MarketOrder, Stock, Trade


def rebalance(ib: IB, symbol: str, target: int) -> Trade | None:
    """Bring a stock position to ``target`` shares; None when it is there already."""
    [stock] = ib.qualifyContracts(Stock(symbol, "SMART", "USD"))
    held = sum(p.position for p in ib.positions() if p.contract.conId == stock.conId)
    if not (missing := target - held):
        return None
    trade = ib.placeOrder(stock, MarketOrder("BUY" if missing > 0 else "SELL", abs(missing)))
    while not trade.isDone():
        if not ib.waitOnUpdate(timeout=30):
            raise TimeoutError(f"nothing heard of the order for half a minute: {trade}")
    return trade
