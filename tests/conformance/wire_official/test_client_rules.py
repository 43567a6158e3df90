"""What the official client sends by itself, and what it refuses to send below a version."""

from __future__ import annotations

from typing import Any

import pytest
from ibapi.contract import Contract
from ibapi.order import Order

from pytest_ibkr.wire import codec
from pytest_ibkr.wire.messages import session
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.versions import (
    ADVANCED_REJECT,
    AUTO_CANCEL_PARENT,
    CME_TAGGING,
    CUSTOMER_ACCOUNT,
    DURATION,
    IMBALANCE_ONLY,
    INCLUDE_OVERNIGHT,
    MANUAL_ORDER_TIME,
    OLDEST,
    PEG_OFFSETS,
    POST_TO_ATS,
    PROFESSIONAL_CUSTOMER,
)
from tests.conformance.wire_official import official


@pytest.mark.parametrize("version", official.VERSIONS)
def test_start_api_names_the_client_id(version: int) -> None:
    sent = official.asked(version, "startApi", {})
    expected = session.StartApi(client_id=official.CLIENT_ID, capabilities="")
    assert codec.decode_request(sent, version) == expected


def refusals(version: int, contract: Any, placed: Any) -> list[int]:
    """Error codes of an order the client itself turns down; nothing may be sent."""
    client, wire = official.connected(version)
    client.placeOrder(1, contract, placed)
    assert wire.sent == []
    return [call.args["errorCode"] for call in client.wrapper.calls if call.name == "error"]


def market_order() -> Any:
    placed = Order()
    placed.action, placed.orderType, placed.totalQuantity = "BUY", "MKT", 1
    return placed


# Order attributes and the version from which the client sends them: below, it refuses the order.
GATED: list[tuple[str, object, int]] = [
    ("isOmsContainer", True, OLDEST),
    ("discretionaryUpToLimitPrice", True, OLDEST),
    ("usePriceMgmtAlgo", True, OLDEST),
]
GATED_IN_10 = [
    ("duration", 10, DURATION),
    ("postToAts", 1, POST_TO_ATS),
    ("autoCancelParent", True, AUTO_CANCEL_PARENT),
    ("advancedErrorOverride", "8229", ADVANCED_REJECT),
    ("manualOrderTime", "20260710 10:00:00", MANUAL_ORDER_TIME),
    ("minTradeQty", 10, PEG_OFFSETS),
    ("customerAccount", "x", CUSTOMER_ACCOUNT),
    ("professionalCustomer", True, PROFESSIONAL_CUSTOMER),
    ("includeOvernight", True, INCLUDE_OVERNIGHT),
    ("manualOrderIndicator", 1, CME_TAGGING),
    ("imbalanceOnly", True, IMBALANCE_ONLY),
]


@pytest.mark.parametrize(
    ("attribute", "value", "gate"), [*GATED, *(GATED_IN_10 if official.NEW else [])]
)
def test_an_attribute_is_refused_by_the_client_below_its_version(
    attribute: str, value: object, gate: int
) -> None:
    placed = market_order()
    setattr(placed, attribute, value)
    for version in official.VERSIONS:
        if version < gate:
            assert refusals(version, Contract(), placed) == [503]
        else:
            order = {"orderId": 1, "contract": Contract(), "order": placed}
            sent = official.asked(version, "placeOrder", order)
            assert isinstance(codec.decode_request(sent, version), PlaceOrder)


@pytest.mark.parametrize("version", official.VERSIONS)
def test_a_symbol_outside_ascii_never_leaves_the_client(version: int) -> None:
    foreign = Contract()
    foreign.symbol = "\u00fc"
    assert refusals(version, foreign, market_order()) == [579]
