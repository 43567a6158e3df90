"""What programs in the tests do with orders, as raw clients: buy at market, let one rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from pytest_ibkr.wire.messages.contract import Contract
from tests.system.live.careless import SPY, Careless, careless, order, quote, replaced

QQQ = replaced(SPY, con_id=320227571, symbol="QQQ")
USER_ID = 1  # the client id of the user's own program


@contextmanager
def joined(session: Any, client_id: int | None = None) -> Iterator[Careless]:
    """A client of a session, by its host, port and client id."""
    with careless(session.host, session.port) as client:
        yield client.start(session.client_id if client_id is None else client_id)


def buy(client: Careless, order_id: int, shares: int, contract: Contract = SPY) -> None:
    """Buy at market, with a quote to go by; returns once filled."""
    client.ask(quote(900 + order_id, contract))
    client.until("1", lambda f: f[2] == str(900 + order_id) and f[3] in ("1", "2"))
    client.until("1", lambda f: f[2] == str(900 + order_id) and f[3] in ("1", "2"))
    terms: dict[str, Any] = {"order_type": "MKT", "limit_price": None}
    client.ask(order(order_id, contract=contract, quantity=Decimal(shares), **terms))
    client.until("3", lambda f: f[1] == str(order_id) and f[2] == "Filled")


def rest(client: Careless, order_id: int, contract: Contract = SPY, **terms: Any) -> None:
    """Place an order far from the market; returns once it works."""
    client.ask(order(order_id, contract=contract, **terms))
    client.until("3", lambda f: f[1] == str(order_id) and f[2] in ("Submitted", "PreSubmitted"))


@contextmanager
def the_user(gateway: Any) -> Iterator[list[tuple[int, int]]]:
    """The user trades by hand on the same account: positions and working orders of their own.

    Yields the orders that must still work at the end, as client id and order id.
    """
    gateway.ask("add_position", symbol="SPY", quantity=7, average_cost="600")
    gateway.ask("add_position", symbol="QQQ", quantity=-4, average_cost="600")
    with careless(gateway.host, gateway.port) as mine:
        mine.start(USER_ID)
        first = int(next(f for f in reversed(mine.received) if f[0] == "9")[2])
        rest(mine, first, SPY)
        rest(mine, first + 1, QQQ)
        yield [(USER_ID, first), (USER_ID, first + 1)]
