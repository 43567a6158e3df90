"""What ib_async sends without being asked for values, and what it sends that is no value."""

from __future__ import annotations

import math

import pytest
from ib_async import Contract, Order

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire import codec
from pytest_ibkr.wire.messages import session
from pytest_ibkr.wire.versions import PEG_OFFSETS
from tests.conformance.wire_ib_async import third_party


@pytest.mark.parametrize("version", third_party.VERSIONS)
def test_start_api_names_the_client_id(version: int) -> None:
    sent = third_party.asked(version, "startApi", {})
    assert codec.decode_request(sent, version) == session.StartApi(client_id=third_party.CLIENT_ID)


@pytest.mark.parametrize("version", [v for v in third_party.VERSIONS if v >= PEG_OFFSETS])
def test_an_infinite_offset_is_misspelled_and_refused(version: int) -> None:
    # "Infinite"; Java, and the official client, write and read "Infinity".
    placed = Order(action="BUY", totalQuantity=1, orderType="PEG BEST")
    placed.competeAgainstBestOffset = math.inf
    order = {"orderId": 1, "contract": Contract(), "order": placed}
    sent = third_party.asked(version, "placeOrder", order)
    with pytest.raises(WireError, match="Infinite"):
        codec.decode_request(sent, version)
