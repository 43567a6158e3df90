"""Why an order is where it is, in sentences; read on the gateway's thread, changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pytest_ibkr.session.order_errors import NOTICES as NOTICES
from pytest_ibkr.session.order_errors import errors_of
from pytest_ibkr.session.timeline import stamp
from pytest_ibkr.sim import fills
from pytest_ibkr.sim.journal import Entry
from pytest_ibkr.sim.order_state import Order, Status
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine


def life(entries: Iterable[Entry], order_id: int) -> list[str]:
    """Return what a client was told of an order: statuses without repeats, errors."""
    told: list[str] = []
    last = ""
    kept = list(entries)
    errors = {entry.serial for entry in errors_of(kept, order_id)}
    for entry in kept:
        message = entry.message
        if isinstance(message, PlaceOrder) and message.order_id == order_id:
            limit = "" if message.limit_price is None else f" at {message.limit_price}"
            line = f"placeOrder {message.action} {message.quantity:f} {message.order_type}{limit}"
        elif isinstance(message, OrderStatus) and message.order_id == order_id:
            held = f", held: {message.why_held}" if message.why_held else ""
            amounts = f"{message.filled:f} filled, {message.remaining:f} remaining"
            line = f"{message.status} ({amounts}{held})"
        elif isinstance(message, ErrorNotice) and entry.serial in errors:
            line = f"error {message.code}: {message.text}"
        else:
            continue
        if line != last:
            told.append(f"{stamp(entry.at_s)}  {line}")
        last = line
    return told


def never_known(entries: Iterable[Entry], order_id: int, *, client_id: int, connected: bool) -> str:
    """Say why the gateway has no such order."""
    kept = list(entries)
    refused = refusal_of(kept, order_id)
    if refused is not None:
        return f"the gateway refused it: {refused.code} {refused.text}"
    sent = [entry.message.order_id for entry in kept if isinstance(entry.message, PlaceOrder)]
    if order_id in sent:
        return "its placeOrder came, and no order became of it"
    if not connected:
        return f"client {client_id} was never connected"
    others = ", ".join(map(str, dict.fromkeys(sent)))
    beside = f"it sent {others}" if others else "it sent no order at all"
    return f"client {client_id} never sent an order {order_id}: {beside}"


def refusal_of(entries: Iterable[Entry], order_id: int) -> ErrorNotice | None:
    """Return the last error a client was sent about an order, notices aside."""
    found = None
    for entry in errors_of(entries, order_id):
        if isinstance(entry.message, ErrorNotice) and entry.message.code not in NOTICES:
            found = entry.message
    return found


def why(engine: Engine, order: Order, entries: Iterable[Entry]) -> str:
    """Say what an order waits for, or how it ended."""
    if order.is_done:
        refused = refusal_of(entries, order.order_id)
        reason = f": {refused.code} {refused.text}" if refused is not None else ""
        how = "was rejected" if order.status is Status.INACTIVE else f"ended as {order.status}"
        return f"it {how}{reason}"
    if order.held:
        return "it was sent with transmit=False, and nothing has transmitted it"
    if order.status is Status.PENDING_SUBMIT:
        return "it is on its way: not acknowledged yet"
    if order.status is Status.PENDING_CANCEL:
        return "its cancellation is on the way"
    if order.waits_for_open:
        opens = engine.orders.flow.hours.opening_text()
        return f"the market is closed: it waits for the open, {opens}"
    parent = order.parent
    if order.waits_for_parent and parent is not None:
        return f"it waits for its parent, order {parent.order_id}, which is {parent.status}"
    if (asleep := _asleep(order)) is not None:
        return asleep
    return _unfilled(engine, order)


def _asleep(order: Order) -> str | None:
    """What keeps an order from looking at the market at all; None: nothing."""
    if order.wakes_s is not None:
        return f"it is good after {order.terms.good_after_time}, which has not come"
    if order.conditional:
        return "its conditions are not met"
    if order.locating:
        return "its shares are being located: raise the condition shortable_shares"
    if order.auction:
        return f"it trades at the session's {order.auction} only"
    if order.silent:
        return f"a {order.order_type} order never fills on a paper account"
    return None


def _unfilled(engine: Engine, order: Order) -> str:
    symbol, name = order.instrument.symbol, order.instrument.local_symbol
    if engine.orders.flow.watch.paused:
        return "ibkr.orders.hold() is in force: nothing fills until release()"
    if symbol in engine.halted:
        return f"{symbol} is halted: nothing fills until resume()"
    if not engine.market.is_open(engine.now_s):
        return "the market is closed: nothing fills"
    quote = engine.orders.flow.watch.valid_quote(order.instrument)
    if quote is None:
        return f"{name} has no quote that counts: frozen for too long, or its data has ended"
    if order.waits_for_trigger:
        price = fills.trigger_price(order, quote)
        return f"its stop at {order.stop} was not reached: the price it looks at is {price}"
    offer = fills.opposite(quote, buys=order.buys)
    if offer is None:
        shown = f"bid {quote.bid} for {quote.bid_size}, ask {quote.ask} for {quote.ask_size}"
        crossed = quote.bid is not None and quote.ask is not None and quote.bid > quote.ask
        odd = ", a crossed quote, on which nothing fills" if crossed else ""
        return f"nobody trades with it: {name} is quoted {shown}{odd}"
    side = "ask" if order.buys else "bid"
    if not fills.acceptable(order, offer):
        verb, bound = ("buys", "or less") if order.buys else ("sells", "or more")
        return f"it {verb} at {fills.limit_of(order)} {bound}, and the {side} is {offer.price}"
    return f"{order.remaining:f} remain: the {side} is {offer.price} for {offer.size:f}"
