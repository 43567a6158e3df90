"""A small options bot as people write them with ib_async; prints what it saw as one line of JSON.

It picks a put spread's short leg by delta, guards a share position with a bracket order, and
leaves. Usage: ``python ib_async_bot.py HOST PORT``
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ib_async import IB, ContractDetails, LimitOrder, MarketOrder, Option, Stock, Ticker

CLIENT_ID = 62
TARGET_DELTA = -0.3
STRIKES_BELOW = 15
ENTRY, PROFIT, STOP = 760.0, 790.0, 700.0


class PutScout:
    """Looks at one underlying's nearest puts."""

    def __init__(self, ib: IB, symbol: str) -> None:
        self.ib = ib
        self.stock = Stock(symbol, "SMART", "USD")
        ib.qualifyContracts(self.stock)

    def price(self) -> float:
        """Return the middle of the market."""
        [ticker] = self.ib.reqTickers(self.stock)
        return float(ticker.midpoint())

    def puts(self) -> list[Ticker]:
        """Return quotes of the puts below the price, second expiry."""
        chains = self.ib.reqSecDefOptParams(self.stock.symbol, "", "STK", self.stock.conId)
        chain = next(c for c in chains if c.exchange == "SMART" and c.tradingClass == "SPY")
        expiry, price = sorted(chain.expirations)[1], self.price()
        strikes = [strike for strike in sorted(chain.strikes) if strike < price][-STRIKES_BELOW:]
        wanted = [Option(self.stock.symbol, expiry, strike, "P", "SMART") for strike in strikes]
        known = [contract for contract in self.ib.qualifyContracts(*wanted) if contract]
        return self.ib.reqTickers(*known)

    def short_leg(self) -> Ticker:
        """Return the put whose delta is nearest the target."""
        priced = [t for t in self.puts() if t.modelGreeks and t.modelGreeks.delta is not None]
        return min(priced, key=lambda t: abs(t.modelGreeks.delta - TARGET_DELTA))


def sell_put(ib: IB, ticker: Ticker) -> dict[str, Any]:
    """Sell one put at the market and wait for the fill and its commission."""
    trade = ib.placeOrder(ticker.contract, MarketOrder("SELL", 1))
    while not (trade.isDone() and trade.fills and trade.fills[0].commissionReport.execId):
        ib.waitOnUpdate(timeout=10)
    [fill] = trade.fills
    return {
        "status": trade.orderStatus.status,
        "price": fill.execution.price,
        "bid": ticker.bid,
        "commission": fill.commissionReport.commission,
    }


def bracket(ib: IB, stock: Stock) -> dict[str, Any]:
    """Buy shares with a profit taker and a stop behind them, then take the guards away."""
    orders = ib.bracketOrder("BUY", 10, ENTRY, PROFIT, STOP)
    trades = [ib.placeOrder(stock, order) for order in orders]
    entry, *guards = trades
    while not entry.isDone() or any(g.orderStatus.status == "PendingSubmit" for g in guards):
        ib.waitOnUpdate(timeout=10)
    alive = [(g.order.orderType, g.orderStatus.status) for g in guards]
    for guard in guards:
        if not guard.isDone():
            ib.cancelOrder(guard.order)
    while not all(guard.isDone() for guard in guards):
        ib.waitOnUpdate(timeout=10)
    return {
        "entry": entry.orderStatus.status,
        "paid": entry.orderStatus.avgFillPrice,
        "guards": alive,
        "after": [guard.orderStatus.status for guard in guards],
    }


def listed(details: ContractDetails) -> dict[str, Any]:
    """Return what is interesting of contract details."""
    return {"conId": details.contract.conId, "name": details.longName, "tick": details.minTick}


def work(ib: IB) -> dict[str, Any]:
    """Do a morning's work."""
    told: list[int] = []
    ib.errorEvent += lambda _id, code, _text, _contract: told.append(code)
    scout = PutScout(ib, "SPY")
    [details] = ib.reqContractDetails(scout.stock)
    bars = ib.reqHistoricalData(scout.stock, "", "3 D", "1 day", "TRADES", True)
    leg = scout.short_leg()
    sold = sell_put(ib, leg)
    guarded = bracket(ib, scout.stock)
    summary = {v.tag: v.value for v in ib.accountSummary() if v.currency in ("", "USD")}
    positions = {p.contract.conId: p.position for p in ib.reqPositions()}
    limit = ib.whatIfOrder(scout.stock, LimitOrder("BUY", 100, ENTRY))
    return {
        "account": ib.managedAccounts(),
        "version": ib.client.serverVersion(),
        "details": listed(details),
        "bars": [[f"{b.date:%Y%m%d}", b.open, b.high, b.low, b.close] for b in bars],
        "price": scout.price(),
        "leg": {
            "conId": leg.contract.conId,
            "strike": leg.contract.strike,
            "expiry": leg.contract.lastTradeDateOrContractMonth,
            "delta": leg.modelGreeks.delta,
        },
        "sold": sold,
        "bracket": guarded,
        "accountType": summary["AccountType"],
        "positions": positions,
        "marginChange": float(limit.initMarginChange),
        "told": told,
    }


def main() -> None:
    """Connect, work, leave."""
    host, port = sys.argv[1:]
    ib = IB()
    ib.RequestTimeout = 20
    ib.connect(host, int(port), clientId=CLIENT_ID)
    try:
        seen = work(ib)
    finally:
        ib.disconnect()
    sys.stdout.write(json.dumps(seen) + "\n")


if __name__ == "__main__":
    main()
