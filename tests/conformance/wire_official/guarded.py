"""A client library whose every frame the guard judges, and the orders people place with it."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from pytest_ibkr.guard.canonical import canonical
from pytest_ibkr.guard.decision import Allow
from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from tests.guard.bench import CALL, FIRST_ID, SPY, bench

# What a program sets on a fresh order object, by type; all else stays as the library made it.
TYPES: dict[str, dict[str, Any]] = {
    "market": {"orderType": "MKT"},
    "limit": {"orderType": "LMT", "lmtPrice": 1.25},
    "whole-limit": {"orderType": "LMT", "lmtPrice": 2},
    "stop": {"orderType": "STP", "auxPrice": 1.2},
    "stop-limit": {"orderType": "STP LMT", "lmtPrice": 1.3, "auxPrice": 1.2},
    "trail-by-amount": {"orderType": "TRAIL", "auxPrice": 0.1},
    "trail-by-percent": {"orderType": "TRAIL", "trailingPercent": 5, "trailStopPrice": 1.15},
    "what-if": {"orderType": "LMT", "lmtPrice": 1.25, "whatIf": True},
    "part-of-a-group": {"orderType": "LMT", "lmtPrice": 1.25, "ocaGroup": "g", "ocaType": 1},
    "blank-flags": {"orderType": "LMT", "lmtPrice": 1.25, "eTradeOnly": "", "firmQuoteOnly": ""},
}


def judged(client: Any) -> Any:
    """The client, with the guard between it and the one who reads what it sends."""

    def asked(version: int, method: str, args: dict[str, Any]) -> bytes:
        sent: bytes = client.asked(version, method, args)
        assert isinstance(canonical(sent, version), Message), (
            f"{method} at {version}: {canonical(sent, version)} of {sent!r}"
        )
        return sent

    return SimpleNamespace(**{**vars(client), "asked": asked})


def check_orders(client: Any, name: str, versions: Iterable[int] = ()) -> int:
    """Have the client place orders of one type at every version; how many the guard allowed."""
    allowed = 0
    for version in versions or client.VERSIONS:
        for ours in (SPY, CALL):
            for side, quantity in (("BUY", 1), ("SELL", 2.0)):
                sent = client.asked(
                    version, "placeOrder", _arguments(client, name, ours, side, quantity)
                )
                made = bench()
                made.client.version = version
                made.quote(ours, 1.2, 1.3)
                decision = made.send(sent)
                assert isinstance(decision, Allow), f"{name} at {version}: {decision} of {sent!r}"
                assert isinstance(decision.message, PlaceOrder)
                again = encode(decision.message, version)
                assert isinstance(canonical(again, version), PlaceOrder)
                allowed += 1
    return allowed


def _arguments(client: Any, name: str, ours: Any, side: str, quantity: float) -> dict[str, Any]:
    contract, order = client.MAKERS["contract"](), client.MAKERS["order"]()
    contract.conId, contract.symbol, contract.secType = ours.con_id, ours.symbol, ours.sec_type
    contract.exchange, contract.currency = ours.exchange, ours.currency
    contract.lastTradeDateOrContractMonth, contract.strike = ours.expiry, ours.strike
    contract.right, contract.multiplier = ours.right, ours.multiplier
    order.action, order.totalQuantity, order.tif = side, quantity, "DAY"
    for attribute, value in TYPES[name].items():
        setattr(order, attribute, value)
    return dict(zip(client.parameters("placeOrder"), (FIRST_ID, contract, order), strict=True))
