"""Combinations over the scripted market: legs by right and strike, quotes a test writes."""

from __future__ import annotations

from typing import Any

from pytest_ibkr.sim.combo import Combo, Combos
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.place_order import OrderLeg
from tests.sim.orders_bench import Bench, Desk

BAG = Contract(symbol="SPY", sec_type="BAG", exchange="SMART", currency="USD")


def option(bench: Bench, right: str, strike: float, place: int = 0) -> Instrument:
    """An option of SPY; ``place`` counts expiries from the nearest."""
    chain = bench.world.book.chain("SPY")
    expiry = sorted({each.expiry for each in chain})[place]
    [found] = [o for o in chain if (o.right, o.strike, o.expiry) == (right, strike, expiry)]
    return found


def leg(instrument: Instrument, ratio: int, **changes: Any) -> OrderLeg:
    """A leg as an order carries it; a negative ratio sells."""
    values: dict[str, Any] = {
        "con_id": instrument.con_id,
        "ratio": abs(ratio),
        "action": "BUY" if ratio > 0 else "SELL",
        "exchange": "SMART",
        "open_close": 0,
        "short_sale_slot": 0,
        "designated_location": "",
        "exempt_code": -1,
    }
    return OrderLeg(**{**values, **changes})


def combo(bench: Bench, *legs: tuple[Instrument, int]) -> Combo:
    """The combination of instruments and signed ratios."""
    asked = [leg(instrument, ratio) for instrument, ratio in legs]
    return Combos().resolve(BAG, asked, bench.world.book)


def place(
    client: Desk, order_id: int, action: str, quantity: int, *legs: OrderLeg, **terms: Any
) -> None:
    """Send an order for a combination."""
    client.place(order_id, action, quantity, contract=BAG, legs=legs, **terms)
