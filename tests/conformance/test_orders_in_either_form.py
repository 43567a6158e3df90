"""A day's work with orders looks the same to the official client 10.46 in text and in protobuf."""

from __future__ import annotations

import importlib.util
import inspect
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.session.session import Session
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.messages.account import AccountSummary, Position
from pytest_ibkr.wire.messages.completed_order import CompletedOrder
from pytest_ibkr.wire.messages.executions import CommissionReport, ExecutionData
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from tests.conformance.conftest import CLIENT_ID, Complaints, is_expected
from tests.conformance.peers.model import Asked, Ticket

NEW = importlib.util.find_spec("ibapi") is not None and (
    importlib.util.find_spec("ibapi.protobuf") is not None
)
pytestmark = [
    pytest.mark.skipif(not NEW, reason="ibapi 9.81 knows no protobuf"),
    pytest.mark.req("XC-001"),
]
if NEW:
    from ibapi import order_condition
    from ibapi.order import Order
    from ibapi.order_cancel import OrderCancel
    from ibapi.tag_value import TagValue

    from tests.conformance.peers.official import OfficialPeer
    from tests.conformance.peers.official_app import App
    from tests.conformance.peers.official_writing import contract, order
    from tests.conformance.wire_official.either_form import flat
    from tests.conformance.wire_official.official import callbacks

TEXT_VERSION = 200
KEPT = (
    *("openOrder", "orderStatus", "execDetails", "commissionAndFeesReport", "completedOrder"),
    *("position", "accountSummary"),
)
# What only the text form says, and what it says by a sentinel where a body is silent and the
# client has a default of its own (tests/conformance/wire_official).
LOST = ("order.auctionStrategy", "order.basisPoints", "order.basisPointsType")
DEFAULTS = {
    "order.displaySize": 0.0,
    "order.parentPermId": 0.0,
    "commissionAndFeesReport.realizedPNL": 0.0,
    "commissionAndFeesReport.yield_": 0.0,
}
COMPARED = (
    *(OpenOrder, OrderStatus, ExecutionData, CommissionReport, CompletedOrder),
    *(Position, AccountSummary),
)
ACCOUNT = "DU0000001"
Heard = dict[str, list[dict[str, Any]]]


def recording() -> Any:
    """An app of the official client that keeps every argument of the callbacks in ``KEPT``."""

    class Recording(App):
        def __init__(self) -> None:
            super().__init__()
            self.heard: Heard = defaultdict(list)

    for name in KEPT:
        setattr(Recording, name, _keeping(name, getattr(App, name)))
    return Recording()


def _keeping(name: str, method: Callable[..., Any]) -> Callable[..., None]:
    from ibapi.wrapper import EWrapper

    names = list(inspect.signature(getattr(EWrapper, name)).parameters)[1:]

    def keep(self: Any, *args: Any) -> None:
        self.heard[name].append(_comparable(flat(dict(zip(names, args, strict=False)))))
        method(self, *args)

    return keep


def _comparable(said: dict[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in said.items() if name not in (*LOST, "errorTime")}
    for name, default in DEFAULTS.items():
        if name in said and said[name] is None:
            said[name] = default
    return said


@contextmanager
def client(gateway: Gateway, version: int) -> Iterator[tuple[Any, Session]]:
    """A connected official client and its session at a server version."""
    session = gateway.new_session("either form", client_id=CLIENT_ID, server_version=version)
    peer = OfficialPeer()
    peer.app = recording()
    try:
        peer.connect(session.host, session.port, CLIENT_ID)
        assert peer.version() == version
        yield peer, session
    finally:
        peer.close()
        session.close()


def reached(peer: Any, order_id: int, status: str) -> None:
    """Wait until an order has a status."""
    peer.until(
        lambda: any((s.order_id, s.status) == (order_id, status) for s in peer.statuses),
        f"{status} of {order_id}",
    )


def told(peer: Any, code: int) -> None:
    """Wait for a message 4 with a code."""
    peer.until(lambda: any(n.code == code for n in peer.notices), str(code))


def trailing(action: str) -> Any:
    made = order(Ticket(action, 5, limit=None, tif="GTC"))
    made.orderType, made.auxPrice, made.trailStopPrice = "TRAIL", 5.0, 900.0
    return made


def conditional() -> Any:
    made = order(Ticket("BUY", 5, limit=700.0))
    price = order_condition.Create(order_condition.OrderCondition.Price)
    price.conId, price.exchange, price.isMore, price.price = 756733, "SMART", True, 9999.0
    price.triggerMethod = 0
    made.conditions, made.conditionsCancelOrder = [price], True
    return made


def preview() -> Any:
    made = order(Ticket("BUY", 100))
    made.whatIf = True
    return made


def day_of_orders(peer: Any, spy: Asked) -> None:
    """Rest, change, cancel, fill, trail, preview; then ask for everything."""
    app, named = peer.app, contract(spy)
    resting = peer.place(spy, Ticket("BUY", 10, limit=700.0))
    reached(peer, resting, "Submitted")
    peer.modify(resting, spy, Ticket("BUY", 20, limit=701.5))
    peer.working()
    bought = peer.place(spy, Ticket("BUY", 10))
    reached(peer, bought, "Filled")
    peer.until(lambda: bool(peer.commissions), "the commission")
    protecting = peer.next_id()
    app.placeOrder(protecting, named, trailing("BUY"))
    reached(peer, protecting, "PreSubmitted")
    waiting = peer.next_id()
    app.placeOrder(waiting, named, conditional())
    reached(peer, waiting, "PreSubmitted")
    looked = peer.next_id()
    app.placeOrder(looked, named, preview())
    peer.until(lambda: looked in app.previews, "the preview")
    peer.working()
    peer.cancel(resting)
    reached(peer, resting, "Cancelled")
    app.reqGlobalCancel(OrderCancel())
    for order_id in (protecting, waiting):
        reached(peer, order_id, "Cancelled")
    peer.cancel(987654)
    told(peer, 10147)
    peer.completed()
    peer.past_executions()
    peer.positions()
    peer.summary()


def asked(session: Session) -> list[PlaceOrder]:
    """The orders that reached the gateway."""
    entries = session.journal.entries()
    return [e.message for e in entries if isinstance(e.message, PlaceOrder)]


def as_text(session: Session) -> Heard:
    """What the client's decoder makes of all that left the gateway, had it been text."""
    heard: Heard = defaultdict(list)
    for entry in session.journal.entries():
        if entry.direction == "out" and isinstance(entry.message, COMPARED):
            for name, args in callbacks(encode(entry.message, TEXT_VERSION), TEXT_VERSION):
                heard[name].append(_comparable(flat(args)))
    return heard


EXPECTED = {202, 10147, 10148}


@pytest.fixture(scope="module")
def in_text(gateway: Gateway, market: Snapshot) -> list[PlaceOrder]:
    """What the gateway reads of the day's orders at 200."""
    with client(gateway, TEXT_VERSION) as (peer, session):
        day_of_orders(peer, Asked("SPY", market.symbols["SPY"].con_id))
        return asked(session)


@pytest.mark.parametrize("version", [TEXT_VERSION, 201, 203, 204, 207, 211, 213, 225])
def test_a_day_of_orders_is_read_and_heard_as_in_text(
    gateway: Gateway,
    spy: Asked,
    in_text: list[PlaceOrder],
    complaints: Complaints,
    version: int,
) -> None:
    with client(gateway, version) as (peer, session):
        day_of_orders(peer, spy)
        meant = as_text(session)
        peer.next_id()  # all that left before has been heard by then
        heard = peer.app.heard
        assert asked(session) == in_text
    assert set(KEPT) == set(heard)
    for name in KEPT:
        so_far = heard[name][: len(meant[name])]
        for found, wanted in zip(so_far, meant[name], strict=True):
            pairs = {at: (found.get(at), wanted.get(at)) for at in {*found, *wanted}}
            different = {at: pair for at, pair in pairs.items() if pair[0] != pair[1]}
            assert not different, f"{name} at {version} (heard, in text): {different}"
    noise = [line for line in complaints.lines if not is_expected(line, EXPECTED)]
    assert not noise


ATTRIBUTES = {
    "postOnly": (216, True),
    "deactivate": (216, True),
    "seekPriceImprovement": (217, True),
    "whatIfType": (217, 1),
    "slOrderType": (218, "STP"),
    "hedgeMaxSize": (223, 10),
}


@pytest.mark.parametrize("name", sorted(ATTRIBUTES))
def test_a_younger_attribute_is_read_and_never_silently_dropped(
    gateway: Gateway, spy: Asked, name: str
) -> None:
    """The simulator works no order under terms it does not apply: 10340 names the attribute."""
    version, value = ATTRIBUTES[name]
    with client(gateway, version) as (peer, session):
        made: Order = order(Ticket("BUY", 10, limit=700.0))
        setattr(made, name, value)
        order_id = peer.next_id()
        peer.app.placeOrder(order_id, contract(spy), made)
        told(peer, 10340)
        [read] = asked(session)
        mine = "".join("_" + each.lower() if each.isupper() else each for each in name)
        assert getattr(read, mine) == value
        assert name in next(n.text for n in peer.notices if n.code == 10340)


def test_tags_of_an_algorithm_come_by_name(gateway: Gateway, spy: Asked) -> None:
    """A map has no order of its own: the journal is the same whatever the client's runtime does."""
    with client(gateway, 225) as (peer, session):
        made = order(Ticket("BUY", 10, limit=700.0))
        made.algoStrategy = "NoSuchAlgorithm"
        made.algoParams = [TagValue("startTime", "10:00:00"), TagValue("endTime", "15:00:00")]
        peer.app.placeOrder(peer.next_id(), contract(spy), made)
        told(peer, 439)
        [read] = asked(session)
        assert [row.tag for row in read.algo_params] == ["endTime", "startTime"]
