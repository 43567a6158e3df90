"""What ib_async sends, our decoder reads as it was asked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ib_async import ComboLeg, Contract, ExecutionFilter, Order
from ib_async.client import Client

from pytest_ibkr.wire import codec
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages import account, contract, history, market_data, order, session
from pytest_ibkr.wire.messages.contract import Contract as OurContract

VERSIONS = (157, 163, 166, 170, 176, 177, 178)
SPY = Contract(conId=756733, symbol="SPY", secType="STK", exchange="SMART", currency="USD")
OUR_SPY = OurContract(con_id=756733, symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")


def asked(version: int, ask: Callable[[Any], Any]) -> bytes:
    """The one payload the client sends for a call."""
    sent: list[str] = []
    client = Client(None)
    client.connState, client._serverVersion = Client.CONNECTED, version
    client.sendMsg = sent.append
    ask(client)
    [message] = sent
    return message.encode()


REQUESTS: list[tuple[Callable[[Any], Any], Message]] = [
    (lambda c: c.reqIds(1), session.ReqIds(count=1)),
    (lambda c: c.reqCurrentTime(), session.ReqCurrentTime()),
    (lambda c: c.reqManagedAccts(), session.ReqManagedAccounts()),
    (lambda c: c.reqPositions(), account.ReqPositions()),
    (lambda c: c.cancelPositions(), account.CancelPositions()),
    (
        lambda c: c.reqAccountUpdates(True, "DU0000001"),
        account.ReqAccountUpdates(subscribe=True, account="DU0000001"),
    ),
    (
        lambda c: c.reqAccountSummary(1, "All", "NetLiquidation"),
        account.ReqAccountSummary(request_id=1, group="All", tags="NetLiquidation"),
    ),
    (lambda c: c.cancelAccountSummary(1), account.CancelAccountSummary(request_id=1)),
    (
        lambda c: c.reqAccountUpdatesMulti(1, "DU0000001", "", False),
        account.ReqAccountUpdatesMulti(request_id=1, account="DU0000001"),
    ),
    (
        lambda c: c.reqContractDetails(5, SPY),
        contract.ReqContractDetails(request_id=5, contract=OUR_SPY),
    ),
    (
        lambda c: c.reqSecDefOptParams(6, "SPY", "", "STK", 756733),
        contract.ReqOptionParameters(request_id=6, symbol="SPY", sec_type="STK", con_id=756733),
    ),
    (
        lambda c: c.reqMktData(3, SPY, "100,106", False, False, []),
        market_data.ReqMarketData(request_id=3, contract=OUR_SPY, generic_ticks="100,106"),
    ),
    (lambda c: c.cancelMktData(3), market_data.CancelMarketData(request_id=3)),
    (lambda c: c.reqMarketDataType(3), market_data.ReqMarketDataType(data_type=3)),
    (
        lambda c: c.reqHistoricalData(7, SPY, "", "1800 S", "1 min", "TRADES", True, 1, False, []),
        history.ReqHistoricalData(
            request_id=7,
            contract=OUR_SPY,
            bar_size="1 min",
            duration="1800 S",
            use_rth=True,
            what_to_show="TRADES",
        ),
    ),
    (lambda c: c.cancelHistoricalData(7), history.CancelHistoricalData(request_id=7)),
    (lambda c: c.cancelOrder(9, ""), order.CancelOrder(order_id=9)),
    (lambda c: c.reqOpenOrders(), order.ReqOpenOrders()),
    (lambda c: c.reqAllOpenOrders(), order.ReqAllOpenOrders()),
    (lambda c: c.reqAutoOpenOrders(True), order.ReqAutoOpenOrders(bind=True)),
    (lambda c: c.reqCompletedOrders(False), order.ReqCompletedOrders(api_only=False)),
    (lambda c: c.reqGlobalCancel(), order.ReqGlobalCancel()),
    (
        lambda c: c.reqExecutions(2, ExecutionFilter(symbol="SPY", side="BUY")),
        order.ReqExecutions(request_id=2, symbol="SPY", side="BUY"),
    ),
]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("ask", "meant"), REQUESTS, ids=[type(meant).__name__ for _, meant in REQUESTS]
)
def test_a_request_is_read_as_it_was_asked(
    ask: Callable[[Any], Any], meant: Message, version: int
) -> None:
    read = codec.decode_request(asked(version, ask), version)
    assert type(read) is type(meant)
    for name in meant.__dataclass_fields__:  # type: ignore[attr-defined]
        if name != "layout":
            assert getattr(read, name) == getattr(meant, name), name


PRICES = st.none() | st.decimals(Decimal("0.01"), 9999, places=2)


@settings(max_examples=100)
@given(
    version=st.sampled_from(VERSIONS),
    kind=st.sampled_from(["MKT", "LMT", "STP", "STP LMT", "TRAIL", "PEG BEST", "PEG MID"]),
    limit=PRICES,
    stop=PRICES,
    quantity=st.integers(1, 100),
    legs=st.integers(0, 3),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
def test_a_placed_order_is_read_as_it_was_meant(
    version: int,
    kind: str,
    limit: Decimal | None,
    stop: Decimal | None,
    quantity: int,
    legs: int,
    flags: tuple[bool, bool, bool],
) -> None:
    what_if, outside, transmit = flags
    bag = Contract(symbol="SPY", secType="BAG", exchange="SMART", currency="USD")
    bag.comboLegs = [ComboLeg(conId=100 + n, ratio=1, action="BUY") for n in range(legs)]
    placed = Order(
        action="BUY",
        totalQuantity=quantity,
        orderType=kind,
        tif="DAY",
        account="DU0000001",
        orderRef="ref",
        whatIf=what_if,
        outsideRth=outside,
        transmit=transmit,
        parentId=8,
        ocaGroup="pair",
    )
    if limit is not None:
        placed.lmtPrice = float(limit)
    if stop is not None:
        placed.auxPrice = float(stop)
    target = bag if legs else SPY
    sent = asked(version, lambda c: c.placeOrder(9, target, placed))
    read = codec.decode_request(sent, version)
    assert isinstance(read, order.PlaceOrder)
    assert (read.order_id, read.contract.symbol, read.order_type) == (9, "SPY", kind)
    assert (read.limit_price, read.aux_price, read.quantity) == (limit, stop, quantity)
    assert (read.what_if, read.outside_rth, read.transmit) == flags
    assert (read.account, read.order_ref, read.tif) == ("DU0000001", "ref", "DAY")
    assert (read.parent_id, read.oca_group) == (8, "pair")
    assert [leg.con_id for leg in read.legs] == [100 + n for n in range(legs)]
    assert read.trigger_price is read.cash_quantity is read.duration is None


@pytest.mark.parametrize("client_id", [0, 7])
def test_start_api_names_the_client_id(client_id: int) -> None:
    sent = asked(178, lambda c: (setattr(c, "clientId", client_id), c.startApi()))
    assert codec.decode_request(sent, 178) == session.StartApi(client_id=client_id)
