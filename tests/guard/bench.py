"""A run, a verified client and orders that pass: tests change one thing and see what is said."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from pytest_ibkr.guard.answers import seen
from pytest_ibkr.guard.decision import Allow, Decision, Refuse, Seen
from pytest_ibkr.guard.requests import decide
from pytest_ibkr.guard.state import ClientState, MarketFacts, RunState, TestContext
from pytest_ibkr.wire.codec import Raw, encode
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.market_data import ReqMarketData, TickPrice
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ManagedAccounts, NextValidId, StartApi

ACCOUNT = "DU" + "7654321"  # put together here: no file names an id outside the simulator's range
OTHER = "DU" + "7654322"
LIVE = "U" + "1234567"
NOON_S = 1_783_699_200.0  # 2026-07-10 12:00 in New York
CLOSE_S = NOON_S + 4 * 3600
FIRST_ID = 11
VERSION = 178

SPY = Contract(con_id=756733, symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
CALL = Contract(
    con_id=700001,
    symbol="SPY",
    sec_type="OPT",
    expiry="20260717",
    strike=600.0,
    right="C",
    multiplier="100",
    exchange="SMART",
    currency="USD",
)


def order(order_id: int = FIRST_ID, **changes: Any) -> PlaceOrder:
    """A limit order to buy one share of SPY at 200 dollars, with some fields otherwise."""
    usual: dict[str, Any] = {
        "contract": SPY,
        "action": "BUY",
        "quantity": Decimal(1),
        "order_type": "LMT",
        "limit_price": Decimal(200),
        "tif": "DAY",
    }
    return PlaceOrder(order_id=order_id, **usual | changes)


def status(order_id: int = FIRST_ID, word: str = "Submitted", **changes: Any) -> OrderStatus:
    """What the gateway says of an order of client 7001."""
    usual: dict[str, Any] = {
        "filled": Decimal(0),
        "remaining": Decimal(1),
        "perm_id": 900,
        "client_id": 7001,
    }
    return OrderStatus(order_id=order_id, status=word, **usual | changes)


def echo(order_id: int = FIRST_ID, word: str = "Submitted", **changes: Any) -> OpenOrder:
    """How the gateway describes an order of client 7001."""
    usual: dict[str, Any] = {
        "contract": SPY,
        "action": "BUY",
        "quantity": Decimal(1),
        "order_type": "LMT",
        "tif": "DAY",
        "account": ACCOUNT,
        "client_id": 7001,
        "perm_id": 900,
    }
    return OpenOrder(order_id=order_id, status=word, **usual | changes)


@dataclass
class Bench:
    """One run of tests at noon, in a test that places orders, with a client that is verified."""

    run: RunState = field(
        default_factory=lambda: RunState(
            expected_account=ACCOUNT,
            allowed_client_ids={7001, 7002},
            accounts=(ACCOUNT,),
            market=MarketFacts(open=True, closes_s=CLOSE_S),
        )
    )
    client: ClientState = field(default_factory=lambda: ClientState(connection=1, version=VERSION))
    now_s: float = NOON_S

    def send(self, message: Message | bytes, *, client: ClientState | None = None) -> Decision:
        """What the guard decides about a message, or about bytes."""
        of = client or self.client
        payload = message if isinstance(message, bytes) else encode(message, of.version)
        return decide(payload, client=of, run=self.run, now_s=self.now_s)

    def hear(
        self, message: Message | Raw, *, client: ClientState | None = None, size: int = 0
    ) -> Seen:
        """What the guard says of a message of the gateway."""
        of = client or self.client
        return seen(message, client=of, run=self.run, now_s=self.now_s, size=size)

    def connect(self, client_id: int = 7001, *, connection: int = 1) -> ClientState:
        """A further connection, started and verified."""
        made = ClientState(connection=connection, version=VERSION)
        assert isinstance(self.send(StartApi(client_id=client_id), client=made), Allow)
        self.hear(ManagedAccounts(accounts=ACCOUNT), client=made)
        self.hear(NextValidId(order_id=FIRST_ID), client=made)
        return made

    def quote(
        self,
        contract: Contract,
        bid: float,
        ask: float,
        *,
        request_id: int = 1,
        delayed: bool = False,
    ) -> None:
        """The client asks for market data and gets bid and ask."""
        assert isinstance(self.send(ReqMarketData(request_id=request_id, contract=contract)), Allow)
        for tick, price in ((66, bid), (67, ask)) if delayed else ((1, bid), (2, ask)):
            self.hear(TickPrice(request_id=request_id, tick=tick, price=price))

    def rule(self, message: Message | bytes, *, client: ClientState | None = None) -> str | None:
        """The rule a message is refused by; None when it is allowed as it is."""
        decision = self.send(message, client=client)
        if isinstance(decision, Refuse):
            assert decision.reason
            assert decision.fix
            return decision.rule
        assert isinstance(decision, Allow), decision
        if isinstance(message, Message):
            assert decision.message == message
        return None


def bench(**changes: Any) -> Bench:
    """A bench whose first client is connected and whose test places orders."""
    made = Bench()
    made.client = made.connect()
    made.run.begin_test(TestContext("test_orders", places_orders=True))
    for name, value in changes.items():
        setattr(made.run, name, value)
    return made


def limits(made: Bench, **changes: Any) -> Bench:
    """The same bench under other limits."""
    made.run.limits = replace(made.run.limits, **changes)
    return made
