"""An asyncio bot: watches a stock, keeps one order working, comes back after a lost connection."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ib_async import IB, LimitOrder, Stock


@dataclass
class Keeper:
    """Keeps an order to buy ``quantity`` shares at ``price`` dollars working."""

    host: str
    port: int
    client_id: int
    symbol: str
    quantity: int
    price: float
    retry_s: float = 5.0
    ib: IB = field(default_factory=IB)
    connections: int = 0

    async def run(self) -> None:
        """Run until cancelled."""
        lost = asyncio.Event()
        self.ib.disconnectedEvent += lost.set
        try:
            while True:
                lost.clear()
                try:
                    await self.ib.connectAsync(self.host, self.port, self.client_id)
                except (OSError, TimeoutError):
                    await asyncio.sleep(self.retry_s)
                    continue
                self.connections += 1
                await self._keep()
                await lost.wait()
        finally:
            self.ib.disconnect()
            await asyncio.sleep(0)  # the transport closes in the loop's next turn

    async def _keep(self) -> None:
        [stock] = await self.ib.qualifyContractsAsync(Stock(self.symbol, "SMART", "USD"))
        self.ib.reqMktData(stock)
        if not any(trade.contract.conId == stock.conId for trade in self.ib.openTrades()):
            self.ib.placeOrder(stock, LimitOrder("BUY", self.quantity, self.price))
