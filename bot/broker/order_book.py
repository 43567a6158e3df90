"""What is known of this client's orders: callbacks in any order, repeated, become one state.

Imports no ibapi. Every change makes a new ``OrderState``; repeats change nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.broker.change_signal import ChangeSignal
from bot.broker.error_codes import ErrorKind
from bot.broker.errors import OrderNotFoundError
from bot.broker.order_rules import (
    ZERO,
    StatusReport,
    advance,
    merge_cancelled,
    merge_commission,
    merge_fill,
    merge_report,
    merge_status,
    with_texts,
)
from bot.domain.contracts import Contract
from bot.domain.numbers import Number, to_decimal
from bot.domain.orders import (
    Execution,
    OrderState,
    OrderStatus,
    OrderTicket,
)

if TYPE_CHECKING:
    from bot.domain.clock import Clock

REFUSED_AT_THE_BROKER = frozenset({201, 203, 460})


class OrderBook:
    """Thread-safe states by order id, with events for whoever waits."""

    def __init__(
        self, client_id: int, clock: Clock, *, order_id_seen: Callable[[int], None]
    ) -> None:
        self._client_id = client_id
        self.changed = ChangeSignal(clock)
        self._order_id_seen = order_id_seen
        self._lock = threading.Lock()
        self._states: dict[int, OrderState] = {}
        self._acknowledged: set[int] = set()  # the gateway sent a status for it
        self._modified: set[int] = set()
        self._tickets_before: dict[int, OrderTicket] = {}  # of modifications not echoed yet
        self._races: dict[int, str] = {}
        self._orders_of_fills: dict[str, int] = {}
        self.on_change: Callable[[OrderState], None] = lambda _state: None

    # ------------------------------------------------------------ reading

    def get(self, order_id: int) -> OrderState | None:
        """The state of one order."""
        with self._lock:
            return self._states.get(order_id)

    def require(self, order_id: int) -> OrderState:
        """The state of one order, or OrderNotFoundError."""
        state = self.get(order_id)
        if state is None:
            raise OrderNotFoundError(f"order {order_id} is not an order of this client")
        return state

    def all(self) -> tuple[OrderState, ...]:
        """Every order, by id."""
        with self._lock:
            return tuple(self._states[order_id] for order_id in sorted(self._states))

    def working_ids(self) -> list[int]:
        """Orders that are not over, except those held back with ``transmit=False``."""
        with self._lock:
            return [
                order_id
                for order_id, state in sorted(self._states.items())
                if not state.is_terminal
                and (
                    order_id in self._acknowledged or state.ticket is None or state.ticket.transmit
                )
            ]

    def is_acknowledged(self, order_id: int) -> bool:
        """True when the gateway ever reported a status for it."""
        with self._lock:
            return order_id in self._acknowledged

    # ------------------------------------------------------------ own actions

    def placed(self, order_id: int, contract: Contract, ticket: OrderTicket) -> None:
        """About to be sent by this object."""
        self._store(
            OrderState(
                order_id=order_id,
                status=OrderStatus.API_PENDING,
                contract=contract,
                ticket=ticket,
                client_id=self._client_id,
                parent_id=ticket.parent_id,
                remaining=ticket.quantity,
                placed_here=True,
            )
        )

    def modified(self, order_id: int, ticket: OrderTicket) -> None:
        """About to be sent again with other values."""
        with self._lock:
            self._modified.add(order_id)
            before = self._states[order_id].ticket
            if before is not None:
                self._tickets_before.setdefault(order_id, before)
        self._change(order_id, lambda state: replace(state, ticket=ticket))

    def forget_race(self, order_id: int) -> None:
        """A new cancel starts."""
        with self._lock:
            self._races.pop(order_id, None)

    def race(self, order_id: int) -> str | None:
        """What the gateway said when the last cancel was not possible."""
        with self._lock:
            return self._races.get(order_id)

    # ------------------------------------------------------------ callbacks

    def reported(self, state: OrderState) -> None:
        """openOrder: completes and confirms an order of this client, or adopts it."""
        if state.client_id != self._client_id or state.order_id <= 0:
            return
        self._order_id_seen(state.order_id)
        with self._lock:
            self._tickets_before.pop(state.order_id, None)
        self._acknowledge(state.order_id)
        self._change(state.order_id, lambda known: merge_report(known, state), adopt=True)

    def status(
        self,
        order_id: int,
        word: str,
        *,
        filled: Number,
        remaining: Number,
        average: Number,
        perm_id: int,
        client_id: int,
        why_held: str,
    ) -> None:
        """orderStatus. An unknown word is kept as a warning, the status stays."""
        if client_id != self._client_id or order_id <= 0:
            return
        self._order_id_seen(order_id)
        report = StatusReport(
            word=word,
            filled=to_decimal(filled) or ZERO,
            remaining=to_decimal(remaining),
            average=to_decimal(average) or None,
            perm_id=perm_id,
            why_held=why_held,
        )
        self._acknowledge(order_id)
        self._change(order_id, lambda known: merge_status(known, report), adopt=True)

    def executed(self, execution: Execution) -> None:
        """execDetails, live or asked for. A correction replaces the fill it corrects."""
        if execution.client_id != self._client_id or execution.order_id <= 0:
            return

        with self._lock:
            self._orders_of_fills[execution.exec_id] = execution.order_id
        self._acknowledge(execution.order_id)
        self._change(execution.order_id, lambda known: merge_fill(known, execution), adopt=True)

    def commission(
        self, exec_id: str, amount: Number, *, currency: str, realized_pnl: Number
    ) -> None:
        """The commission report of one fill."""
        with self._lock:
            order_id = self._orders_of_fills.get(exec_id)
        if order_id is None:
            return

        fee, profit = to_decimal(amount), to_decimal(realized_pnl)
        self._change(
            order_id,
            lambda known: merge_commission(
                known, exec_id, fee=fee, currency=currency, realized_pnl=profit
            ),
        )

    def error(self, order_id: int, code: int, *, text: str, kind: ErrorKind) -> bool:
        """An error with this order's id; True when the order is known."""
        if self.get(order_id) is None:
            return False
        if kind in (ErrorKind.WARNING, ErrorKind.INFO):
            self._change(
                order_id, lambda s: replace(s, warnings=with_texts(s.warnings, f"{code}: {text}"))
            )
        elif kind is ErrorKind.CANCEL_RACE:
            with self._lock:
                self._races[order_id] = f"{code}: {text}"
            self.changed.wake()
        elif kind is ErrorKind.ORDER_CANCELLED:
            self._change(order_id, lambda s: merge_cancelled(s, code, text))
        else:
            self._refused(order_id, code, text)
        return True

    def settle(self, order_id: int, status: OrderStatus, text: str) -> None:
        """What a reconciliation found out."""
        self._change(
            order_id,
            lambda s: advance(replace(s, error_text=text or s.error_text), status),
        )

    # ------------------------------------------------------------ inside

    def _refused(self, order_id: int, code: int, text: str) -> None:
        with self._lock:
            acknowledged = order_id in self._acknowledged
            modified = order_id in self._modified
            ticket = self._tickets_before.pop(order_id, None)
        # A working order answers for itself by orderStatus: 110 on a modify leaves it alive.
        dead = not acknowledged or (code in REFUSED_AT_THE_BROKER and not modified)

        def merge(known: OrderState) -> OrderState:
            merged = replace(known, error_code=code, error_text=text, ticket=ticket or known.ticket)
            return advance(merged, OrderStatus.INACTIVE) if dead else merged

        self._change(order_id, merge)

    def _acknowledge(self, order_id: int) -> None:
        with self._lock:
            self._acknowledged.add(order_id)

    def _store(self, state: OrderState) -> None:
        with self._lock:
            self._states[state.order_id] = state

    def _change(
        self, order_id: int, merge: Callable[[OrderState], OrderState], *, adopt: bool = False
    ) -> None:
        with self._lock:
            before = self._states.get(order_id)
            if before is None:
                if not adopt:
                    return
                before = OrderState(order_id=order_id, status=OrderStatus.API_PENDING)
            after = merge(before)
            changed = after != before or order_id not in self._states
            self._states[order_id] = after
        if changed:
            self.changed.wake()
            self.on_change(after)
