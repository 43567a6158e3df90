"""Any weathers at once, whatever a client does, and taken back in any order: nothing breaks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.sim.weather.catalogue import WEATHERS
from pytest_ibkr.wire.messages.contract import ReqContractDetails
from pytest_ibkr.wire.messages.order import CancelOrder, ReqOpenOrders
from pytest_ibkr.wire.messages.session import ReqCurrentTime
from tests.sim.data_bench import SPY, Peer, history, peer
from tests.sim.weather_bench import order, weather

pytestmark = pytest.mark.ci
ACTIONS = ("quote", "order", "limit", "cancel", "history", "details", "time", "open", "wait")


def act(client: Peer, action: str, number: int) -> bytes:
    """Do something as a client, and return the bytes of a virtual minute."""
    asked: dict[str, Any] = {
        "quote": lambda: client.market_data(number),
        "order": lambda: order(number),
        "limit": lambda: order(number, limit_price=Decimal(700)),
        "cancel": lambda: CancelOrder(order_id=number - 1),
        "history": lambda: history(request_id=number),
        "details": lambda: ReqContractDetails(request_id=number, contract=SPY),
        "time": ReqCurrentTime,
        "open": ReqOpenOrders,
    }
    engine = client.engine
    if action in asked:
        from pytest_ibkr.wire.codec import encode

        engine.receive(client.client, encode(asked[action](), client.client.version))
    engine.advance(engine.now_s + 7.0)
    data = client.client.take_output()
    return b"|".join(engine.weather.pieces(client.client, data)) if data else b""


def run(names: list[str], actions: list[str], ends: list[str]) -> list[bytes]:
    """One session in these weathers; every byte its client was sent."""
    client = peer()
    engine = client.engine
    before = repr(engine.conditions)
    armed = {name: weather(client, name, seed=1) for name in names}
    heard = [act(client, action, number) for number, action in enumerate(actions, 10)]
    for name in ends:
        engine.weather.disarm(armed[name])
        heard.append(act(client, "wait", 0))
    assert engine.failures == []
    assert repr(engine.conditions) == before
    assert engine.weather.active == []
    assert engine.weather.door == "open"
    book = engine.orders.book
    traded = sum((e.shares if e.buys else -e.shares for e in book.executions), Decimal(0))
    held = sum((held.quantity for held in engine.accounts.ledger.open_holdings()), Decimal(0))
    assert traded == held
    return heard


@given(
    st.lists(st.sampled_from(sorted(WEATHERS)), min_size=1, max_size=5, unique=True).flatmap(
        lambda names: st.tuples(st.just(names), st.permutations(names))
    ),
    st.lists(st.sampled_from(ACTIONS), max_size=8),
)
def test_any_weathers_at_once_break_nothing_and_repeat_to_the_byte(
    weathers: tuple[list[str], list[str]], actions: list[str]
) -> None:
    names, ends = weathers
    assert run(names, actions, ends) == run(names, actions, ends)
