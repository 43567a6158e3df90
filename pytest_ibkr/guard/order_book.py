"""The orders of this run: which ids were placed here, what became of them, whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder

# Statuses after which nothing of an order works any more (gateway-behaviour.md 3.1, O14).
# Inactive is not among them: an order held for a locate is Inactive and comes back to life.
FINISHED: Final = frozenset({"Filled", "Cancelled", "ApiCancelled"})
REFUSED: Final = "refused"  # our own word: the gateway answered with an error and no status

# Errors after which an order without status does not exist (gateway-behaviour.md 3.4), and the
# answers to a cancel that finds nothing to cancel.
DEAD_CODES: Final = frozenset(
    {
        *(103, 104, 106, 107, 109, 110, 111, 113, 116, 117, 135, 200, 201, 202, 203, 320, 321),
        *(322, 328, 387, 388, 434, 435, 436, 439, 441, 442, 443, 460, 10006, 10052, 10147, 10148),
        *(10149, 10243, 10255, 10257, 10268, 10289, 10311, 10318, 10329),
    }
)
_REJECTED: Final = 201  # the one error that comes with a status, Inactive, before and after it
_INACTIVE: Final = "Inactive"


@dataclass(slots=True)
class PlacedOrder:
    """One order that was allowed in this run.

    Attributes:
        message: as last allowed; changes replace it.
        most: the largest quantity that was allowed under this id.
        status: the gateway's word; "" before its first, ``refused`` after an error instead.
        filled: contracts or shares so far.
        perm_id: the broker's id, 0 before the first status.
        test: name of the test it was placed in; "" outside any.
        at_s: Unix epoch seconds of the first placement, by the gateway's clock.
    """

    client_id: int
    message: PlaceOrder
    most: Decimal
    test: str
    at_s: float
    status: str = ""
    filled: Decimal = Decimal(0)
    perm_id: int = 0

    @property
    def order_id(self) -> int:
        """The id its client chose."""
        return self.message.order_id

    @property
    def working(self) -> bool:
        """Whether something of it may still trade, as far as anyone knows."""
        return self.status not in FINISHED and self.status != REFUSED

    @property
    def committed(self) -> Decimal:
        """What it traded and may still trade, in contracts or shares."""
        return max(self.filled, self.most) if self.working else self.filled


class OrderBook:
    """Every order of the run, by (client id, order id); no order has no client id."""

    def __init__(self) -> None:
        self._placed: dict[tuple[int | None, int], PlacedOrder] = {}
        self._foreign: set[tuple[int | None, int]] = set()
        self._foreign_groups: set[str] = set()
        self._previews: set[tuple[int | None, int]] = set()

    def __iter__(self) -> Iterator[PlacedOrder]:
        return iter(self._placed.values())

    def __len__(self) -> int:
        """How many new orders were allowed in the run."""
        return len(self._placed)

    @property
    def working(self) -> int:
        """How many orders of the run may still trade."""
        return sum(order.working for order in self)

    def get(self, client_id: int | None, order_id: int) -> PlacedOrder | None:
        """The order this run placed under these ids."""
        return self._placed.get((client_id, order_id))

    def is_foreign(self, client_id: int | None, order_id: int) -> bool:
        """Whether the gateway knows an order under these ids that was not placed here."""
        return (client_id, order_id) in self._foreign

    def is_foreign_group(self, oca_group: str) -> bool:
        """Whether an order that was not placed here is in this one-cancels-all group."""
        return _group(oca_group) in self._foreign_groups

    def placed(self, client_id: int, message: PlaceOrder, *, test: str, now_s: float) -> None:
        """An order or a change of one was allowed."""
        known = self.get(client_id, message.order_id)
        if known is None:
            self._placed[client_id, message.order_id] = PlacedOrder(
                client_id=client_id, message=message, most=message.quantity, test=test, at_s=now_s
            )
            return
        known.message, known.most = message, max(known.most, message.quantity)
        if not known.working:  # until the gateway says otherwise, it works again
            known.status = ""

    def previewed(self, client_id: int | None, order_id: int) -> None:
        """A what-if was allowed under this id: its echo is no order."""
        self._previews.add((client_id, order_id))

    def echoed(self, echo: OpenOrder) -> None:
        """The gateway described an order, of whatever client."""
        known = self._known(echo.client_id, echo.order_id)
        if known is not None:
            _take(known, echo.status, echo.perm_id)
        elif self.is_foreign(echo.client_id, echo.order_id):
            self._foreign_groups |= {_group(echo.oca_group)} - {""}

    def reported(self, report: OrderStatus) -> None:
        """The gateway told an order's status, of whatever client."""
        known = self._known(report.client_id, report.order_id)
        if known is not None:
            _take(known, report.status, report.perm_id)
            known.filled = max(known.filled, report.filled)

    def failed(self, client_id: int | None, order_id: int, code: int) -> None:
        """The gateway answered an error under an id; what it says of a working order is news."""
        known = self.get(client_id, order_id)
        if known is None:
            return
        rejected = code == _REJECTED and known.status == _INACTIVE
        if rejected or (not known.status and code in DEAD_CODES):
            known.status = REFUSED

    def _known(self, client_id: int, order_id: int) -> PlacedOrder | None:
        known = self.get(client_id, order_id)
        if known is None and (client_id, order_id) not in self._previews:
            self._foreign.add((client_id, order_id))
        return known


def _group(name: str) -> str:
    """Names that somebody may take for the same are the same."""
    return name.strip().casefold()


def _take(order: PlacedOrder, status: str, perm_id: int) -> None:
    order.perm_id = perm_id
    if order.status != REFUSED or status != _INACTIVE:
        order.status = status
