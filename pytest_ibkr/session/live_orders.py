"""Waits for an order of a live run, as its client is told of it; explains what did not come.

The simulator can say why an order waits; a paper gateway only says what it says.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Final, cast

from pytest_ibkr import limits
from pytest_ibkr.errors import OrderNotReached, UsageError
from pytest_ibkr.net.live_clock import LiveClock
from pytest_ibkr.net.live_mirror import Mirror
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.net.watch import JournalWatch
from pytest_ibkr.session import order_story
from pytest_ibkr.session.assertions import Expected
from pytest_ibkr.session.timeline import folded, serial_of
from pytest_ibkr.sim.journal import Entry
from pytest_ibkr.sim.order_state import DONE, Status
from pytest_ibkr.snapshot.redact import mask_accounts
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.session import ErrorNotice

_MOST: Final = 2**31 - 1
_LINES: Final = 40
_SENT: Final = sorted(status.value for status in Status if status is not Status.PENDING_SUBMIT)


class LiveOrders:
    """Looks at orders as their clients are told of them.

    Args:
        mirror: of the session.
        clients: client id by connection.
    """

    def __init__(self, mirror: Mirror, clients: Mapping[int, int], clock: LiveClock) -> None:
        self._mirror, self._clients, self._clock = mirror, clients, clock
        self._watch = JournalWatch(cast(GatewayServer, mirror), mirror.journal)

    def expected(
        self, order_id: int, status: str, *, within_s: float, client_id: int, since: Entry | int
    ) -> Expected:
        """Check what is asked.

        Raises:
            UsageError: no order reaches that status, or a value cannot be.
        """
        if status not in _SENT:
            near = difflib.get_close_matches(str(status), _SENT, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_SENT)}"
            raise UsageError(f"no order reaches {status!r}; {hint}")
        limits.whole("an order id", order_id, -_MOST, _MOST)
        seconds = limits.seconds("within_s", within_s)
        return Expected(client_id, order_id, status, seconds, serial_of(since))

    def reaches(self, expected: Expected) -> Entry:
        """Wait, really, until the client was told; see ``Session.assert_order_reaches``."""
        found = self._watch.wait_for(lambda e: self._ends(e, expected), expected.within_s)
        return self._checked(found, expected)

    async def areaches(self, expected: Expected) -> Entry:
        """Do the same as :meth:`reaches` without blocking the running event loop."""
        found = await self._watch.await_for(lambda e: self._ends(e, expected), expected.within_s)
        return self._checked(found, expected)

    def _ends(self, entry: Entry, expected: Expected) -> bool:
        """Whether an entry is the status expected, or one after which it cannot come."""
        message = entry.message
        if entry.serial <= expected.since or entry.direction != "out":
            return False
        if self._clients.get(entry.connection) != expected.client_id:
            return False
        if isinstance(message, OrderStatus) and message.order_id == expected.order_id:
            return message.status == expected.status or message.status in DONE
        if not isinstance(message, ErrorNotice) or message.request_id != expected.order_id:
            return False
        refused = order_story.refusal_of(self._entries(expected), expected.order_id)
        return refused is not None and refused is message

    def _entries(self, expected: Expected) -> list[Entry]:
        entries = self._mirror.call(lambda: list(self._mirror.journal.entries()))
        return [e for e in entries if self._clients.get(e.connection) == expected.client_id]

    def _checked(self, found: Entry | None, expected: Expected) -> Entry:
        status = getattr(found.message, "status", None) if found is not None else None
        if found is not None and status == expected.status:
            return found
        raise OrderNotReached(mask_accounts(self._text(expected)))

    def _text(self, expected: Expected) -> str:
        entries = self._entries(expected)
        told = order_story.life(entries, expected.order_id)
        named = f"order {expected.order_id} of client {expected.client_id}"
        why = told[-1].split("  ", 1)[-1] if told else order_story.never_known(
            entries, expected.order_id, client_id=expected.client_id, connected=bool(entries)
        )  # fmt: skip
        lines = [
            f"{named} did not reach {expected.status} within {expected.within_s:g} s",
            f"  why:   {why}" if not told else f"  last:  {why}",
        ]
        if told:
            lines += ["  its life:", *(f"    {line}" for line in told)]
        wire = folded(entries)
        if len(wire) > _LINES:
            wire = [f"… {len(wire) - _LINES} earlier lines", *wire[-_LINES:]]
        return "\n".join([*lines, "  on the wire:", *(f"    {line}" for line in wire)])
