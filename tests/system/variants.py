"""Broken gateways (and one broken bot) under which a named validation test must turn red.

Each variant breaks one thing right after the suite's endpoint exists, before anybody connects.
``session.patch`` undoes what a variant does to the bot; ``session.suite`` is the test's module.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from decimal import Decimal
from typing import Any

from bot.broker import MessagePacer
from bot.domain.orders import OrderTicket
from pytest_ibkr.wire.messages.account import (
    AccountSummary,
    Position,
    ReqAccountSummary,
    ReqPositions,
)
from pytest_ibkr.wire.messages.contract import ContractData, ReqContractDetails
from pytest_ibkr.wire.messages.executions import ReqExecutions
from pytest_ibkr.wire.messages.history import HistoricalData, ReqHistoricalData
from pytest_ibkr.wire.messages.market_data import CancelMarketData, ReqMarketData, TickPrice
from pytest_ibkr.wire.messages.order import CancelOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ReqCurrentTime, StartApi

VARIANTS: dict[str, Callable[[Any], None]] = {}


def variant(function):
    """Register a variant under its function's name."""
    VARIANTS[function.__name__] = function
    return function


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

    def opening(version, **how):
        client = opened(version, **how)
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
    session.patch.setattr(session.suite, "reasons_not_to_trade", lambda *_args, **_options: ())


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


@variant
def costs_unknown_to_the_gateway(session):
    """Positions cost -1."""
    rewrite(session, Position, lambda m: replaced(m, average_cost=Decimal(-1)))


@variant
def costs_per_share(session):
    """Costs leave out the multiplier."""
    rewrite(session, Position, lambda m: replaced(m, average_cost=m.average_cost / 100))


@variant
def positions_of_somebody_else(session):
    """Positions name another account."""
    rewrite(session, Position, lambda m: replaced(m, account="DU0000999"))


@variant
def no_pacing(session):
    """The bot sends as fast as it can."""
    session.patch.setattr(MessagePacer, "turn", lambda _self: nullcontext(0.0))


def _dies_after(session, seconds: float) -> None:
    def die() -> None:
        for client in list(session.engine.clients):
            client.close("variant: gone")

    session.call(lambda: session.engine.later(seconds, die))


@variant
def gone_after_half_a_minute(session):
    """The connection does not hold for a minute."""
    _dies_after(session, 30)


@variant
def gone_after_two_minutes(session):
    """The connection does not hold for five minutes."""
    _dies_after(session, 120)


@variant
def gone_after_an_hour(session):
    """The connection does not hold for a session."""
    _dies_after(session, 3600)


@variant
def other_strikes_for_others(session):
    """A second client gets another strike than it asked for."""

    def shifted(message):
        is_second = len(session.engine.clients) > 1 and message.strike
        return replaced(message, strike=message.strike + 1) if is_second else message

    rewrite(session, ContractData, shifted)


@variant
def never_logged_in(session):
    """The gateway takes connections and waits for its own login."""
    answer(session, StartApi, silence)


def _refuse_logins(session, *numbers: int) -> None:
    """Close the connection at these logins of each client id (the first is 1)."""
    seen = Counter()

    def start(client, message, original):
        seen[message.client_id] += 1
        if seen[message.client_id] in numbers:
            client.close("variant: not now")
        else:
            original(client, message)

    answer(session, StartApi, start)


@variant
def lets_in_at_the_second_try(session):
    """The first login of each client ends with the connection."""
    _refuse_logins(session, 1)


@variant
def comes_back_at_the_third_try(session):
    """After a loss, two logins end with the connection."""
    _refuse_logins(session, 2, 3)


@variant
def rate_limited_twice(session):
    """The first two questions about executions are too many."""
    seen = []

    def ask(client, message, original):
        seen.append(message)
        if len(seen) <= 2:
            client.error(message.request_id, 420, "pacing violation")
        else:
            original(client, message)

    answer(session, ReqExecutions, ask)


@variant
def history_never_comes(session):
    """Bars are not answered."""
    answer(session, ReqHistoricalData, silence)


@variant
def one_cancel_for_all(session):
    """A cancel takes the client's other orders along."""

    def cancel(client, message, original):
        for order in session.engine.orders.open_orders():
            original(client, replaced(message, order_id=order.order_id))

    answer(session, CancelOrder, cancel)


@variant
def concurrent_answers_mixed(session):
    """A quote asked for while another is under way is that one's."""
    before = []

    def ask(client, message, original):
        now_s = session.engine.now_s
        if before and now_s - before[0] < 0.02:
            original(client, replaced(message, contract=before[1]))
            return
        before[:] = [now_s, message.contract]
        original(client, message)

    answer(session, ReqMarketData, ask)


@variant
def any_quantity_is_fine(session):
    """Neither the bot nor the gateway looks at quantities."""
    session.patch.setattr(OrderTicket, "__post_init__", lambda _self: None)
    answer(session, PlaceOrder, silence)


@variant
def legal_form_missing(session):
    """The summary leaves the account's legal form empty."""
    rewrite(
        session, AccountSummary, lambda m: replaced(m, value="") if m.tag == "AccountType" else m
    )


@variant
def no_greeks(session):
    """Options come without a computation."""
    session.configure(greeks="never")


@variant
def nothing_is_flattened(session):
    """The suite's clean-up trades nothing back."""
    session.patch.setattr(
        "tests.live_validation.account_guard.AccountGuard._trade_back", lambda *_args: None
    )


@variant
def after_the_close(session):
    """The exchange has closed for the day."""
    session.clock.move_to(session.clock.now().replace(hour=20, minute=5))
