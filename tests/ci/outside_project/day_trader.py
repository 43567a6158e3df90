"""A bot on ib_async: buys at once, sells at a time of day, both at the market."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from ib_async import IB, Contract, MarketOrder, Stock

NEW_YORK = ZoneInfo("America/New_York")
SATURDAY = 5


class MarketClosed(Exception):
    """There is nobody to trade with today."""


class DayTrader:
    def __init__(self, ib: IB, symbol: str, quantity: int, *, out_at: dt.time) -> None:
        self.ib, self.symbol, self.quantity, self.out_at = ib, symbol, quantity, out_at
        self.bought, self.sold = 0.0, 0.0  # dollars per share

    async def run(self) -> None:
        if now().weekday() >= SATURDAY:
            raise MarketClosed(f"{now():%A}")
        [stock] = await self.ib.qualifyContractsAsync(Stock(self.symbol, "SMART", "USD"))
        ticker = self.ib.reqMktData(stock)
        self.bought = await self._trade(stock, "BUY")
        while now().time() < self.out_at:
            await ticker.updateEvent
        self.sold = await self._trade(stock, "SELL")
        self.ib.cancelMktData(stock)

    async def _trade(self, stock: Contract, action: str) -> float:
        trade = self.ib.placeOrder(stock, MarketOrder(action, self.quantity))
        while not trade.isDone():
            await trade.statusEvent
        return trade.orderStatus.avgFillPrice


def now() -> dt.datetime:
    return dt.datetime.now(NEW_YORK)
