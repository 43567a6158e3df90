"""Cancels orders by id under the client id that placed them, until they are gone."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Final

from pytest_ibkr.net.link import Link
from pytest_ibkr.net.link_errors import LinkTimeout
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.order import CancelOrder, OpenOrderEnd, OrderStatus, ReqOpenOrders
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.session import ErrorNotice

_CANCELLED: Final = frozenset({"Cancelled", "ApiCancelled"})
DONE: Final = _CANCELLED | {"Filled"}
# Codes after which an order does not work: cancelled, not found, not cancellable any more.
_GONE: Final = frozenset({135, 136, 161, 202, 10147, 10148, 10149})
_PASSES: Final = 6
_SETTLE_S: Final = 0.3
_HIDDEN_S: Final = 5.0  # for the answers to cancels of orders that may not exist


async def own_open(link: Link, *, timeout_s: float = 10.0) -> tuple[OpenOrder, ...]:
    """Working orders that this link's client id placed."""
    answer = await link.ask(ReqOpenOrders(), until=OpenOrderEnd, timeout_s=timeout_s)
    return tuple(each for each in still_working(answer) if each.client_id == link.client_id)


def still_working(answer: Iterable[Message]) -> tuple[OpenOrder, ...]:
    """The orders of a list that work; echoes of finished ones come in between unasked."""
    newest = {
        (each.client_id, each.order_id, each.perm_id): each
        for each in answer
        if isinstance(each, OpenOrder)
    }
    return tuple(each for each in newest.values() if each.status not in DONE)


async def cancel(
    link: Link,
    order_ids: Collection[int],
    *,
    unlisted: Collection[int] = (),
    timeout_s: float = 10.0,
) -> tuple[frozenset[int], frozenset[int]]:
    """Cancel these orders of this client id; return which went and which still work.

    The list of open orders decides, not the confirmation: an order that was on its way when its
    connection broke appears late, so it must be empty twice. An order that was never transmitted
    (``transmit=False``) is in no list: those in ``unlisted`` are cancelled once without one.

    Raises:
        LinkLost, AnswerError: the gateway could not be asked.
    """
    gone: set[int] = set()
    working: set[int] = set()
    hidden = set(unlisted)
    empty = 0
    for _ in range(_PASSES):
        listed = await own_open(link, timeout_s=timeout_s)
        working = {each.order_id for each in listed if each.order_id in order_ids}
        empty = 0 if working else empty + 1
        if empty == 2:
            break
        if hidden := hidden - working:
            gone |= await _ask_cancel(link, hidden, timeout_s=min(timeout_s, _HIDDEN_S))
            hidden = set()
        if working:
            await _ask_cancel(link, working, timeout_s=timeout_s)
            gone |= working
        else:
            await asyncio.sleep(_SETTLE_S)
    return frozenset(gone - working), frozenset(working)


async def _ask_cancel(link: Link, order_ids: set[int], *, timeout_s: float) -> set[int]:
    """Send the cancels, wait until something final was said of each; return the cancelled."""
    waiting, cancelled = set(order_ids), set()

    def over(message: Message) -> bool:
        if isinstance(message, OrderStatus) and message.client_id == link.client_id:
            if message.status in DONE:
                waiting.discard(message.order_id)
            if message.status in _CANCELLED:
                cancelled.add(message.order_id)
        elif isinstance(message, ErrorNotice) and message.code in _GONE:
            waiting.discard(message.request_id)
        return not waiting

    async with link.stream(kinds=(OrderStatus, ErrorNotice)) as heard:
        for order_id in sorted(order_ids):
            await link.send(CancelOrder(order_id=order_id))
        with suppress(LinkTimeout):  # the next list says what still works
            await heard.next(over, timeout_s=timeout_s)
    return cancelled & order_ids
