"""Which errors are about an order: request ids and order ids share the numbers of message 4."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from pytest_ibkr.wire.messages.exercise import ExerciseOptions
from pytest_ibkr.wire.messages.order import CancelOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice

if TYPE_CHECKING:
    from pytest_ibkr.sim.journal import Entry

# Message 4 about an order that lives on, or confirming what was asked. 2174 is the warning about
# a date without a time zone, which goodAfterTime may have.
NOTICES: Final = frozenset({131, 202, 399, 404, 2109, 2137, 2161, 2168, 2169, 2174, 10349})
# Said of data only, whatever else has the number (gateway-behaviour.md 2.3 to 2.5).
_OF_DATA: Final = frozenset({
    *(162, 165, 300, 309, 310, 316, 317, 354, 365, 366, 420, 2152, 2188),
    *(10089, 10090, 10092, 10167, 10168, *range(10185, 10191), 10197, 10225, 10299),
})  # fmt: skip
# Said of orders only: so it is whatever was asked under the number since.
_OF_ORDERS: Final = frozenset(
    {131, 201, 202, 399, 404, 2109, 2137, 2161, 2168, 2169, 10147, 10148, 10349}
)
_ORDER_REQUESTS: Final = (PlaceOrder, CancelOrder, ExerciseOptions)


def errors_of(entries: Iterable[Entry], order_id: int) -> Iterator[Entry]:
    """Yield the entries of message 4 that are about an order, oldest first.

    Where a client gave one number to an order and to another request, an error that both may get
    counts for the one it asked last.

    Args:
        entries: of one client, on all of its connections, oldest first.
        order_id: as the client knows it.
    """
    asked_order = asked_other = order_is_newest = False
    for entry in entries:
        message = entry.message
        if entry.direction == "in" and order_id == _number(message):
            order_is_newest = isinstance(message, _ORDER_REQUESTS)
            asked_order = asked_order or order_is_newest
            asked_other = asked_other or not order_is_newest
        elif (
            entry.direction == "out"
            and isinstance(message, ErrorNotice)
            and message.request_id == order_id
            and message.code not in _OF_DATA
            and (message.code in _OF_ORDERS or order_is_newest or not asked_other)
            and (asked_order or not asked_other)
        ):
            yield entry


def _number(message: object) -> int | None:
    """The id an answer to a request comes under."""
    if isinstance(message, PlaceOrder | CancelOrder):
        return message.order_id
    found = getattr(message, "request_id", None)
    return found if isinstance(found, int) else None
