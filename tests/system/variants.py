"""Broken gateways (and one broken bot) under which a named validation test must turn red.

Loaded as a plugin by the counter-proofs: ``-p tests.system.variants --variant frozen_feed``.
Each variant breaks one thing right after the suite's endpoint exists, before anybody connects.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from pytest_ibkr.wire.messages.account import Position, ReqAccountSummary, ReqPositions
from pytest_ibkr.wire.messages.contract import ReqContractDetails
from pytest_ibkr.wire.messages.history import HistoricalData, ReqHistoricalData
from pytest_ibkr.wire.messages.market_data import CancelMarketData, TickPrice
from pytest_ibkr.wire.messages.order import CancelOrder, PlaceOrder
from pytest_ibkr.wire.messages.session import ReqCurrentTime, StartApi

VARIANTS: dict[str, Callable[[Any], None]] = {}


def variant(function):
    """Register a variant under its function's name."""
    VARIANTS[function.__name__] = function
    return function


def pytest_addoption(parser):
    """Name the variant to run."""
    parser.addoption("--variant", choices=sorted(VARIANTS), required=False)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef, request):
    """Break the endpoint as soon as it exists."""
    value = yield
    name = request.config.getoption("--variant")
    if fixturedef.argname == "live_gateway" and name:
        value.suite = request.session.items[0].module
        VARIANTS[name](value)
    return value


def answer(session, kind, handler) -> None:
    """Let ``handler(client, message, original)`` answer requests of a class."""
    engine = session.engine
    original = engine._handlers[kind]
    replaced = {kind: lambda client, message: handler(client, message, original)}
    session.call(lambda: engine._handlers.update(replaced))


def rewrite(session, kind, change) -> None:
    """Let ``change(message)`` return what really goes out instead (None: nothing)."""
    engine = session.engine
    opened = engine.open

    def opening(version):
        client = opened(version)
        send = client.send

        def sending(*messages):
            out = [change(m) if isinstance(m, kind) else m for m in messages]
            send(*[m for m in out if m is not None])

        client.send = sending
        return client

    session.call(lambda: setattr(engine, "open", opening))


def replaced(message, **changes):
    """A copy of a message with other values."""
    return dataclasses.replace(message, **changes)


def silence(*_args) -> None:
    """Answer nothing."""


@variant
def live_account(session):
    """The login behind the port is a live one."""
    session.call(lambda: setattr(session.engine, "account_id", "U1234567"))


@variant
def no_round_trip(session):
    """The session was accepted, but the server answers no question."""
    answer(session, ReqCurrentTime, silence)


@variant
def summary_never_ends(session):
    """Account rows never come."""
    answer(session, ReqAccountSummary, silence)


@variant
def positions_never_end(session):
    """A failed position request must not look like an empty account."""
    answer(session, ReqPositions, silence)


@variant
def gone_after_loss(session):
    """A second login under the same client id is never let in."""
    seen = set()

    def start(client, message, original):
        if message.client_id in seen:
            client.close("variant: not again")
            return
        seen.add(message.client_id)
        original(client, message)

    answer(session, StartApi, start)


@variant
def stale_feed(session):
    """Every SPY quote is a minute old."""
    frozen = session.engine.conditions.frozen
    session.call(lambda: frozen.update(SPY=session.engine.now_s - 60))


@variant
def frozen_feed(session):
    """The SPY quote stands still from the start; polls return it again and again."""
    frozen = session.engine.conditions.frozen
    session.call(lambda: frozen.update(SPY=session.engine.now_s))


@variant
def one_bar(session):
    """History has a single bar."""
    rewrite(session, HistoricalData, lambda m: replaced(m, bars=m.bars[-1:]))


@variant
def same_price_for_all(session):
    """Answers of concurrent requests are mixed up: every last price is the same."""
    rewrite(session, TickPrice, lambda m: replaced(m, price=100.0) if m.tick == 4 else m)


@variant
def cancel_market_data_ignored(session):
    """The stream goes on after its cancel."""
    answer(session, CancelMarketData, silence)


@variant
def never_fills(session):
    """Orders are accepted and never meet the market."""
    session.call(session.engine.orders.hold)


@variant
def positions_unmoved(session):
    """Fills happen, position rows stay away."""
    rewrite(session, Position, lambda _message: None)


@variant
def cancel_order_ignored(session):
    """A cancel is swallowed."""
    answer(session, CancelOrder, silence)


@variant
def sells_refused(session):
    """Nothing can be closed."""

    def place(client, message, original):
        if message.action == "SELL":
            client.error(message.order_id, 201, "Order rejected - reason:Exchange is closed.")
        else:
            original(client, message)

    answer(session, PlaceOrder, place)


@variant
def history_kills_the_connection(session):
    """A slow query ends with the socket closed."""
    answer(session, ReqHistoricalData, lambda client, *_: client.close("variant"))


@variant
def ten_messages_a_second(session):
    """The limit is far lower than the client paces itself for."""
    session.configure(max_messages_per_s=10)


@variant
def blind_quote_gate(session):
    """The bot accepts every quote, and they are a minute old."""
    stale_feed(session)
    session.suite.reasons_not_to_trade = lambda *_args, **_options: ()


@variant
def unknown_symbols_exist(session):
    """An unknown symbol is answered as if it were SPY."""

    def details(client, message, original):
        if message.contract.symbol == "INVALID_SYMBOL_XYZ":
            spy = replaced(message.contract, symbol="SPY")
            original(client, replaced(message, contract=spy))
        else:
            original(client, message)

    answer(session, ReqContractDetails, details)
