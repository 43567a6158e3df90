"""Assertions and typed queries: what a test's author asks, and what a failure tells."""

from __future__ import annotations

import asyncio
import pickle
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from pytest_ibkr import messages
from pytest_ibkr.errors import IbkrError, OrderNotReached, UsageError
from pytest_ibkr.net.unread import unread_by_peers
from pytest_ibkr.session.assertions import Expected
from pytest_ibkr.wire.messages.contract import Contract, ReqContractDetails
from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    ReqMarketData,
    ReqMarketDataType,
    TickPrice,
)
from pytest_ibkr.wire.messages.order import CancelOrder, OrderStatus
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import CurrentTime, ErrorNotice, ReqCurrentTime
from tests.net.raw_client import RawClient

SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")


def order(order_id: int = 3, **terms: object) -> PlaceOrder:
    values: dict[str, object] = {
        "order_id": order_id,
        "contract": SPY,
        "action": "BUY",
        "quantity": Decimal(10),
        "order_type": "LMT",
        "limit_price": Decimal("700.00"),
        "tif": "DAY",
        **terms,
    }
    return PlaceOrder(**values)


@pytest.fixture
def client(ibkr):
    with RawClient(ibkr).start(ibkr.client_id) as client:
        yield client


def failure(ibkr, order_id: int = 3, status: str = "Filled", **asked: object) -> str:
    """The text of an assertion that fails."""
    with pytest.raises(OrderNotReached) as caught:
        ibkr.assert_order_reaches(order_id, status, **{"within_s": 2, **asked})
    return str(caught.value)


# What is reached


def test_it_returns_the_entry_of_the_status(ibkr, client):
    client.send(order(order_type="MKT", limit_price=None))
    entry = ibkr.assert_order_reaches(3, "Filled")
    assert isinstance(entry.message, OrderStatus)
    assert (entry.message.status, entry.message.filled) == ("Filled", 10)
    assert ibkr.assert_order_reaches(3, "Filled", within_s=0) == entry, "the past counts"


def test_what_was_told_before_does_not_count_when_asked_since(ibkr, client):
    client.send(order())
    reached = ibkr.assert_order_reaches(3, "Submitted")
    newest = ibkr.journal.newest_serial()
    assert reached.serial <= newest
    text = failure(ibkr, status="Submitted", since=newest)  # the change was never sent
    assert "it is Submitted, and was not told so again" in text
    client.send(order(limit_price=Decimal("701.00")))
    assert ibkr.assert_order_reaches(3, "Submitted", since=newest).serial > newest
    with pytest.raises(UsageError, match="since cannot be 'yesterday'"):
        ibkr.assert_order_reaches(3, "Submitted", since="yesterday")


def test_an_entry_can_be_awaited_that_comes_again(ibkr, client):
    client.send(ReqCurrentTime())
    first = ibkr.journal.wait_for("reqCurrentTime")
    client.send(ReqCurrentTime())
    assert ibkr.journal.wait_for("reqCurrentTime", since=first).serial > first.serial


def test_a_crossed_quote_is_named_as_the_reason(ibkr, client):
    client.send(order(action="SELL", limit_price=Decimal("755.00")))
    ibkr.assert_order_reaches(3, "Submitted")
    ibkr.market.quote("SPY", bid=756.0)
    assert "a crossed quote, on which nothing fills" in failure(ibkr)


def test_virtual_time_walks_until_it_is_reached(ibkr, client):
    client.send(order())
    ibkr.assert_order_reaches(3, "Submitted")
    ibkr.market.move("SPY", pct=-10, over_s=120)
    before = ibkr.clock.monotonic()
    ibkr.assert_order_reaches(3, "Filled", within_s=300)
    assert 60 < ibkr.clock.monotonic() - before < 130


def test_time_walks_no_further_than_asked(ibkr, client):
    client.send(order())
    ibkr.assert_order_reaches(3, "Submitted")
    before = ibkr.clock.monotonic()
    failure(ibkr, within_s=30)
    assert 30 <= ibkr.clock.monotonic() - before < 40


def test_an_order_of_another_client_is_found_or_named(ibkr, client):
    with RawClient(ibkr).start(9) as other, RawClient(ibkr).start(10) as third:
        other.send(order(5))
        assert ibkr.assert_order_reaches(5, "Submitted").message.client_id == 9
        third.send(order(5))
        assert ibkr.assert_order_reaches(5, "Submitted", client_id=10).message.client_id == 10
        with pytest.raises(UsageError, match=r"several clients have an order 5: 9, 10"):
            ibkr.assert_order_reaches(5, "Submitted")


def test_an_order_placed_meanwhile_counts(ibkr, client):
    ibkr.clock.hold()
    sender = threading.Timer(0.05, lambda: client.send(order(order_type="MKT", limit_price=None)))
    sender.start()
    assert ibkr.assert_order_reaches(3, "Filled", within_s=3600).message.order_id == 3
    sender.join()


def test_it_can_be_awaited(ibkr, client):
    client.send(order(order_type="MKT", limit_price=None))

    async def look() -> str:
        entry = await ibkr.await_order_reaches(3, "Filled")
        with pytest.raises(UsageError, match=r"await ibkr\.await_order_reaches"):
            ibkr.assert_order_reaches(3, "Filled")
        return entry.message.status

    assert asyncio.run(look()) == "Filled"


# What a failure says


def test_the_failure_is_an_assertion_with_the_orders_life_and_the_wire(ibkr, client):
    client.send(order())
    text = failure(ibkr)
    assert f"order 3 of client {ibkr.client_id} did not reach Filled within 2 virtual sec" in text
    assert "why:   it buys at 700.0 or less, and the ask is 75" in text
    life = text.partition("its life:")[2].partition("on the wire:")[0]
    assert [line.split("  ")[-1].split(" (")[0].strip() for line in life.splitlines()[1:-1]] == [
        "placeOrder BUY 10 LMT at 700.0",
        "PreSubmitted",
        "Submitted",
    ]
    assert "-> gateway  placeOrder order_id=3" in text.partition("on the wire:")[2]
    error = OrderNotReached(text)
    assert isinstance(error, AssertionError)
    assert isinstance(error, IbkrError)
    assert str(pickle.loads(pickle.dumps(error))) == text


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="nobody can tell here")
def test_it_says_when_a_client_does_not_read(ibkr, client):
    client.send(order())
    assert "note:  a client has not read its socket: " in failure(ibkr)
    while unread_by_peers(ibkr.port):
        client.read()
    assert "has not read" not in failure(ibkr)


def test_it_fails_at_once_when_the_order_can_no_longer_get_there(ibkr, client):
    client.send(order())
    ibkr.assert_order_reaches(3, "Submitted")
    client.send(CancelOrder(order_id=3))
    before = ibkr.clock.monotonic()
    text = failure(ibkr, within_s=3600)
    assert "why:   it ended as Cancelled" in text
    assert ibkr.clock.monotonic() - before < 60


def test_an_error_of_a_request_with_the_same_number_is_not_the_orders(ibkr, client):
    ibkr.configure(entitlement="delayed")
    client.send(ReqMarketDataType(data_type=3))
    client.send(ReqMarketData(request_id=3, contract=SPY, legs=()))
    client.wait_for(ErrorNotice, lambda m: m.code == 10167)
    client.send(ReqContractDetails(request_id=3, contract=Contract(symbol="XYZ", sec_type="STK")))
    client.wait_for(ErrorNotice, lambda m: m.code == 200)
    sender = threading.Timer(0.05, lambda: client.send(order(order_type="MKT", limit_price=None)))
    sender.start()
    assert ibkr.assert_order_reaches(3, "Filled").message.order_id == 3
    sender.join()
    text = failure(ibkr, status="Cancelled")
    life = text.partition("its life:")[2].partition("on the wire:")[0]
    assert "Filled" in life
    assert "error" not in life


def test_a_refused_order_is_told_from_a_request_with_its_number(ibkr, client):
    client.send(ReqContractDetails(request_id=3, contract=Contract(symbol="XYZ", sec_type="STK")))
    client.wait_for(ErrorNotice, lambda m: m.code == 200)
    assert "never sent an order 3" in failure(ibkr)
    client.send(order(limit_price=Decimal("700.001")))
    before = ibkr.clock.monotonic()
    text = failure(ibkr, within_s=3600)
    assert "the gateway refused it: 110 " in text
    assert ibkr.clock.monotonic() - before < 60


def told(prepare):
    return pytest.param(prepare, id=prepare.__name__)


def never_sent(ibkr, client):
    client.send(order(7))
    return f"client {ibkr.client_id} never sent an order 3: it sent 7"


def nothing_sent(ibkr, _client):
    return f"client {ibkr.client_id} never sent an order 3: it sent no order at all"


def refused(_ibkr, client):
    client.send(order(limit_price=Decimal("700.001")))
    return "the gateway refused it: 110 "


def rejected(_ibkr, client):
    client.send(order(tif="FOK"))
    return "it was rejected: 201 Order rejected - reason:The time-in-force is not supported"


def not_transmitted(_ibkr, client):
    client.send(order(transmit=False))
    return "it was sent with transmit=False"


def of_a_waiting_parent(_ibkr, client):
    child = order(3, action="SELL", parent_id=2, limit_price=Decimal("800.00"))
    client.send(order(2, transmit=False), child)
    return "it waits for its parent, order 2, which is Submitted"


def stopped(_ibkr, client):
    client.send(order(order_type="STP", limit_price=None, aux_price=Decimal("790.00")))
    return "its stop at 790.0 was not reached: the price it looks at is 75"


def held(ibkr, client):
    ibkr.orders.hold()
    client.send(order(order_type="MKT", limit_price=None))
    return "ibkr.orders.hold() is in force: nothing fills until release()"


def halted(ibkr, client):
    ibkr.market.halt("SPY")
    client.send(order(order_type="MKT", limit_price=None))
    return "SPY is halted: nothing fills until resume()"


def one_sided(ibkr, client):
    ibkr.market.withdraw("SPY", "bid")
    client.send(order(order_type="MKT", limit_price=None))
    return "nobody trades with it: SPY is quoted bid None for None, ask 75"


def too_big(ibkr, client):
    ibkr.market.quote("SPY", bid=750.00, ask=750.01, ask_size=4)
    client.send(order(order_type="MKT", limit_price=None))
    return "6 remain: the ask is 750.01 for 4"


@pytest.mark.parametrize(
    "prepare",
    [
        *map(told, (never_sent, nothing_sent, refused, rejected, not_transmitted)),
        *map(told, (of_a_waiting_parent, stopped, held, halted, one_sided, too_big)),
    ],
)
def test_it_says_why_the_order_is_where_it_is(ibkr, client, prepare):
    expected = prepare(ibkr, client)
    assert f"why:   {expected}" in failure(ibkr)


@pytest.mark.market_closed
def test_it_says_when_the_order_waits_for_the_open(ibkr, client):
    client.send(order())
    assert "the market is closed: it waits for the open, 2026-07-13 09:30:00" in failure(ibkr)


def test_it_says_when_no_client_was_ever_there(ibkr):
    assert f"client {ibkr.client_id} was never connected" in failure(ibkr)


def test_it_says_when_the_client_was_away(ibkr):
    with RawClient(ibkr).start(ibkr.client_id) as client:
        client.send(order())
        ibkr.assert_order_reaches(3, "Submitted")
    ibkr.journal.wait_for(lambda entry: "closed" in getattr(entry.message, "text", ""))
    ibkr.orders.fill(3)
    assert "it is Filled, but client" in failure(ibkr)


def test_it_says_when_the_status_came_after_the_time_was_over(ibkr, client):
    client.send(order())
    ibkr.assert_order_reaches(3, "Submitted")
    asked = Expected(ibkr.client_id, 3, "Submitted", 2.0)
    with pytest.raises(OrderNotReached, match=r"it became Submitted at .*, when the time was over"):
        ibkr._assertions._checked(None, asked)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({"status": "filled"}, "did you mean 'Filled'"),
        ({"status": "xyz"}, "no order reaches 'xyz'; known: "),
        ({"status": "PendingSubmit"}, "no order reaches 'PendingSubmit'"),
        ({"order_id": "3"}, "an order id cannot be '3'"),
        ({"within_s": -1}, "within_s cannot be -1"),
    ],
)
def test_what_cannot_be_asked_is_refused(ibkr, asked, text):
    asked = {"order_id": 3, "status": "Filled", **asked}
    with pytest.raises(UsageError) as caught:
        ibkr.assert_order_reaches(asked.pop("order_id"), asked.pop("status"), **asked)
    assert text in str(caught.value)


# Typed queries


def test_what_was_sent_after_something(ibkr, client):
    client.send(ReqMarketData(request_id=7, contract=SPY, legs=()))
    client.wait_for(TickPrice)
    cancel = CancelMarketData(request_id=7)
    client.send(cancel)
    ibkr.clock.sleep(2)
    client.send(ReqCurrentTime())
    client.wait_for(CurrentTime)
    assert ibkr.journal.sent_after(cancel, TickPrice) == []
    assert len(ibkr.journal.sent_after(cancel, CurrentTime)) == 1
    asked = ibkr.journal.wait_for("reqMktData")
    ticks = ibkr.journal.sent_after(asked, TickPrice)
    assert ticks == ibkr.journal.sent_after(asked.serial, messages.TickPrice)
    assert ticks == ibkr.journal.sent_after(asked, TickPrice, connection=asked.connection)
    assert ibkr.journal.sent_after(asked, TickPrice, connection=99) == []
    assert len(ticks) > 2
    assert ibkr.journal.sent_after(ibkr.journal.newest_serial()) == []


def test_a_message_that_never_was_has_nothing_after_it(ibkr, client):
    with pytest.raises(UsageError, match="never crossed the wire"):
        ibkr.journal.sent_after(CancelMarketData(request_id=99))


def test_answers_are_found_by_their_request(ibkr, client):
    client.send(
        ReqContractDetails(request_id=41, contract=SPY),
        ReqContractDetails(request_id=42, contract=Contract(symbol="XYZ", sec_type="STK")),
    )
    client.wait_for(ErrorNotice, lambda m: m.request_id == 42)
    client.wait_for(messages.ContractDataEnd)
    kinds = [type(message) for message in ibkr.journal.answers_to(41)]
    assert kinds == [messages.ContractData, messages.ContractDataEnd]
    assert [message.code for message in ibkr.journal.answers_to(42)] == [200]
    assert ibkr.journal.answers_to(41, connection=99) == []
