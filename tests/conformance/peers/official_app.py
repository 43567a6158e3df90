"""The official client with callbacks that keep what arrives; works with 9.81 and 10.46."""

# ruff: noqa: N802, N803  (callback and argument names are the library's)

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ibapi.client import EClient
from ibapi.wrapper import EWrapper

from tests.conformance.peers.model import (
    PRICE_TICKS,
    Commission,
    Completed,
    Execution,
    Greeks,
    Line,
    Notice,
    Status,
    Working,
)
from tests.conformance.peers.official_callbacks import OPTION_CALCULATION, FamilyCallbacks

SESSION = -1  # the key of answers that carry no request id


def number(value: object) -> Decimal:
    """Return a quantity whichever number type the generation uses."""
    return Decimal(str(value)).normalize() + 0


def known(value: Any, sentinel: float | None = None) -> float | None:
    """Return None where the gateway said "not computed"."""
    return None if value is None or value == sentinel else float(value)


class App(FamilyCallbacks, EWrapper, EClient):  # type: ignore[misc]
    """Threads: the library's reader, one running ``run``, and the test's, which waits."""

    def __init__(self) -> None:
        FamilyCallbacks.__init__(self)
        EWrapper.__init__(self)
        EClient.__init__(self, self)
        self.changed = threading.Condition()
        self.rows: dict[int, list[Any]] = defaultdict(list)
        self.ends: set[tuple[str, int]] = set()
        self.lines: dict[int, Line] = {}
        self.notices: list[Notice] = []
        self.statuses: list[Status] = []
        self.executions: dict[str, Execution] = {}
        self.commissions: dict[str, Commission] = {}
        self.account_list = ""
        self.order_ids: list[int] = []
        self.echoes: list[Working] = []
        self.finished: list[Completed] = []

    def wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for a condition, tested whenever a message was handled."""
        with self.changed:
            return self.changed.wait_for(condition, timeout_s)

    def msgLoopRec(self) -> None:
        """Wake the test after each message."""
        with self.changed:
            self.changed.notify_all()

    def error(self, reqId: int, *rest: Any) -> None:
        """9.81: code, text. 10.46: time, code, text, reject reasons."""
        code, text = (rest[1], rest[2]) if len(rest) > 2 else rest
        self.notices.append(Notice(reqId, int(code), text))

    # -- session and account

    def managedAccounts(self, accountsList: str) -> None:
        self.account_list = accountsList

    def nextValidId(self, orderId: int) -> None:
        self.order_ids.append(orderId)

    def accountSummary(self, reqId: int, account: str, tag: str, value: str, currency: str) -> None:
        self.rows[reqId].append((tag, currency, value))

    def accountSummaryEnd(self, reqId: int) -> None:
        self.ends.add(("summary", reqId))

    def updateAccountValue(self, key: str, val: str, currency: str, accountName: str) -> None:
        self.rows[SESSION].append((key, currency, val))

    def accountDownloadEnd(self, accountName: str) -> None:
        self.ends.add(("account", SESSION))

    def position(self, account: str, contract: Any, position: Any, avgCost: float) -> None:
        self.rows[-2].append((contract.conId, number(position)))

    def positionEnd(self) -> None:
        self.ends.add(("positions", SESSION))

    # -- contracts and history

    def contractDetails(self, reqId: int, contractDetails: Any) -> None:
        self.rows[reqId].append(contractDetails)

    def contractDetailsEnd(self, reqId: int) -> None:
        self.ends.add(("details", reqId))

    def securityDefinitionOptionParameter(self, reqId: int, *row: Any) -> None:
        self.rows[reqId].append(row)

    def securityDefinitionOptionParameterEnd(self, reqId: int) -> None:
        self.ends.add(("chains", reqId))

    def historicalData(self, reqId: int, bar: Any) -> None:
        self.rows[reqId].append(bar)

    def historicalDataEnd(self, reqId: int, start: str, end: str) -> None:
        self.ends.add(("bars", reqId))

    # -- market data

    def tickPrice(self, reqId: int, tickType: int, price: float, attrib: Any) -> None:
        if tickType in PRICE_TICKS:
            self.lines[reqId].prices.append((tickType, price))

    def tickOptionComputation(
        self, reqId: int, tickType: int, tickAttrib: int, *values: Any
    ) -> None:
        implied, delta, price, _dividend, gamma, vega, theta, under = values
        computed = Greeks(
            known(implied, -1), known(delta, -2), known(price, -1), known(gamma, -2),
            known(vega, -2), known(theta, -2), known(under, -1),
        )  # fmt: skip
        if tickType == OPTION_CALCULATION:
            self.keep_calculation(reqId, computed)
        else:
            self.lines[reqId].greeks[tickType] = computed

    def tickSnapshotEnd(self, reqId: int) -> None:
        self.lines[reqId].ended = True

    # -- orders

    def orderStatus(
        self, orderId: int, status: str, filled: Any, remaining: Any, *rest: Any
    ) -> None:
        perm_id = rest[1]
        self.statuses.append(Status(orderId, status, number(filled), number(remaining), perm_id))

    def openOrder(self, orderId: int, contract: Any, order: Any, orderState: Any) -> None:
        if order.whatIf:
            self.previews[orderId] = orderState
            return
        echo = Working(
            orderId, order.permId, orderState.status, contract.conId, order.action,
            number(order.totalQuantity), order.orderType, order.lmtPrice,
        )  # fmt: skip
        self.echoes.append(echo)

    def openOrderEnd(self) -> None:
        self.ends.add(("orders", SESSION))

    def completedOrder(self, contract: Any, order: Any, orderState: Any) -> None:
        row = Completed(order.permId, orderState.status, contract.conId, order.action)
        self.finished.append(row)

    def completedOrdersEnd(self) -> None:
        self.ends.add(("completed", SESSION))

    def execDetails(self, reqId: int, contract: Any, execution: Any) -> None:
        done = Execution(
            execution.execId, execution.orderId, contract.conId, execution.side,
            number(execution.shares), execution.price,
        )  # fmt: skip
        self.executions[done.exec_id] = done
        self.rows[reqId].append(done)

    def execDetailsEnd(self, reqId: int) -> None:
        self.ends.add(("executions", reqId))

    def commissionReport(self, commissionReport: Any) -> None:
        paid = Commission(commissionReport.commission, commissionReport.currency)
        self.commissions[commissionReport.execId] = paid

    def commissionAndFeesReport(self, report: Any) -> None:
        """Its name in 10.46."""
        self.commissions[report.execId] = Commission(report.commissionAndFees, report.currency)
