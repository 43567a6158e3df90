"""A data recorder on ib_insync: streams, bars and P&L for a few seconds, then one line of JSON.

Written the asynchronous way, events and all. Usage: ``python recorder.py HOST PORT``
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from ib_insync import IB, Index, LimitOrder, Stock

CLIENT_ID = 63
SYMBOLS = ("SPY", "QQQ", "AAPL")
UPDATES = 5
PATIENCE_S = 30


class Recorder:
    """Keeps what its events bring."""

    def __init__(self, ib: IB) -> None:
        self.ib = ib
        self.quotes: dict[str, list[tuple[float, float]]] = {}
        self.trades: list[float] = []
        self.bars: list[list[float]] = []
        self.statuses: list[str] = []
        self.codes: list[int] = []
        ib.pendingTickersEvent += self._keep
        ib.errorEvent += lambda _id, code, _text, _contract: self.codes.append(code)
        ib.orderStatusEvent += lambda trade: self.statuses.append(trade.orderStatus.status)

    def _keep(self, tickers: set[Any]) -> None:
        for ticker in tickers:
            if ticker.bid > 0 and ticker.ask > 0:
                pairs = self.quotes.setdefault(ticker.contract.symbol, [])
                pairs.append((ticker.bid, ticker.ask))
            self.trades += [tick.price for tick in ticker.tickByTicks]

    async def until(self, met: Any) -> None:
        """Wait for a condition, looking after each batch of messages."""
        async with asyncio.timeout(PATIENCE_S):
            while not met():
                await self.ib.updateEvent

    async def stream(self) -> dict[str, Any]:
        """Follow all symbols until each has moved a few times."""
        stocks = [Stock(symbol, "SMART", "USD") for symbol in SYMBOLS]
        await self.ib.qualifyContractsAsync(*stocks)
        for stock in stocks:
            self.ib.reqMktData(stock)
        self.ib.reqTickByTickData(stocks[0], "AllLast")
        live = self.ib.reqRealTimeBars(stocks[0], 5, "TRADES", True)
        live.updateEvent += lambda bars, _new: self.bars.append(
            [bars[-1].low, bars[-1].open_, bars[-1].close, bars[-1].high]
        )
        enough = lambda: (  # noqa: E731
            len(self.quotes) == len(SYMBOLS)
            and min(map(len, self.quotes.values())) >= UPDATES
            and len(self.trades) >= UPDATES
            and len(self.bars) >= 2
        )
        await self.until(enough)
        for stock in stocks:
            self.ib.cancelMktData(stock)
        self.ib.cancelTickByTickData(stocks[0], "AllLast")
        self.ib.cancelRealTimeBars(live)
        return {"conIds": {stock.symbol: stock.conId for stock in stocks}}


async def record(ib: IB) -> dict[str, Any]:
    """Look at everything a recorder looks at."""
    recorder = Recorder(ib)
    seen = await recorder.stream()
    spy = Stock("SPY", "SMART", "USD")
    [details] = await ib.reqContractDetailsAsync(spy)
    vix = Index("VIX", "CBOE", "USD")
    [vix_details] = await ib.reqContractDetailsAsync(vix)
    head = await ib.reqHeadTimeStampAsync(details.contract, "TRADES", True, 2)
    hourly = await ib.reqHistoricalDataAsync(
        details.contract, "", "2 D", "1 hour", "TRADES", True, formatDate=2
    )
    found = await ib.reqMatchingSymbolsAsync("SPY")
    account = ib.managedAccounts()[0]
    pnl = ib.reqPnL(account)
    await recorder.until(lambda: pnl.dailyPnL == pnl.dailyPnL)
    trade = ib.placeOrder(details.contract, LimitOrder("BUY", 3, 700.0))
    await recorder.until(lambda: trade.orderStatus.status == "Submitted")
    ib.cancelOrder(trade.order)
    await recorder.until(trade.isDone)
    return {
        **seen,
        "quotes": recorder.quotes,
        "trades": recorder.trades,
        "bars": recorder.bars,
        "vix": vix_details.contract.conId,
        "zone": details.timeZoneId,
        "head": head.timestamp(),
        "hourly": [[b.date.timestamp(), b.open, b.high, b.low, b.close] for b in hourly],
        "found": [d.contract.conId for d in found],
        "account": account,
        "dailyPnL": pnl.dailyPnL,
        "statuses": recorder.statuses,
        "codes": recorder.codes,
    }


async def main() -> None:
    """Connect, record, leave."""
    host, port = sys.argv[1:]
    ib = IB()
    await ib.connectAsync(host, int(port), clientId=CLIENT_ID, timeout=20)
    try:
        seen = await asyncio.wait_for(record(ib), 2 * PATIENCE_S)
    finally:
        ib.disconnect()
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
