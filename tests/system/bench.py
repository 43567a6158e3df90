"""Contracts, tickets and readings of the wire that the tests of this folder share."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bot.domain.contracts import index, option, stock
from bot.domain.orders import OrderTicket
from pytest_ibkr.sim.journal import Entry
from pytest_ibkr.wire.messages.executions import ExecutionData
from pytest_ibkr.wire.messages.market_data import TickPrice
from tests.system.variants import answer

SPY, QQQ, IWM, AAPL, VIX = (*map(stock, ("SPY", "QQQ", "IWM", "AAPL")), index("VIX"))
CALL = option("SPY", "20260714", 755, right="C")  # quoted 1.75 to 1.77 at 10:00
WORTHLESS = option("SPY", "20260713", 763, right="C")  # nobody bids
UNQUOTED = option("SPY", "20260717", 792, right="P")  # neither side is quoted
NICKEL_CALL = option("AAPL", "20260717", 322.5, right="C")  # 0.05 steps from $3 on


def limit(action: str, price: Decimal | str, quantity: int = 1, **more: Any) -> OrderTicket:
    """A limit order, for the day unless told."""
    return OrderTicket(
        action=action, quantity=Decimal(quantity), limit_price=Decimal(price), **more
    )


def market(action: str, quantity: int = 1, **more: Any) -> OrderTicket:
    """A market order."""
    return OrderTicket(action=action, quantity=Decimal(quantity), order_type="MKT", **more)


def pass_time(ibkr, broker, seconds: float) -> None:
    """Let virtual seconds pass, then make sure the bot has read all that came in them."""
    ibkr.clock.sleep(seconds)
    broker.server_time()


def exact(price: float) -> Decimal:
    """A price of the wire as the bot has to read it."""
    return Decimal(str(price))


def last_price(ibkr, request_id: int, tick: int) -> float | None:
    """The last price of one tick type that was sent under a request id."""
    ticks = [t for t in ibkr.journal.answers(TickPrice) if t.request_id == request_id]
    return next((t.price for t in reversed(ticks) if t.tick == tick), None)


def error_codes(ibkr, request_id: int | None = None) -> list[int]:
    """Codes of every message 4 sent, or of those about one request or order."""
    errors = ibkr.journal.errors()
    return [e.code for e in errors if request_id is None or e.request_id == request_id]


def crossed(ibkr, kind: type, *, code: int) -> None:
    """Let cancels of a class stop nothing, as one that crosses the answer on the wire."""
    told = lambda client, message, _original: client.error(message.request_id, code, "too late")  # noqa: E731
    answer(ibkr, kind, told)


def executions(ibkr, order_id: int) -> list[ExecutionData]:
    """Fills of an order as they were sent, repeats included."""
    return [e for e in ibkr.journal.answers(ExecutionData) if e.order_id == order_id]


def sent_to(ibkr, connection: int) -> list[Any]:
    """What went out on one connection (the first is 1), in order."""
    return [
        e.message
        for e in ibkr.journal.entries()
        if e.connection == connection and e.direction == "out"
    ]


def entries_of(ibkr, kind: type) -> list[Entry]:
    """Journal entries, with their times, of one message class."""
    return [entry for entry in ibkr.journal.entries() if isinstance(entry.message, kind)]


def scripted(ibkr, order_id: int, *, client_id: int | None = None):
    """The gateway's own record of an order, for scripting its fate."""
    number = client_id or ibkr.client_id
    return ibkr.call(lambda: ibkr.engine.orders.find(number, order_id))


def fill(ibkr, order_id: int, quantity: int, price: str) -> None:
    """Let the exchange execute a part of an order, now."""
    order = scripted(ibkr, order_id)
    ibkr.call(lambda: ibkr.engine.orders.fill(order, Decimal(quantity), Decimal(price)))
