"""Means to provoke an error code: requests, conditions and weather over one engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pytest_ibkr.wire.messages.account import ReqAccountSummary
from pytest_ibkr.wire.messages.contract import Contract, ReqContractDetails
from pytest_ibkr.wire.messages.depth import ReqMarketDepth
from pytest_ibkr.wire.messages.session import StartApi
from pytest_ibkr.wire.messages.tick_by_tick import ReqTickByTick
from tests.sim.data_bench import SPY, Peer, history, on_friday
from tests.sim.weather_bench import order, weather

Act = Callable[[Peer], object]
EVENING_S: Final = on_friday(16, 30)
ARCA: Final = Contract(symbol="SPY", sec_type="STK", exchange="ARCA", currency="USD")
NO_SUCH: Final = Contract(symbol="NOSUCH", sec_type="STK", exchange="SMART", currency="USD")


@dataclass(frozen=True, slots=True)
class Case:
    """One code.

    Attributes:
        code: of message 4.
        text: what it says; ``…`` stands for anything.
        how: what provokes it, in words.
        act: the same, done.
        at_s: when, where 10:00 on a trading day will not do.
    """

    code: int
    text: str
    how: str
    act: Act
    at_s: float | None = None


def resting(order_id: int = 1, price: str = "700.00", **terms: Any) -> Any:
    """A limit far below the market."""
    return order(order_id, limit_price=Decimal(price), **terms)


def sends(*messages: Any) -> Act:
    """A client sends these, a second between them."""

    def act(made: Peer) -> None:
        for message in messages:
            made.send(message(made) if callable(message) else message)

    return act


def at_once(count: int, message: Callable[[int], Any]) -> Act:
    """So many messages in the same moment; the last answers come later."""

    def act(made: Peer) -> None:
        for number in range(count):
            made.send(message(number), wait_s=0.0)
        made.wait(1.0)

    return act


def in_weather(name: str, wait_s: float = 1.0, **parameters: Any) -> Act:
    """A client is connected in a weather."""

    def act(made: Peer) -> None:
        weather(made, name, **parameters)
        made.wait(wait_s)

    return act


def when(act: Act, **conditions: Any) -> Act:
    """A setting of the gateway before it."""

    def provoke(made: Peer) -> None:
        for name, value in conditions.items():
            assert hasattr(made.engine.conditions, name)
            setattr(made.engine.conditions, name, value)
        act(made)

    return provoke


def quote(number: int) -> Act:
    """A request for market data of SPY."""
    return lambda made: made.send(made.market_data(number))


def all_lines(made: Peer) -> None:
    """One line more than there are, not too fast."""
    for number in range(101):
        made.send(made.market_data(number), wait_s=0.05)


def same_client_id(made: Peer) -> None:
    """A second program under the id of one that is connected."""
    engine = made.engine
    client = engine.open(200)
    assert client is not None
    second = Peer(engine, client)
    made.seen += second.send(StartApi(client_id=made.client.client_id))


def details(contract: Contract) -> Any:
    """A request for contract details."""
    return ReqContractDetails(request_id=9, contract=contract)


def book(number: int, contract: Contract = ARCA) -> Any:
    """A request for market depth."""
    return ReqMarketDepth(request_id=number, contract=contract, rows=5)


def ticks(number: int) -> Any:
    """A request for tick-by-tick data."""
    return ReqTickByTick(request_id=number, contract=SPY, kind="Last")


def summary(number: int) -> Any:
    """A request for an account summary."""
    return ReqAccountSummary(request_id=number, group="All", tags="NetLiquidation")


def bars(number: int) -> Any:
    """The same small bars under another id."""
    return history(request_id=number, bar_size="30 secs", duration="1800 S")
