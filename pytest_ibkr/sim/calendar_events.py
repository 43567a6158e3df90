"""Wall Street Horizon events: refused without their subscription, else served as scripted.

The default is an account without the subscription: 10276. With ``calendar_events="served"`` a
gateway's order of things holds: metadata first, one request of a kind and client at a time, each
until it is cancelled. Events are synthetic: those that :meth:`CalendarEventDesk.write` was given.
The account has no watchlist and no competitors are known, so those flags of a request add nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.gates import since
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.wsh import (
    CancelWshEventData,
    CancelWshMetaData,
    ReqWshEventData,
    ReqWshMetaData,
    WshEventData,
    WshMetaData,
)
from pytest_ibkr.wire.versions import WSH_CALENDAR

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

_NO_EVENTS: Final = "Fail request WSH event data."


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One corporate event. ``kind`` is its tag (``wshe_ed``), ``date`` ``YYYYMMDD``."""

    con_id: int
    kind: str
    date: str
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Asked:
    """What a client has open, by request id, and whether it has met the metadata."""

    metadata: int | None = None
    events: int | None = None
    informed: bool = False


class CalendarEventDesk:
    """Answers 100 to 103."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._events: list[CalendarEvent] = []
        self._asked: dict[Client, _Asked] = {}

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {
            ReqWshMetaData: since(WSH_CALENDAR, self.metadata),
            CancelWshMetaData: since(WSH_CALENDAR, self.cancel_metadata),
            ReqWshEventData: since(WSH_CALENDAR, self.events),
            CancelWshEventData: since(WSH_CALENDAR, self.cancel_events),
        }

    def client_gone(self, client: Client) -> None:
        """Forget a connection."""
        self._asked.pop(client, None)

    def write(self, *events: CalendarEvent) -> None:
        """Put events into the calendar; requests made from now on see them."""
        self._events += events

    def metadata(self, client: Client, message: ReqWshMetaData) -> None:
        """Answer 104: the kinds of event there are.

        Raises:
            Refusal: 10276 without the subscription, 10278 while another request is open.
        """
        asked = self._admit(client)
        if asked.metadata is not None:
            raise Refusal(10278, "Duplicate WSH metadata request.")
        asked.metadata = message.request_id

        def answer() -> None:
            if asked.metadata == message.request_id:
                asked.informed = True
                text = self._metadata_text()
                client.send(WshMetaData(request_id=message.request_id, json_text=text))

        self._engine.owe(client, self._engine.conditions.latency.query_s, answer)

    def cancel_metadata(self, client: Client, message: CancelWshMetaData) -> None:
        """End the request, silently.

        Raises:
            Refusal: 10280 when it is not open.
        """
        asked = self._asked.get(client)
        if asked is None or asked.metadata != message.request_id:
            raise Refusal(10280, "Failed cancel WSH metadata.")
        asked.metadata = None

    def events(self, client: Client, message: ReqWshEventData) -> None:
        """Answer 105: the events asked for, by date.

        Raises:
            Refusal: 10276 without the subscription, 10282 before metadata was answered, 10281
                while another request is open, 10283 when it names neither contract nor filter
                or its filter cannot be read.
        """
        asked = self._admit(client)
        if not asked.informed:
            raise Refusal(10282, "WSH metadata not requested.")
        if asked.events is not None:
            raise Refusal(10281, "Duplicate WSH event data request.")
        text = json.dumps([_told(event) for event in self._found(message)])
        asked.events = message.request_id

        def answer() -> None:
            if asked.events == message.request_id:
                client.send(WshEventData(request_id=message.request_id, json_text=text))

        self._engine.owe(client, self._engine.conditions.latency.query_s, answer)

    def cancel_events(self, client: Client, message: CancelWshEventData) -> None:
        """End the request, silently.

        Raises:
            Refusal: 10284 when it is not open.
        """
        asked = self._asked.get(client)
        if asked is None or asked.events != message.request_id:
            raise Refusal(10284, "Fail cancel WSH event data.")
        asked.events = None

    def _admit(self, client: Client) -> _Asked:
        if self._engine.conditions.calendar_events == "refused":
            raise Refusal(10276, "News feed is not allowed.")
        return self._asked.setdefault(client, _Asked())

    def _metadata_text(self) -> str:
        kinds = sorted({event.kind for event in self._events})
        return json.dumps({"meta_data": {"event_types": [{"tag": kind} for kind in kinds]}})

    def _found(self, message: ReqWshEventData) -> list[CalendarEvent]:
        """Events a request means, by date; at most as many as it allows."""
        wanted, most = _read_filter(message), message.total_limit
        if most is not None and most < 0:
            raise Refusal(10283, _NO_EVENTS)
        con_ids = set(wanted.con_ids)
        if message.fill_portfolio:
            con_ids |= self._engine.accounts.quantities().keys()
        first, last = message.start_date or "0", message.end_date or "9"
        found = [
            event
            for event in self._events
            if event.con_id in con_ids
            and (not wanted.kinds or event.kind in wanted.kinds)
            and first <= event.date <= last
        ]
        found.sort(key=lambda event: event.date)
        return found[:most]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Contracts and kinds of event a request names; no kinds: all of them."""

    con_ids: frozenset[int]
    kinds: frozenset[str]


def _read_filter(message: ReqWshEventData) -> _Wanted:
    """A contract, a filter (``{"watchlist": ["756733"], "wshe_ed": "true"}``), or both."""
    named = message.con_id is not None or message.fill_portfolio or message.fill_watchlist
    text = message.filter_json or ("{}" if named else "")
    try:
        read = json.loads(text)
        watched = frozenset(int(con_id) for con_id in read.pop("watchlist", ()))
        kinds = frozenset(name for name, value in read.items() if value in ("true", True))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        raise Refusal(10283, _NO_EVENTS) from None
    own = () if message.con_id is None else (message.con_id,)
    return _Wanted(watched.union(own), kinds)


def _told(event: CalendarEvent) -> dict[str, object]:
    return {
        "event_type": event.kind,
        "index_date": event.date,
        "conids": [str(event.con_id)],
        "data": dict(event.data),
    }
