"""Questions about orders: open, executed, completed; and settling what is in doubt."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ibapi.execution import ExecutionFilter

from bot.broker.api_client import ApiClient
from bot.broker.asking import ask_single
from bot.broker.convert import (
    connection_zone,
    from_ib_contract,
    from_ib_execution,
    from_ib_order,
)
from bot.broker.order_book import OrderBook
from bot.broker.session import Session
from bot.domain.numbers import to_decimal
from bot.domain.orders import CompletedOrder, Execution, OrderState, OrderStatus

OPEN_ORDERS, COMPLETED_ORDERS = "open orders", "completed orders"
ORDER_KINDS = frozenset({OPEN_ORDERS, COMPLETED_ORDERS})


class OrderQueries:
    """Asks the gateway about orders, and receives every order callback."""

    def __init__(self, session: Session, book: OrderBook) -> None:
        self._session, self.book = session, book

    # ------------------------------------------------------------ questions

    def open_orders(self, timeout_s: float, *, all_clients: bool) -> list[OrderState]:
        """As the gateway lists them; own orders with everything the book knows."""

        def ask(client: ApiClient) -> None:
            if all_clients:
                client.reqAllOpenOrders()
            else:
                client.reqOpenOrders()

        rows: list[OrderState] = self._ask_single(OPEN_ORDERS, ask, timeout_s)
        own = self._session.client_id
        listed = {(row.client_id, row.order_id, row.perm_id): row for row in rows}
        states = [
            (self.book.get(row.order_id) or row) if row.client_id == own else row
            for row in listed.values()
        ]
        return [state for state in states if not state.is_terminal]

    def executions(self, timeout_s: float, *, all_clients: bool) -> list[Execution]:
        """Today's fills; of one fill and its corrections only the last."""
        wanted = ExecutionFilter()
        wanted.clientId = 0 if all_clients else self._session.client_id
        requests = self._session.requests
        pending = requests.open("executions", "executions")
        try:
            self._session.send(lambda client: client.reqExecutions(pending.id, wanted))
            rows: list[Execution] = requests.wait(pending, timeout_s)
        finally:
            requests.forget(pending)
        latest: dict[str, Execution] = {}
        for row in rows:
            base = row.exec_id.rpartition(".")[0] or row.exec_id
            if base not in latest or row.exec_id >= latest[base].exec_id:
                latest[base] = row
        return [self._with_commission(row) for row in latest.values()]

    def completed(self, timeout_s: float, *, api_only: bool) -> list[CompletedOrder]:
        """Finished orders the gateway remembers."""
        rows: list[CompletedOrder] = self._ask_single(
            COMPLETED_ORDERS, lambda client: client.reqCompletedOrders(api_only), timeout_s
        )
        return list({row.perm_id: row for row in rows}.values())

    def reconcile(self, timeout_s: float) -> list[OrderState]:
        """Settle every order that is not known to be over.

        An order that is not open, not filled and not among the completed ones is over all
        the same: Cancelled when the gateway ever acknowledged it, Inactive when not.
        """
        before = {state.order_id: state for state in self.book.all()}
        doubtful = self.book.working_ids()
        if not doubtful:
            return []
        still_open = {state.order_id for state in self.open_orders(timeout_s, all_clients=False)}
        gone = [order_id for order_id in doubtful if order_id not in still_open]
        if gone:
            self.executions(timeout_s, all_clients=False)
        gone = [order_id for order_id in gone if not self.book.require(order_id).is_terminal]
        if gone:
            completed = {row.perm_id: row for row in self.completed(timeout_s, api_only=False)}
            for order_id in gone:
                self._settle(order_id, completed.get(self.book.require(order_id).perm_id))
        return [state for state in self.book.all() if before.get(state.order_id) != state]

    def _settle(self, order_id: int, completed: CompletedOrder | None) -> None:
        if completed is not None and completed.perm_id:
            words = completed.status or completed.completed_status
            status = next((s for s in OrderStatus if s.value == words), OrderStatus.CANCELLED)
            self.book.settle(order_id, status, completed.completed_status)
        elif self.book.is_acknowledged(order_id):
            self.book.settle(order_id, OrderStatus.CANCELLED, "not open and not filled any more")
        else:
            self.book.settle(order_id, OrderStatus.INACTIVE, "the gateway knows no such order")

    def _ask_single(
        self, kind: str, ask: Callable[[ApiClient], object], timeout_s: float
    ) -> list[Any]:
        return ask_single(self._session, kind, ask, timeout_s=timeout_s)

    def _with_commission(self, execution: Execution) -> Execution:
        state = self.book.get(execution.order_id)
        known = {} if state is None else {fill.exec_id: fill for fill in state.executions}
        return known.get(execution.exec_id, execution)

    # ------------------------------------------------------------ callbacks (reader thread)

    def open_order(self, order_id: int, contract: Any, *, order: Any, state: Any) -> None:
        """openOrder, asked for or not."""
        words = str(state.status)
        status = next((s for s in OrderStatus if s.value == words), OrderStatus.PENDING_SUBMIT)
        ticket = from_ib_order(order)
        row = OrderState(
            order_id=order_id,
            status=status,
            contract=from_ib_contract(contract),
            ticket=ticket,
            perm_id=int(order.permId or 0),
            client_id=int(order.clientId or 0),
            parent_id=int(order.parentId or 0),
            remaining=to_decimal(order.totalQuantity),
            warnings=tuple(filter(None, [str(getattr(state, "warningText", "") or "")])),
        )
        self.book.reported(row)
        self._session.requests.add_single(OPEN_ORDERS, row)

    def execution(self, request_id: int, contract: Any, *, execution: Any) -> None:
        """execDetails: live ones carry id -1."""
        zone = connection_zone(self._session.connection_time)
        fill = from_ib_execution(contract, execution, local_zone=zone)
        self.book.executed(fill)
        self._session.requests.add(request_id, fill)

    def commission(self, report: Any) -> None:
        """commissionReport, named commissionAndFeesReport in 10.x."""
        amount = getattr(report, "commissionAndFees", None)
        self.book.commission(
            report.execId,
            report.commission if amount is None else amount,
            currency=str(report.currency),
            realized_pnl=report.realizedPNL,
        )

    def completed_order(self, contract: Any, *, order: Any, state: Any) -> None:
        """completedOrder."""
        row = CompletedOrder(
            perm_id=int(order.permId or 0),
            contract=from_ib_contract(contract),
            action=str(order.action),
            status=str(state.status),
            filled=_known(order.filledQuantity),
            completed_status=str(state.completedStatus or "").strip(),
            completed_time=str(state.completedTime or ""),
            order_ref=str(order.orderRef or ""),
        )
        self._session.requests.add_single(COMPLETED_ORDERS, row)


def _known(value: Any) -> Decimal | None:
    return to_decimal(value)
