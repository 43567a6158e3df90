"""``ib_async`` as a peer, used synchronously: its loop runs only while a test waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import ib_async
from ib_async import IB

from tests.conformance.peers.async_families import AsyncFamilies
from tests.conformance.peers.async_writing import contract, order
from tests.conformance.peers.model import (
    PRICE_TICKS,
    Asked,
    Bar,
    Chain,
    Commission,
    Completed,
    Details,
    Execution,
    Greeks,
    Line,
    Notice,
    Refused,
    Status,
    Ticket,
    Working,
    newest,
)

PATIENCE_S = 8.0
GREEK_TICKS = {"bidGreeks": 10, "askGreeks": 11, "lastGreeks": 12, "modelGreeks": 13}


class AsyncPeer:
    """An ``IB`` object on a loop of its own, which is closed with it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        ib = self.ib = IB()
        self.families = AsyncFamilies(self)
        ib.client.MaxRequests = 0  # its throttle waits on the real clock
        ib.RequestTimeout = PATIENCE_S
        ib.RaiseRequestErrors = True
        self.notices: list[Notice] = []
        self.statuses: list[Status] = []
        self.executions: dict[str, Execution] = {}
        self.commissions: dict[str, Commission] = {}
        self._lines: dict[int, Line] = {}
        ib.errorEvent += lambda i, code, text, _contract: self.notices.append(Notice(i, code, text))
        ib.orderStatusEvent += lambda trade: self.statuses.append(status(trade))
        ib.execDetailsEvent += self._keep_execution
        ib.commissionReportEvent += self._keep_commission
        ib.pendingTickersEvent += self._keep_ticks

    # -- connection

    def connect(self, host: str, port: int, client_id: int) -> None:
        self.ib.connect(host, port, client_id, timeout=PATIENCE_S, raiseSyncErrors=True)

    def close(self) -> None:
        """Disconnect and close the loop: neither it nor its transport may outlive the test."""
        if self._loop.is_closed():
            return
        self.ib.disconnect()
        for _ in range(3):
            self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()
        asyncio.set_event_loop(None)

    def version(self) -> int:
        return int(self.ib.client.serverVersion())

    def accounts(self) -> list[str]:
        return list(self.ib.managedAccounts())

    def next_id(self) -> int:
        return int(self.ib.client._reqIdSeq)  # what its next request or order will carry

    def until(self, condition: Callable[[], bool], what: str) -> None:
        async def watch() -> bool:
            deadline_s = time.monotonic() + PATIENCE_S
            while not (met := condition()) and time.monotonic() < deadline_s:
                await asyncio.sleep(0.001)
            return met

        assert self._loop.run_until_complete(watch()), f"{what} never came"

    # -- account

    def summary(self) -> dict[tuple[str, str], str]:
        return {(row.tag, row.currency): row.value for row in self.ib.accountSummary()}

    def account_values(self, account: str) -> dict[tuple[str, str], str]:
        """Return what its connect asked for already."""
        rows = [row for row in self.ib.accountValues(account) if not row.modelCode]
        return {(row.tag, row.currency): row.value for row in rows}

    def positions(self) -> dict[int, Decimal]:
        self.ib.reqPositions()
        return {row.contract.conId: number(row.position) for row in self.ib.positions()}

    # -- contracts, history

    def details(self, asked: Asked) -> list[Details]:
        try:
            found = self.ib.reqContractDetails(contract(asked))
        except ib_async.wrapper.RequestError as exc:
            raise Refused(Notice(exc.reqId, exc.code, exc.message)) from exc
        return [details(row) for row in found]

    def chains(self, symbol: str, con_id: int) -> list[Chain]:
        return [
            Chain(
                row.exchange,
                row.tradingClass,
                row.multiplier,
                int(row.underlyingConId),
                frozenset(row.expirations),
                frozenset(row.strikes),
            )
            for row in self.ib.reqSecDefOptParams(symbol, "", "STK", con_id)
        ]

    def bars(self, asked: Asked, *, duration: str, size: str) -> list[Bar]:
        rows = self.ib.reqHistoricalData(contract(asked), "", duration, size, "TRADES", True)
        return [
            Bar(r.date, r.open, r.high, r.low, r.close, number(r.volume), r.average, r.barCount)
            for r in rows
        ]

    # -- market data

    def want_data_type(self, data_type: int) -> None:
        self.ib.reqMarketDataType(data_type)

    def snapshot(self, asked: Asked) -> Line:
        line = self._lines[asked.con_id] = Line(0)
        self.ib.reqTickers(contract(asked))
        line.ended = True
        return line

    def stream(self, asked: Asked) -> Line:
        line = self._lines[asked.con_id] = Line(0)
        self.ib.reqMktData(contract(asked), "", False, False)
        return line

    def stop_stream(self, line: Line) -> None:
        [con_id] = [key for key, value in self._lines.items() if value is line]
        contracts: list[Any] = [ticker.contract for ticker in self.ib.tickers()]
        [streamed] = [one for one in contracts if one.conId == con_id]
        self.ib.cancelMktData(streamed)

    def _keep_ticks(self, tickers: set[Any]) -> None:
        for ticker in tickers:
            line = self._lines.get(ticker.contract.conId)
            if line is None:  # depth or tick-by-tick
                continue
            line.prices += [
                (t.tickType, t.price) for t in ticker.ticks if t.tickType in PRICE_TICKS
            ]
            for name, tick in GREEK_TICKS.items():
                if (computed := getattr(ticker, name)) is not None:
                    line.greeks[tick] = greeks(computed)

    # -- orders

    def place(self, asked: Asked, ticket: Ticket) -> int:
        trade = self.ib.placeOrder(contract(asked), order(ticket))
        return int(trade.order.orderId)

    def modify(self, order_id: int, asked: Asked, ticket: Ticket) -> None:
        [trade] = [t for t in self.ib.trades() if t.order.orderId == order_id]
        trade.order.totalQuantity, trade.order.lmtPrice = ticket.quantity, ticket.limit
        self.ib.placeOrder(trade.contract, trade.order)

    def cancel(self, order_id: int) -> None:
        [trade] = [t for t in self.ib.trades() if t.order.orderId == order_id]
        self.ib.cancelOrder(trade.order)

    def working(self) -> list[Working]:
        return newest([working(trade) for trade in self.ib.reqOpenOrders()])

    def replayed(self) -> list[Working]:
        """Return the open orders that came without asking, or with what its connect asks."""
        return newest([working(trade) for trade in self.ib.openTrades()])

    def completed(self) -> list[Completed]:
        return [
            Completed(t.order.permId, t.orderStatus.status, t.contract.conId, t.order.action)
            for t in self.ib.reqCompletedOrders(False)
        ]

    def past_executions(self) -> list[Execution]:
        return [execution(fill) for fill in self.ib.reqExecutions()]

    def _keep_execution(self, _trade: Any, fill: Any) -> None:
        self.executions[fill.execution.execId] = execution(fill)

    def _keep_commission(self, _trade: Any, _fill: Any, report: Any) -> None:
        self.commissions[report.execId] = Commission(report.commission, report.currency)


def number(value: object) -> Decimal:
    """Return a quantity as the other peers do."""
    return Decimal(str(value)).normalize() + 0


def status(trade: Any) -> Status:
    """Read an order status the library's way."""
    now = trade.orderStatus
    return Status(
        trade.order.orderId, now.status, number(now.filled), number(now.remaining), now.permId
    )


def working(trade: Any) -> Working:
    """Read an open order the library's way."""
    made = trade.order
    return Working(
        made.orderId, made.permId, trade.orderStatus.status, trade.contract.conId, made.action,
        number(made.totalQuantity), made.orderType, made.lmtPrice,
    )  # fmt: skip


def execution(fill: Any) -> Execution:
    """Read an execution the library's way."""
    done, con_id = fill.execution, fill.contract.conId
    return Execution(
        done.execId, done.orderId, con_id, done.side, number(done.shares), done.price
    )  # fmt: skip


def greeks(computed: Any) -> Greeks:
    """Read a computation the library's way."""
    return Greeks(
        computed.impliedVol, computed.delta, computed.optPrice, computed.gamma, computed.vega,
        computed.theta, computed.undPrice,
    )  # fmt: skip


def details(row: Any) -> Details:
    """Read contract details the library's way."""
    c = row.contract
    return Details(
        c.conId, c.symbol, c.secType, c.lastTradeDateOrContractMonth, float(c.strike), c.right,
        c.multiplier, c.localSymbol, c.tradingClass, row.minTick, row.longName, row.underConId,
        row.timeZoneId, row.tradingHours, row.liquidHours, row.marketRuleIds, row.stockType,
    )  # fmt: skip
