"""What keeps an order asleep beside its stop, its parent and the night, and when it wakes.

That is a good-after time, conditions, and a short sale whose shares must be located. Such an order
is PreSubmitted (gateway-behaviour.md 3.3); ``OrderFlow`` works it when the last hold is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim import order_conditions, order_hours
from pytest_ibkr.sim.order_state import Order, Status
from pytest_ibkr.sim.order_types import AT_CLOSE
from pytest_ibkr.sim.positions import ZERO

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.order_flow import OrderFlow
    from pytest_ibkr.sim.schedule import Timer

LOCATING: Final = "Order held while securities are located."


class Holds:
    """Puts orders to sleep and wakes them."""

    def __init__(self, engine: Engine, flow: OrderFlow) -> None:
        self._engine, self._flow = engine, flow
        self._looks: dict[Order, Timer] = {}  # the next look at the conditions of an order

    def begin(self, order: Order) -> None:
        """Note what holds an order whose terms are new, and watch for its end."""
        engine, terms = self._engine, order.terms
        wakes_s = order_hours.good_after_s(terms, engine.now_s)
        order.wakes_s = wakes_s if wakes_s is not None and wakes_s > engine.now_s else None
        if order.wakes_s is not None:
            engine.schedule.at(order.wakes_s, lambda: self._wake(order), owed=False)
        order.conditional = bool(terms.conditions) and not terms.conditions_cancel_order
        if order.conditional and order_conditions.hold(order, engine):
            order.conditional = False
        self.watch_again(order)
        order.auction = "close" if order.order_type in AT_CLOSE else ""
        if terms.tif == "OPG":
            order.auction = "open"
        if not order.waits_for_parent:
            self.locate(order)

    def locate(self, order: Order) -> None:
        """Hold a short sale of more shares than can be borrowed, and say so: 404; it lives.

        How many there are is the condition ``shortable_shares``; a symbol it does not name has
        enough.
        """
        order.locating = not self._located(order)
        if order.locating:
            self._flow.reports.error(order, 404, LOCATING)

    def look_for_shares(self, order: Order) -> None:
        """Let a short sale go when its shares have been found."""
        if order.locating and self._located(order):
            order.locating = False
            self._release(order)

    def _located(self, order: Order) -> bool:
        shortable = self._engine.conditions.shortable_shares.get(order.instrument.symbol)
        if shortable is None or order.buys or order.instrument.sec_type != "STK":
            return True
        held = self._engine.accounts.ledger.quantity(order.instrument.con_id)
        return order.remaining - max(held, ZERO) <= shortable

    def _wake(self, order: Order) -> None:
        if order.wakes_s is not None and self._engine.now_s >= order.wakes_s:
            order.wakes_s = None
            self._release(order)

    def watch_again(self, order: Order) -> None:
        """Look at the conditions of an order when they may next be met; for no other order."""
        if (timer := self._looks.pop(order, None)) is not None:
            timer.cancel()
        cancels = bool(order.terms.conditions) and order.terms.conditions_cancel_order
        if not (order.conditional or cancels):
            return
        next_s = order_conditions.next_moment_s(order, self._engine)
        if next_s is not None:
            schedule = self._engine.schedule
            self._looks[order] = schedule.at(next_s, lambda: self._look(order), owed=False)

    def _look(self, order: Order) -> None:
        self._looks.pop(order, None)
        if order.is_done or order.status is Status.PENDING_CANCEL:
            return
        if not order_conditions.hold(order, self._engine):
            self.watch_again(order)
        elif order.terms.conditions_cancel_order:
            self._flow.cancel_now(order)
        else:
            order.conditional = False
            self._release(order)

    def _release(self, order: Order) -> None:
        """Work an order unless something else still holds it."""
        if not order.is_open or order.rests:
            return
        self._flow.activate(order)
