"""Positions and orders before a test, and the way back to them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bot.broker import IBKRGateway
from bot.domain.contracts import Contract
from bot.domain.orders import OrderStatus, OrderTicket

ATTEMPTS = 3


class AccountGuard:
    """Remembers holdings and working orders; touches only what came after.

    ``cleanup``: the section of the configuration file; what it leaves is left on purpose.
    """

    def __init__(self, broker: IBKRGateway, cleanup) -> None:
        self._broker, self._cleanup = broker, cleanup
        self.start = self.holdings()
        self._orders = {order.order_id for order in broker.open_orders()}

    def holdings(self) -> dict[int, Decimal]:
        """Signed quantity per conId, right now."""
        return {row.contract.con_id: row.quantity for row in self._broker.get_positions()}

    def change(self, con_id: int) -> Decimal:
        """How much a holding differs from the start."""
        return self.holdings().get(con_id, Decimal(0)) - self.start.get(con_id, Decimal(0))

    def restore(self, timeout_s: float) -> list[str]:
        """Cancel later orders, trade holdings back with marketable limits, prove it.

        Returns what the configuration leaves behind.
        """
        broker, left_behind = self._broker, []
        later = [o.order_id for o in broker.open_orders() if o.order_id not in self._orders]
        if self._cleanup.cancel_all_orders_on_exit:
            for order_id in later:
                broker.cancel_order(order_id)
        elif later:
            left_behind.append(f"orders {later} are left working on purpose")
        rows = {row.contract.con_id: row.contract for row in broker.get_positions()}
        if self._cleanup.close_all_positions_on_exit:
            self._flatten(rows, timeout_s)
        elif held := {rows[c].label: str(self.change(c)) for c in rows if self.change(c)}:
            left_behind.append(f"positions {held} are left open on purpose")
        return left_behind

    def _flatten(self, rows: dict[int, Contract], timeout_s: float) -> None:
        for _attempt in range(ATTEMPTS):
            left = [con_id for con_id in rows if self.change(con_id)]
            if not left:
                break
            for con_id in left:
                self._trade_back(rows[con_id], self.change(con_id), timeout_s)
        remains = {con_id: self.change(con_id) for con_id in rows if self.change(con_id)}
        assert not remains, f"holdings differ from the start by {remains} (conId: quantity)"

    def _trade_back(self, contract: Contract, change: Decimal, timeout_s: float) -> None:
        broker = self._broker
        # Position rows of options name no exchange.
        tradable = broker.qualify_contract(replace(contract, exchange="SMART"))
        quote = broker.get_market_data(tradable)
        price = quote.bid if change > 0 else quote.ask
        assert price is not None, f"{contract.label} has no quote to close against"
        ticket = OrderTicket(
            action="SELL" if change > 0 else "BUY",
            quantity=abs(change),
            limit_price=price,
            tif="IOC",
        )
        order_id = broker.place_order(tradable, ticket)
        broker.wait_for_order(order_id, {OrderStatus.FILLED, OrderStatus.CANCELLED}, timeout_s)
