"""An order's way through the gateway: acknowledged, working, filled, cancelled, refused.

Every step is an event of the schedule, so a client that leaves changes nothing. Which orders hang
together is ``brackets``; when a quote fills is ``fills``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_ibkr.sim import brackets, order_band
from pytest_ibkr.sim.buying_power import funds_refusal
from pytest_ibkr.sim.execution_record import execute_order
from pytest_ibkr.sim.fills import Offer, opposite
from pytest_ibkr.sim.order_acceptance import refusal_by_ib
from pytest_ibkr.sim.order_holds import Holds
from pytest_ibkr.sim.order_hours import Hours
from pytest_ibkr.sim.order_reports import Reports
from pytest_ibkr.sim.order_state import MANUAL_CLIENT, Order, OrderBook, Status
from pytest_ibkr.sim.order_watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from pytest_ibkr.sim.conditions import Latency
    from pytest_ibkr.sim.engine import Engine


class OrderFlow:
    """Moves orders on. The one place where an order's status changes."""

    def __init__(self, engine: Engine, book: OrderBook) -> None:
        self._engine, self._book = engine, book
        self.reports = Reports(engine)
        self.watch = Watch(engine, self)
        self.hours, self.holds = Hours(engine, self), Holds(engine, self)

    # On the way in

    def submit(self, orders: list[Order]) -> None:
        """Send orders to IB; each is acknowledged after the acknowledgement latency."""
        for order in orders:
            order.held = False
            self._after(self._latency.ack_s, lambda order=order: self._acknowledge(order))  # type: ignore[misc]

    def modified(self, order: Order, *, to_market: bool) -> None:
        """Report and work an order whose terms were just changed.

        Args:
            order: an order that is not done; before its acknowledgement nothing is reported.
            to_market: it became a market order: it then says ``Filled`` before its execution
                and nothing at all before that (S6 of gateway-behaviour.md, appendix C).
        """
        if order.status is Status.PENDING_SUBMIT:
            return
        self.holds.begin(order)
        self.hours.arm(order)
        order.filled_first = order.filled_first or to_market
        order.modified_silently = to_market and not order.rests
        if not order.modified_silently:
            self.reports.pair(order)
        if not order.rests and not self.kept_out(order):
            self.watch.route(order)

    def after_ack(self, action: Callable[[], None]) -> None:
        """Do something when IB's acknowledgement would arrive."""
        self._after(self._latency.ack_s, action)

    def _acknowledge(self, order: Order) -> None:
        if order.status is not Status.PENDING_SUBMIT:
            return
        parent = order.parent
        if parent is not None and parent.is_done and parent.status is not Status.FILLED:
            self.cancel_now(order)
            return
        refusal = refusal_by_ib(order, self._book, self._engine)
        order.perm_id = self._book.new_perm_id()
        if order.client_id == MANUAL_CLIENT and order.order_id < 0:
            self.reports.bound(order)
        brackets.join_parent_group(order)
        if refusal is not None:
            self.reject(order, refusal.code, refusal.text)
            return
        now_s = self._engine.now_s
        order.waits_for_open = not self._engine.market.is_open(now_s) or order.terms.tif == "OPG"
        order.status, order.taken_s = Status.PRE_SUBMITTED, now_s
        self.watch.set_trailing_stop(order)
        self.holds.begin(order)
        self.hours.arm(order)
        if order.waits_for_open and not order.waits_for_parent:
            self.reports.held_until_open(order, self.hours.opening_text())
        if order.rests:
            self._echo(order)
            self.watch.start(order)
        elif not self.kept_out(order, first=True):
            self._announce_working(order)
            self.watch.route(order)

    def _echo(self, order: Order) -> None:
        """Show an order that rests, unless its type is taken without a word."""
        if not order.silent:
            self.reports.pair(order)

    def _announce_working(self, order: Order) -> None:
        """Market buys show PreSubmitted until they fill, market sells Submitted, limits both."""
        if self._engine.weather.skips_status(order):
            order.filled_first = order.modified_silently = True
            return
        if order.order_type in ("MKT", "MTL"):
            if not order.buys:
                order.status = Status.SUBMITTED
            self.reports.pair(order)
            return
        self.reports.pair(order)
        order.status = Status.SUBMITTED
        self.reports.pair(order, times=2)

    def kept_out(self, order: Order, *, first: bool = False) -> bool:
        """Cancel an order that begins to work with a limit beyond the price band.

        Args:
            order: about to meet the market.
            first: its acknowledgement is still to be sent.

        Returns:
            Whether it is on its way out: PendingCancel twice, Cancelled, the long 202 (S13).
        """
        quote = self.watch.valid_quote(order.instrument)
        offer = None if quote is None else opposite(quote, buys=order.buys)
        if self._engine.conditions.price_band == "capped":
            self._cap(order, offer)
        beyond = "" if order.cap is not None else order_band.refusal(order, offer)
        reason = beyond or self._engine.weather.cancels(order, offer)
        if not reason:
            return False
        order.ready_s, order.cancel_asked = None, True
        if first:
            self.reports.pair(order)
        self._after(self._latency.cancel_s / 2, lambda: self._pending_cancel(order, times=2))
        self._after(self._latency.cancel_s, lambda: self.cancel_now(order, reason=reason))
        return True

    def _cap(self, order: Order, offer: Offer | None) -> None:
        """Hold an order within the price band instead of cancelling it: 2161 and a cap price."""
        bound = order_band.bound_of(order, offer)
        if bound is not None and bound != order.cap:
            order.cap = bound
            self.reports.error(order, 2161, order_band.cap_text(order, bound))

    # What happens to a working order

    def activate(self, order: Order) -> None:
        """Its parent is filled or the market open: work it, if nothing else holds it.

        A child is looked at again: it may not close what it was meant to close.
        """
        if not order.is_open or order.status is Status.PENDING_CANCEL:
            return
        refusal = funds_refusal(order, self._book, self._engine) if order.parent else None
        if refusal is not None:
            self.reject(order, refusal.code, refusal.text)
            return
        if order.parent is not None:
            self.holds.locate(order)
        if order.rests:
            self._echo(order)
        elif not self.kept_out(order, first=True):
            order.status = Status.SUBMITTED
            self.reports.pair(order)
            self.watch.route(order)
        self.watch.start(order)

    def fill(self, order: Order, shares: Decimal, price: Decimal, *, added: bool) -> None:
        """Execute part or all of an order, now; see ``execute_order`` for the arguments."""
        executions = execute_order(
            self._engine, self._book, order, shares=shares, price=price, added=added
        )
        if order.remaining == 0:
            order.status = Status.FILLED
            self._finish(order, f"Filled Size: {order.filled:f}")
        elif order.status is not Status.PENDING_CANCEL:
            order.status = Status.SUBMITTED
        if order.order_type == "MTL":
            order.limit = price  # what is left of it is a limit order at what it got
        order.modified_silently = False
        self._engine.weather.met("filled", order)
        if order.filled_first:
            self.reports.pair(order)
        for execution in executions:
            self.reports.execution(execution)
        if not order.filled_first:
            self.reports.pair(order)
        self._after(self._latency.commission_s, lambda: self.reports.commissions(executions))
        brackets.after_fill(self, self._book, order, shares)

    def reduce(self, order: Order, shares: Decimal) -> None:
        """Take away quantity because another order of its OCA group filled as much.

        One with nothing left is cancelled, and says what it had remaining.
        """
        if shares >= order.remaining:
            self.cancel_now(order)
        else:
            order.quantity -= shares
            self.reports.pair(order)

    # On the way out

    def ask_cancel(self, order: Order) -> None:
        """Send a cancellation to IB: PendingCancel on the way, Cancelled unless a fill wins."""
        order.cancel_asked = True
        self._engine.weather.met("cancel asked", order)
        half_s = self._latency.cancel_s / 2
        self._after(half_s, lambda: self._pending_cancel(order))
        self._after(self._latency.cancel_s, lambda: self._cancel(order))

    def _pending_cancel(self, order: Order, *, times: int = 1) -> None:
        if not order.is_open:
            return
        # What the exchange never had comes back with its echo, twice (off-hours captures).
        off_hours = order.waits_for_open
        order.status = Status.PENDING_CANCEL
        if off_hours:
            self.reports.pair(order, times=2)
        else:
            self.reports.status(order, times=times)

    def _cancel(self, order: Order) -> None:
        if order.status is Status.PENDING_SUBMIT:
            # Not acknowledged yet: a cancellation cannot overtake its order.
            self.ask_cancel(order)
        elif order.is_done:
            text = f"OrderId {order.order_id} that needs to be cancelled cannot be cancelled"
            self.reports.error(order, 10148, f"{text}, state: {order.status}.")
        else:
            self.cancel_now(order, "Cancelled by Trader")

    def cancel_remainder(self, order: Order) -> None:
        """What an immediate-or-cancel order did not get goes."""
        order.status = Status.PENDING_CANCEL
        self.reports.status(order)
        self.cancel_now(order)

    def cancel_now(
        self, order: Order, text: str = "Cancelled by System:\n", *, reason: str = ""
    ) -> None:
        """Cancel at IB, at once: orderStatus and 202 with a reason; children of it go too."""
        if order.is_done:
            return
        order.perm_id = order.perm_id or self._book.new_perm_id()
        order.status = Status.CANCELLED
        self._finish(order, text)
        self.reports.cancelled(order, reason)
        brackets.after_end(self, order)

    def cancel_held(self, order: Order) -> None:
        """Drop an order that was never transmitted: it never left the gateway."""
        order.status = Status.API_CANCELLED
        self._finish(order, "")
        self.reports.status(order)
        brackets.after_end(self, order)

    def reject(self, order: Order, code: int, text: str) -> None:
        """IB refuses it: Inactive, the error, Inactive again."""
        order.status = Status.INACTIVE
        self._finish(order, "")
        self.reports.status(order)
        self.reports.error(order, code, text)
        self.reports.status(order)
        brackets.after_end(self, order)

    def _finish(self, order: Order, text: str) -> None:
        order.finished_s, order.finished_text = self._engine.now_s, text
        order.waits_for_open = False

    @property
    def _latency(self) -> Latency:
        return self._engine.conditions.latency

    def _after(self, delay_s: float, action: Callable[[], None]) -> None:
        # Not engine.owe: that drops the answer with its client, and orders outlive clients.
        self._engine.schedule.at(self._engine.now_s + delay_s, action, owed=True)
