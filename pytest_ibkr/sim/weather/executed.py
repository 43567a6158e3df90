"""How orders fill: in parts, before a word was said, or against a cancel.

Source: gateway-behaviour.md 3.1, 3.2 and 8. Imports the engine for types only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar, Literal

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.fills import limit_of, opposite
from pytest_ibkr.sim.order_state import Order
from pytest_ibkr.sim.weather.trading import OfOrders


@dataclass(kw_only=True, eq=False)
class PartialFills(OfOrders):
    """Orders fill in parts."""

    share: float = 0.4
    rest: Literal["later", "never"] = "later"
    NAME: ClassVar[str] = "partial_fills"
    HAPPENS: ClassVar[str] = (
        "an order that could fill at once gets `share` of its quantity, rounded up, per change of"
        ' its quote; with `rest="never"` the first part only, and the rest stays working'
    )
    MET_BY: ClassVar[str] = "an order for two or more that the market would fill at once"

    def check(self) -> None:
        """See that the share can be."""
        super().check()
        if not 0 < self.share < 1:
            raise UsageError(f"share cannot be {self.share}: above 0 and below 1")

    def part(self, order: Order, shares: Decimal) -> Decimal:
        """Give a part."""
        symbol = order.instrument.symbol
        if order.quantity < 2 or order.terms.all_or_none or self.symbol not in ("", symbol):
            return shares
        if order.filled == 0 and not self.concerns(symbol):
            return shares
        if order.filled > 0 and self.rest == "never":
            return Decimal(0)
        most = (order.quantity * Decimal(str(self.share))).to_integral_value("ROUND_CEILING")
        if most >= order.quantity:
            most = order.quantity - 1
        return min(shares, most)

    def noticed(self, event: str, subject: object) -> None:
        """Count orders whose first fill left something."""
        if event == "filled" and isinstance(subject, Order) and subject.fills == 1:
            self.fired += subject.remaining > 0 and self.concerns(subject.instrument.symbol)


@dataclass(kw_only=True, eq=False)
class FillBeforeStatus(OfOrders):
    """The first thing an order says is that it is filled."""

    NAME: ClassVar[str] = "fill_before_status"
    HAPPENS: ClassVar[str] = (
        "an order that fills at once says nothing before: openOrder and orderStatus `Filled` come"
        " first, then the execution, then the commission"
    )
    MET_BY: ClassVar[str] = "an order that the market fills at once"

    _silent: list[Order] = field(default_factory=list, init=False)

    def skips_status(self, order: Order) -> bool:
        """Say nothing yet."""
        if not self.concerns(order.instrument.symbol):
            return False
        self._silent.append(order)
        return True

    def noticed(self, event: str, subject: object) -> None:
        """Count fills that came first."""
        if event == "filled" and any(subject is order for order in self._silent):
            self.fired += 1


@dataclass(kw_only=True, eq=False)
class CancelRace(OfOrders):
    """A fill overtakes a cancel."""

    NAME: ClassVar[str] = "cancel_race"
    HAPPENS: ClassVar[str] = (
        "an order that its client cancels fills before the cancel arrives, at its limit or the"
        " market: Filled, execution, and 10148 for the cancel"
    )
    MET_BY: ClassVar[str] = "a cancel of an order that works in an open market"

    def noticed(self, event: str, subject: object) -> None:
        """Fill what is to be cancelled."""
        if event != "cancel asked" or not isinstance(subject, Order):
            return
        order = subject
        if not self.concerns(order.instrument.symbol):
            return
        # After PendingCancel, before the cancel itself.
        cancel_s = self.engine.conditions.latency.cancel_s
        at_s = self.engine.now_s + 0.75 * cancel_s
        self.engine.schedule.at(at_s, lambda: self._fill(order), owed=True)

    def _fill(self, order: Order) -> None:
        engine, instrument = self.engine, order.instrument
        waits = order.waits_for_parent or order.waits_for_trigger or order.waits_for_open
        ready = order.is_open and not (waits or order.sleeps or order.auction)
        halted = instrument.symbol in engine.halted
        if not ready or halted or not engine.market.is_open(engine.now_s):
            return
        price = limit_of(order)  # 0 is a price: of a combination
        if price is None:
            offer = opposite(engine.market.quote(instrument, engine.now_s), buys=order.buys)
            price = None if offer is None else offer.price
        if price is None or not self.concerns(instrument.symbol):
            return
        self.fired += 1
        engine.orders.flow.fill(order, order.remaining, price, added=True)
