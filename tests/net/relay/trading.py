"""Orders as programs of these tests send them, and the session they may trade in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from tests.net.relay.conftest import START

SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
OPENS, CLOSES = START.replace(hour=9, minute=30), START.replace(hour=16, minute=0)
SESSION = (OPENS.timestamp(), CLOSES.timestamp())


def order(order_id: int, **changes: Any) -> PlaceOrder:
    """One share, a dollar: nobody sells there."""
    given: dict[str, Any] = {
        "order_id": order_id,
        "contract": SPY,
        "action": "BUY",
        "quantity": Decimal(1),
        "order_type": "LMT",
        "limit_price": Decimal("1.00"),
        "tif": "DAY",
    }
    return PlaceOrder(**(given | changes))
