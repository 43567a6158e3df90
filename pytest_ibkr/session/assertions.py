"""Assertions about orders: wait in virtual time, and say everything that is known on failure."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_ibkr import limits
from pytest_ibkr.errors import OrderNotReached, UsageError
from pytest_ibkr.net.driver import SessionClock
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.net.unread import unread_by_peers
from pytest_ibkr.net.watch import JournalWatch
from pytest_ibkr.session import order_errors, order_story
from pytest_ibkr.session.timeline import folded, serial_of, stamp
from pytest_ibkr.sim.journal import Entry
from pytest_ibkr.sim.order_state import DONE, Status
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.order_state import Order

WITHIN_S: Final = 10.0
_MOST: Final = 2**31 - 1
_LINES: Final = 40
_SENT: Final = sorted(status.value for status in Status if status is not Status.PENDING_SUBMIT)


@dataclass(frozen=True, slots=True)
class Expected:
    """One order of one client, and the status it is expected to reach."""

    client_id: int
    order_id: int
    status: str
    within_s: float
    since: int = 0  # a serial: what came up to it does not count


class OrderAssertions:
    """Looks at orders as their clients are told of them."""

    def __init__(self, server: GatewayServer, engine: Engine, clock: SessionClock) -> None:
        self._server, self._engine, self._clock = server, engine, clock
        self._watch = JournalWatch(server, engine.journal)

    def reaches(self, expected: Expected) -> Entry:
        """Wait until a client was told a status; see ``Session.assert_order_reaches``."""
        found = self._watch.walk_for(self._over(expected), self._clock, expected.within_s)
        return self._checked(found, expected)

    async def areaches(self, expected: Expected) -> Entry:
        """Do the same as :meth:`reaches` without blocking the running event loop."""
        found = await self._watch.awalk_for(self._over(expected), self._clock, expected.within_s)
        return self._checked(found, expected)

    def expected(
        self,
        order_id: int,
        status: str,
        *,
        within_s: float,
        client_id: int | None,
        since: Entry | int,
        usual: int,
    ) -> Expected:
        """Check what is asked, and find whose order is meant.

        Args:
            order_id: as its client knows it.
            status: as messages print it.
            within_s: virtual seconds.
            client_id: whose order; None: of the ``usual`` client, or of the only other one.
            since: an entry, or its serial, after which the status must come.
            usual: the session's client id.
        """
        if status not in _SENT:
            near = difflib.get_close_matches(str(status), _SENT, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_SENT)}"
            raise UsageError(f"no order reaches {status!r}; {hint}")
        limits.whole("an order id", order_id, -_MOST, _MOST)
        seconds = limits.seconds("within_s", within_s)
        self._server.take_in()
        owner = client_id
        if owner is None:
            owner = self._server.call(lambda: self._owner(order_id, usual))
        return Expected(owner, order_id, status, seconds, serial_of(since))

    def _owner(self, order_id: int, usual: int) -> int:
        clients = {client.connection: client.client_id for client in self._engine.opened}
        having = {order.client_id for order in self._engine.orders.book.all()
                  if order.order_id == order_id}  # fmt: skip
        having |= {
            clients[entry.connection]
            for entry in self._engine.journal.entries()
            if isinstance(entry.message, PlaceOrder)
            and entry.message.order_id == order_id
            and entry.connection in clients
        }
        if usual in having:
            return usual
        if len(having) > 1:
            raise UsageError(
                f"several clients have an order {order_id}: {', '.join(map(str, sorted(having)))}\n"
                "  fix:   say which: client_id=…"
            )
        others = having or {number for number in clients.values() if number >= 0}
        return usual if usual in others or len(others) != 1 else others.pop()

    def _over(self, expected: Expected) -> _Matcher:
        return _Matcher(self._engine, expected)

    def _checked(self, found: Entry | None, expected: Expected) -> Entry:
        status = getattr(found.message, "status", None) if found is not None else None
        if found is not None and status == expected.status:
            return found
        # The reader of a client may be late for reasons of its own: how much, is said too.
        unread = unread_by_peers(self._server.port) + self._server.pending_bytes()
        raise OrderNotReached(self._server.call(lambda: self._text(expected, unread)))

    def _text(self, expected: Expected, unread: int) -> str:
        engine, order_id = self._engine, expected.order_id
        owned = {c.connection for c in engine.opened if c.client_id == expected.client_id}
        entries = [entry for entry in engine.journal.entries() if entry.connection in owned]
        order = engine.orders.book.find(expected.client_id, order_id)
        named = f"order {order_id} of client {expected.client_id}"
        lines = [
            f"{named} did not reach {expected.status} within {expected.within_s:g} virtual seconds",
            f"  why:   {self._why(expected, order, entries, connected=bool(owned))}",
        ]
        if unread:
            lines.append(
                f"  note:  a client has not read its socket: {unread} bytes wait for it (one on the"
                " test's own thread reads when it runs)"
            )
        told = order_story.life(entries, order_id)
        if told:
            lines += ["  its life:", *(f"    {line}" for line in told)]
        wire = folded(_since(entries, order_id))
        if len(wire) > _LINES:
            wire = [f"… {len(wire) - _LINES} earlier lines", *wire[-_LINES:]]
        return "\n".join([*lines, "  on the wire:", *(f"    {line}" for line in wire)])

    def _why(
        self, expected: Expected, order: Order | None, entries: list[Entry], *, connected: bool
    ) -> str:
        if order is None:
            return order_story.never_known(
                entries, expected.order_id, client_id=expected.client_id, connected=connected
            )
        if order.status == expected.status:
            if (told := _told(entries, expected)) is not None:
                return f"it became {order.status} at {stamp(told.at_s)}, when the time was over"
            if expected.since:
                return f"it is {order.status}, and was not told so again"
            return (
                f"it is {order.status}, but client {expected.client_id} was away and was not told"
            )
        return order_story.why(self._engine, order, entries)


class _Matcher:
    """Whether an entry is the status expected, or one after which it cannot come any more."""

    def __init__(self, engine: Engine, expected: Expected) -> None:
        self._engine, self._expected = engine, expected

    def __call__(self, entry: Entry) -> bool:
        message, expected = entry.message, self._expected
        if entry.serial <= expected.since:
            return False
        if entry.direction != "out" or not isinstance(message, OrderStatus | ErrorNotice):
            return False
        if isinstance(message, OrderStatus):
            if message.order_id != expected.order_id or not self._is_mine(entry):
                return False
            return message.status == expected.status or message.status in DONE
        if message.request_id != expected.order_id or message.code in order_errors.NOTICES:
            return False
        unknown = self._engine.orders.book.find(expected.client_id, expected.order_id) is None
        return unknown and self._is_mine(entry) and self._is_of_the_order(entry)

    def _is_of_the_order(self, error: Entry) -> bool:
        kept = (
            each
            for each in self._engine.journal.entries()
            if each.serial <= error.serial and self._is_mine(each)
        )
        found = order_errors.errors_of(kept, self._expected.order_id)
        return any(each.serial == error.serial for each in found)

    def _is_mine(self, entry: Entry) -> bool:
        return any(
            client.connection == entry.connection and client.client_id == self._expected.client_id
            for client in self._engine.opened
        )


def _told(entries: list[Entry], expected: Expected) -> Entry | None:
    """The first time a client was told the status expected."""
    wanted = (expected.order_id, expected.status)
    for entry in (each for each in entries if each.serial > expected.since):
        message = entry.message
        if isinstance(message, OrderStatus) and (message.order_id, message.status) == wanted:
            return entry
    return None


def _since(entries: list[Entry], order_id: int) -> list[Entry]:
    """The entries from an order's first placeOrder on; all of them when it was never sent."""
    for place, entry in enumerate(entries):
        if isinstance(entry.message, PlaceOrder) and entry.message.order_id == order_id:
            return entries[place:]
    return entries
