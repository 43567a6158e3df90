"""Foreign clients trade combinations: one execution for the whole, one per leg, legs held."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.sim.combo import PRINTED_CON_ID
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from tests.conformance.conftest import Meeting
from tests.conformance.peers.model import Asked, Ticket
from tests.conformance.test_trading import all_as_sent, await_status

pytestmark = pytest.mark.req("XC-001")


@pytest.fixture
def vertical(gateway: Gateway, spy_call: Instrument) -> Asked:
    """The call against the one five dollars above."""
    chain = gateway.server.engine.world.book.chain("SPY")
    [above] = [
        each
        for each in chain
        if (each.right, each.expiry, each.strike) == ("C", spy_call.expiry, spy_call.strike + 5)
    ]
    return Asked("SPY", sec_type="BAG", legs=((spy_call.con_id, 1), (above.con_id, -1)))


def test_a_vertical_fills_leg_by_leg(meeting: Meeting, vertical: Asked) -> None:
    peer, session = meeting.peer, meeting.session
    cash = session.account.cash()

    order_id = peer.place(vertical, Ticket("BUY", 2))
    await_status(meeting, order_id, "Filled")
    peer.until(lambda: len(peer.commissions) == 3, "three commissions")

    found = {each.con_id: each for each in peer.executions.values()}
    own, bought, sold = (found[i] for i in (PRINTED_CON_ID, *(i for i, _ in vertical.legs)))
    assert (own.side, bought.side, sold.side) == ("BOT", "BOT", "SLD")
    assert {own.quantity, bought.quantity, sold.quantity} == {2}
    net = Decimal(str(bought.price)) - Decimal(str(sold.price))
    assert Decimal(str(own.price)) == net
    legs = dict(vertical.legs)
    assert peer.positions() == {i: 2 * ratio for i, ratio in legs.items()}
    paid = sum(Decimal(str(each.amount)) for each in peer.commissions.values())
    assert session.account.cash() == cash - 200 * net - paid
    assert all_as_sent(meeting)


def test_a_resting_credit_comes_back_with_its_legs(meeting: Meeting, vertical: Asked) -> None:
    peer = meeting.peer
    meeting.expected = {202}

    order_id = peer.place(vertical, Ticket("SELL", 1, limit=4.9))
    await_status(meeting, order_id, "Submitted")
    [working] = peer.working()
    peer.cancel(order_id)
    await_status(meeting, order_id, "Cancelled")

    # ib_async keeps the contract it was placed with, whatever comes back.
    assert (working.order_id, working.action) == (order_id, "SELL")
    assert working.con_id in (0, PRINTED_CON_ID)
    [asked] = meeting.asked(PlaceOrder)
    shown = meeting.sent(OpenOrder)[0]
    assert [(leg.con_id, leg.ratio, leg.action) for leg in shown.legs] == [
        (leg.con_id, leg.ratio, leg.action) for leg in asked.legs
    ]
    assert (shown.contract.con_id, shown.limit_price) == (PRINTED_CON_ID, Decimal("4.9"))
