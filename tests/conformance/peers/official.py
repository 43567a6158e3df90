"""The official client as a peer: requests, and waiting for their ends."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ibapi.execution import ExecutionFilter

from tests.conformance.peers.model import (
    Asked,
    Bar,
    Chain,
    Commission,
    Completed,
    Details,
    Execution,
    Line,
    Notice,
    Refused,
    Status,
    Ticket,
    Working,
    newest,
)
from tests.conformance.peers.official_app import SESSION, App, number
from tests.conformance.peers.official_families import OfficialFamilies
from tests.conformance.peers.official_writing import contract, order

PATIENCE_S = 8.0
FARMS = range(2100, 2200)
WAKE = b"49\x001\x000\x00"  # a currentTime nobody listens to
WAKE_BINARY = bytes(4)  # message 0, which its loop steps over
BINARY_IDS = 201  # the server version from which ids have four bytes
SUMMARY_TAGS = "AccountType,NetLiquidation,TotalCashValue,BuyingPower,AvailableFunds,Cushion"


class OfficialPeer:
    """``ibapi``: two threads per connection, joined when it closes."""

    def __init__(self) -> None:
        self.app = App()
        self.families = OfficialFamilies(self)
        self._runner: threading.Thread | None = None
        self._request_ids = itertools.count(9001)  # far from order ids: errors share one space

    # -- connection

    def connect(self, host: str, port: int, client_id: int) -> None:
        app = self.app
        app.connect(host, port, client_id)
        self._runner = threading.Thread(target=app.run, name="ibapi-run")
        self._runner.start()
        self.until(lambda: bool(app.order_ids and app.account_list), "nextValidId, managedAccounts")

    def close(self) -> None:
        """End both threads at once; ``disconnect`` alone leaves its reader up to a second."""
        app, runner, self._runner = self.app, self._runner, None
        if runner is None:
            return
        queue, reader = app.msg_queue, app.reader
        if app.conn is not None and app.conn.socket is not None:
            app.conn.socket.shutdown(socket.SHUT_RDWR)
        if reader is not None:
            reader.join()
        woken = WAKE_BINARY if (app.serverVersion() or 0) >= BINARY_IDS else WAKE
        queue.put(woken)  # its loop looks at the connection after each message, or each 0.2 s
        runner.join()

    def version(self) -> int:
        return int(self.app.serverVersion())

    def accounts(self) -> list[str]:
        return [account for account in self.app.account_list.split(",") if account]

    def next_id(self) -> int:
        before = len(self.app.order_ids)
        self.app.reqIds(1)
        self.until(lambda: len(self.app.order_ids) > before, "nextValidId")
        return self.app.order_ids[-1]

    # -- what arrived

    @property
    def notices(self) -> list[Notice]:
        return self.app.notices

    @property
    def statuses(self) -> list[Status]:
        return self.app.statuses

    @property
    def executions(self) -> dict[str, Execution]:
        return self.app.executions

    @property
    def commissions(self) -> dict[str, Commission]:
        return self.app.commissions

    def until(self, condition: Callable[[], bool], what: str) -> None:
        assert self.app.wait(condition, PATIENCE_S), f"{what} never came"

    # -- account

    def summary(self) -> dict[tuple[str, str], str]:
        rows = self._ask("summary", lambda i: self.app.reqAccountSummary(i, "All", SUMMARY_TAGS))
        return {(tag, currency): value for tag, currency, value in rows}

    def account_values(self, account: str) -> dict[tuple[str, str], str]:
        self.app.reqAccountUpdates(True, account)
        self.until(lambda: ("account", SESSION) in self.app.ends, "accountDownloadEnd")
        return {(key, currency): value for key, currency, value in self.app.rows[SESSION]}

    def positions(self) -> dict[int, Decimal]:
        app = self.app
        app.rows[-2].clear()
        app.ends.discard(("positions", SESSION))
        app.reqPositions()
        self.until(lambda: ("positions", SESSION) in app.ends, "positionEnd")
        return dict(app.rows[-2])

    # -- contracts, history

    def details(self, asked: Asked) -> list[Details]:
        found = self._ask("details", lambda i: self.app.reqContractDetails(i, contract(asked)))
        return [details(row) for row in found]

    def chains(self, symbol: str, con_id: int) -> list[Chain]:
        send = lambda i: self.app.reqSecDefOptParams(i, symbol, "", "STK", con_id)  # noqa: E731
        return [
            Chain(exchange, name, multiplier, int(under), frozenset(dates), frozenset(strikes))
            for exchange, under, name, multiplier, dates, strikes in self._ask("chains", send)
        ]

    def bars(self, asked: Asked, *, duration: str, size: str) -> list[Bar]:
        wanted: tuple[Any, ...] = (contract(asked), "", duration, size, "TRADES", 1, 1, False, [])
        rows = self._ask("bars", lambda i: self.app.reqHistoricalData(i, *wanted))
        return [
            Bar(r.date, r.open, r.high, r.low, r.close, number(r.volume), weighted(r), r.barCount)
            for r in rows
        ]

    # -- market data

    def want_data_type(self, data_type: int) -> None:
        self.app.reqMarketDataType(data_type)

    def snapshot(self, asked: Asked) -> Line:
        line = self._open_line(asked, snapshot=True)
        self.until(lambda: line.ended, "the snapshot's end")
        return line

    def stream(self, asked: Asked) -> Line:
        return self._open_line(asked, snapshot=False)

    def stop_stream(self, line: Line) -> None:
        self.app.cancelMktData(line.request_id)

    def _open_line(self, asked: Asked, *, snapshot: bool) -> Line:
        line = Line(next(self._request_ids))
        self.app.lines[line.request_id] = line
        self.app.reqMktData(line.request_id, contract(asked), "", snapshot, False, [])
        return line

    # -- orders

    def place(self, asked: Asked, ticket: Ticket) -> int:
        order_id = self.next_id()
        self.modify(order_id, asked, ticket)
        return order_id

    def modify(self, order_id: int, asked: Asked, ticket: Ticket) -> None:
        self.app.placeOrder(order_id, contract(asked), order(ticket))

    def cancel(self, order_id: int) -> None:
        try:
            from ibapi.order_cancel import OrderCancel
        except ImportError:  # 9.81
            self.app.cancelOrder(order_id)
        else:
            self.app.cancelOrder(order_id, OrderCancel())

    def working(self) -> list[Working]:
        app = self.app
        first = len(app.echoes)
        app.ends.discard(("orders", SESSION))
        app.reqOpenOrders()
        self.until(lambda: ("orders", SESSION) in app.ends, "openOrderEnd")
        return newest(app.echoes[first:])

    def replayed(self) -> list[Working]:
        """Return the open orders that came without asking."""
        return newest(self.app.echoes)

    def completed(self) -> list[Completed]:
        app = self.app
        app.finished.clear()
        app.ends.discard(("completed", SESSION))
        app.reqCompletedOrders(False)
        self.until(lambda: ("completed", SESSION) in app.ends, "completedOrdersEnd")
        return list(app.finished)

    def past_executions(self) -> list[Execution]:
        return self._ask("executions", lambda i: self.app.reqExecutions(i, ExecutionFilter()))

    # -- request and answer

    def request_id(self) -> int:
        """Return an id no request had."""
        return next(self._request_ids)

    def answered(self, request_id: int, whole: Callable[[], bool]) -> None:
        """Wait for the whole answer of a request; raises ``Refused``."""
        self.until(lambda: whole() or self._refusal(request_id) is not None, "the answer")
        self._raise_refusal(request_id)

    def _ask(self, kind: str, send: Callable[[int], Any]) -> list[Any]:
        app, request_id = self.app, self.request_id()
        send(request_id)
        self.answered(request_id, lambda: (kind, request_id) in app.ends)
        return app.rows[request_id]

    def _refusal(self, request_id: int) -> Notice | None:
        found = (n for n in self.app.notices if n.request_id == request_id)
        return next((n for n in found if n.code not in FARMS), None)

    def _raise_refusal(self, request_id: int) -> None:
        if (notice := self._refusal(request_id)) is not None:
            raise Refused(notice)


def details(row: Any) -> Details:
    """Read contract details the library's way."""
    c = row.contract
    return Details(
        c.conId, c.symbol, c.secType, c.lastTradeDateOrContractMonth, float(c.strike), c.right,
        c.multiplier, c.localSymbol, c.tradingClass, row.minTick, row.longName, row.underConId,
        row.timeZoneId, row.tradingHours, row.liquidHours, row.marketRuleIds,
        getattr(row, "stockType", ""),
    )  # fmt: skip


def weighted(row: Any) -> float:
    """Return the weighted average price under either of its names."""
    return float(row.wap if hasattr(row, "wap") else row.average)
