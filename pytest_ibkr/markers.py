"""What a test's markers ask of its session. Pure: no pytest, no clock, no files.

A marker that is used wrongly is a ``ValueError`` that says what is accepted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from pytest_ibkr import market_hours
from pytest_ibkr.budget import USAGE as BUDGET_USAGE
from pytest_ibkr.budget import Budget, budget_of
from pytest_ibkr.errors import UsageError
from pytest_ibkr.market_hours import CALENDAR
from pytest_ibkr.settings import parse_time

if TYPE_CHECKING:
    from pytest_ibkr.snapshot.model import Snapshot

HOURS: Final[Mapping[str, tuple[dt.time, dt.time]]] = {
    "rth": (dt.time(9, 30), dt.time(16)),
    "extended": (dt.time(4), dt.time(20)),
}
DEFAULT_START: Final = dt.time(10)
EXTENDED_START: Final = dt.time(8)
CLOSED_START: Final = dt.time(12)
_EVENING: Final = dt.time(22)
_AFTER_OPENING: Final = dt.timedelta(minutes=30)  # where a session of another exchange begins
USAGE: Final[Mapping[str, str]] = {
    "live": "live()",
    "market_hours": "market_hours(session='rth'|'extended', calendar='XNYS', at='HH:MM')",
    "market_closed": "market_closed()",
    "places_orders": "places_orders()",
    "ibkr_snapshot": "ibkr_snapshot('name or path')",
    "ibkr_server_version": "ibkr_server_version(157, 178, …)",
    "ibkr_weather": "ibkr_weather('name', **parameters)",
    "ibkr_budget": BUDGET_USAGE,
}


class MarkLike(Protocol):
    """What is read of a ``pytest.Mark``."""

    @property
    def name(self) -> str: ...
    @property
    def args(self) -> tuple[Any, ...]: ...
    @property
    def kwargs(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What a session must be like.

    Attributes:
        start: exchange time to begin at; None for the run's usual one.
        in_session: begin on a day with a session, between its opening and close.
        extended: of the session with the hours before the opening and after the close.
        calendar: whose session.
        closed: begin while the market is closed.
        snapshot: the market's name or path; None for the run's.
        server_versions: the gateway's, one test each; empty for the run's.
        weather: names and parameters, in the order they come into force; the closest of a name.
        budget: the most of a gateway's limits that the test may use; None: no such marker.
    """

    start: dt.time | None = None
    in_session: bool = False
    extended: bool = False
    calendar: str = CALENDAR
    closed: bool = False
    snapshot: str | None = None
    server_versions: tuple[int, ...] = ()
    weather: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    budget: Budget | None = None


def plan_of(marks: Iterable[MarkLike]) -> Plan:
    """Read the markers of one test, closest first; the closest of a name counts.

    Raises:
        ValueError: a marker has wrong arguments, or two contradict each other.
    """
    closest: dict[str, MarkLike] = {}
    weather: dict[str, Mapping[str, Any]] = {}
    for mark in marks:
        if mark.name == "ibkr_weather":
            weather.setdefault(_named(mark), mark.kwargs)
        elif mark.name in USAGE:
            closest.setdefault(mark.name, mark)
    for name in ("live", "market_closed", "places_orders"):
        if name in closest:
            _arguments(closest[name], ())
    if "market_hours" in closest and "market_closed" in closest:
        raise ValueError("market_hours and market_closed on one test: the market is one of them")
    hours, limits = closest.get("market_hours"), closest.get("ibkr_budget")
    return Plan(
        start=None if hours is None else _hours(hours),
        in_session=hours is not None,
        extended=hours is not None and hours.kwargs.get("session") == "extended",
        calendar=CALENDAR if hours is None else _calendar(hours),
        closed="market_closed" in closest,
        snapshot=_snapshot(closest["ibkr_snapshot"]) if "ibkr_snapshot" in closest else None,
        server_versions=_versions(closest.get("ibkr_server_version")),
        weather=tuple(reversed(weather.items())),
        budget=None if limits is None else budget_of(limits.args, limits.kwargs),
    )


def without_effect(marks: Iterable[MarkLike], names: Collection[str]) -> str | None:
    """Why a marker changes nothing for a test with these fixtures; None when each does.

    ``market_hours`` without ``at=`` and ``market_closed`` are accepted everywhere: tests of the
    shared live gateway skip by them, and they may select tests.
    """
    given = {mark.name: mark for mark in reversed(list(marks))}
    on_live = "live_gateway" in names
    own = "ibkr" in names or "ibkr_gateway_factory" in names
    own = own or ("ibkr_clock" in names and not on_live)
    for name in ("ibkr_server_version", "ibkr_snapshot"):
        if name in given and not own and (on_live or name not in names):
            return _no_effect(f"marker {name}", on_live=on_live)
    if "ibkr_weather" in given and not ("ibkr" in names or ("ibkr_clock" in names and not on_live)):
        return _no_effect("marker ibkr_weather", on_live=on_live)
    if "ibkr_budget" in given and "ibkr" not in names:
        return _no_effect("marker ibkr_budget", on_live=on_live)
    hours = given.get("market_hours")
    if hours is not None and hours.kwargs.get("at") is not None and not own:
        return _no_effect("at= of marker market_hours", on_live=on_live)
    return None


def _no_effect(what: str, *, on_live: bool) -> str:
    if on_live:
        return f"{what} has no effect on a test of the live gateway, which all such tests share"
    return f"{what} has no effect on a test that does not use ibkr"


def start_of(plan: Plan, snapshot: Snapshot, *, usual: dt.time) -> dt.datetime:
    """The first moment of a session, aware, exchange time.

    Raises:
        ValueError: the market of this snapshot is not open at the time asked for.
    """
    captured = snapshot.captured_at
    day = captured.date()
    if plan.closed:
        shut = (
            one.date for one in snapshot.sessions if one.open is None and one.date > f"{day:%Y%m%d}"
        )
        date = next(shut, None)
        if date is None:  # the table ends before: the evening of the captured day is closed too
            return dt.datetime.combine(day, _EVENING, captured.tzinfo)
        closed_day = dt.datetime.strptime(date, "%Y%m%d").date()  # noqa: DTZ007  # a date only
        return dt.datetime.combine(closed_day, CLOSED_START, captured.tzinfo)
    if not plan.in_session:
        return dt.datetime.combine(day, usual, captured.tzinfo)
    if plan.calendar != CALENDAR:
        return _in_other_session(plan, captured)
    first, last = HOURS["rth"]
    return _in_session(snapshot, plan.start or (usual if first <= usual < last else DEFAULT_START))


def skip_reason(plan: Plan, snapshot: Snapshot | None, *, now: dt.datetime) -> str | None:
    """Why a test cannot meet a gateway whose clock nobody sets; None when it can.

    Args:
        plan: what the test's markers ask.
        snapshot: its session table says when the simulated market is open; None for a real
            gateway, where the exchange's calendar does.
        now: aware, on the gateway's clock.

    Raises:
        UsageError: the calendar is needed, and its extra is not installed.
    """
    if not plan.in_session and not plan.closed:
        return None
    closes, opening = _closing_and_opening(plan, snapshot, now)
    zone = (closes or opening or now).tzinfo
    here = now.astimezone(zone)
    which = "" if plan.calendar == CALENDAR else f" of {plan.calendar}"
    if plan.in_session and closes is None:
        then = "" if opening is None else f"; it opens {opening:%A %Y-%m-%d %H:%M %Z}"
        return f"the market{which} is closed ({here:%A %Y-%m-%d %H:%M %Z}){then}"
    if plan.closed and closes is not None:
        return f"the market is open ({here:%H:%M %Z}); it closes {closes:%H:%M %Z}"
    return None


def _closing_and_opening(
    plan: Plan, snapshot: Snapshot | None, now: dt.datetime
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """When the running session ends (None: none runs), and when the next one begins."""
    if snapshot is None or plan.calendar != CALENDAR:
        which: dict[str, Any] = {"calendar": plan.calendar, "extended": plan.extended}
        running = market_hours.session_at(now, **which)
        closes = None if running is None else running.closes
        return closes, market_hours.next_opening(now, **which)
    sessions = [
        _open_hours(one.open, one.close, extended=plan.extended)
        for one in snapshot.sessions
        if one.open is not None and one.close is not None
    ]
    return (
        next((closes for opens, closes in sessions if opens <= now < closes), None),
        next((opens for opens, _ in sessions if opens > now), None),
    )


def _open_hours(
    opens: dt.datetime, closes: dt.datetime, *, extended: bool
) -> tuple[dt.datetime, dt.datetime]:
    if not extended:
        return opens, closes
    first, last = HOURS["extended"]
    # After a half day the extended session ends as much earlier as the regular one does.
    early = dt.datetime.combine(closes.date(), HOURS["rth"][1], closes.tzinfo) - closes
    evening = dt.datetime.combine(closes.date(), last, closes.tzinfo)
    return dt.datetime.combine(opens.date(), first, opens.tzinfo), evening - early


def _in_session(snapshot: Snapshot, start: dt.time) -> dt.datetime:
    """``start`` on the last day with a session, up to the captured one."""
    until = f"{snapshot.captured_at:%Y%m%d}"
    days = [one for one in snapshot.sessions if one.open is not None and one.date <= until]
    if not days or days[-1].open is None or days[-1].close is None:
        raise ValueError(f"{snapshot.name} has no session up to {until}")
    opens, closes = days[-1].open, days[-1].close
    moment = dt.datetime.combine(opens.date(), start, opens.tzinfo)
    first, last = HOURS["extended"]
    outside = not first <= start < last
    short_day = closes.time() < HOURS["rth"][1] and moment >= closes
    if outside or (short_day and HOURS["rth"][0] <= start < HOURS["rth"][1]):
        raise ValueError(
            f"{start:%H:%M} is outside the session of {days[-1].date}:"
            f" {opens:%H:%M} to {closes:%H:%M} ({snapshot.name})"
        )
    return moment


def _in_other_session(plan: Plan, captured: dt.datetime) -> dt.datetime:
    """``plan.start``, or soon after the opening, on another exchange's last trading day."""
    for days in range(14):
        day = captured.date() - dt.timedelta(days=days)
        sessions = market_hours.sessions_on(day, calendar=plan.calendar)
        if not sessions:
            continue
        opens = sessions[0].opens
        moment = opens + _AFTER_OPENING
        if plan.start is not None:
            moment = dt.datetime.combine(day, plan.start, opens.tzinfo)
        if any(one.opens <= moment < one.closes for one in sessions):
            return moment
        hours = " and ".join(f"{one.opens:%H:%M} to {one.closes:%H:%M}" for one in sessions)
        raise ValueError(f"{moment:%H:%M} is outside the session of {plan.calendar}: {hours}")
    raise ValueError(f"{plan.calendar} has no session in the two weeks up to {captured:%Y-%m-%d}")


def _arguments(mark: MarkLike, names: tuple[str, ...]) -> dict[str, Any]:
    """Keyword arguments of a marker, the accepted ones only."""
    wrong = [repr(arg) for arg in mark.args] + [
        f"{key}={value!r}" for key, value in mark.kwargs.items() if key not in names
    ]
    if wrong:
        raise ValueError(f"marker {mark.name} got {', '.join(wrong)}; accepted: {USAGE[mark.name]}")
    return dict(mark.kwargs)


def _hours(mark: MarkLike) -> dt.time | None:
    given = _arguments(mark, ("session", "calendar", "at"))
    session = given.get("session", "rth")
    if session not in HOURS:
        raise ValueError(
            f"marker market_hours got session={session!r}; accepted: {USAGE['market_hours']}"
        )
    of_new_york = _calendar(mark) == CALENDAR
    if given.get("at") is None:
        return EXTENDED_START if session == "extended" else None
    try:
        at = parse_time(given["at"])
    except ValueError as exc:
        raise ValueError(f"marker market_hours: {exc}") from None
    first, last = HOURS[session]
    if of_new_york and not first <= at < last:
        raise ValueError(
            f"marker market_hours: at={given['at']!r} is outside session={session!r},"
            f" {first:%H:%M} up to {last:%H:%M} exchange time"
        )
    return at


def _calendar(mark: MarkLike) -> str:
    """The calendar of a marker, checked; New York's other names are its own."""
    name = mark.kwargs.get("calendar", CALENDAR)
    try:
        if not isinstance(name, str):
            raise ValueError(f"calendar={name!r} is no name")
        market_hours.check_calendar(name, extended=mark.kwargs.get("session") == "extended")
    except (ValueError, UsageError) as exc:
        accepted = f"accepted: {USAGE['market_hours']}"
        raise ValueError(f"marker market_hours: {exc}; {accepted}") from None
    return CALENDAR if name in market_hours.NEW_YORK_NAMES else name


def _named(mark: MarkLike) -> str:
    if len(mark.args) != 1 or not isinstance(mark.args[0], str) or not mark.args[0]:
        got = ", ".join([*map(repr, mark.args), *mark.kwargs]) or "nothing"
        raise ValueError(f"marker ibkr_weather got {got}; accepted: {USAGE['ibkr_weather']}")
    return mark.args[0]


def _snapshot(mark: MarkLike) -> str:
    if len(mark.args) != 1 or mark.kwargs or not isinstance(mark.args[0], str) or not mark.args[0]:
        got = ", ".join([*map(repr, mark.args), *mark.kwargs]) or "nothing"
        raise ValueError(f"marker ibkr_snapshot got {got}; accepted: {USAGE['ibkr_snapshot']}")
    return mark.args[0]


def _versions(mark: MarkLike | None) -> tuple[int, ...]:
    if mark is None:
        return ()
    whole = all(isinstance(arg, int) and not isinstance(arg, bool) for arg in mark.args)
    if not mark.args or mark.kwargs or not whole or len(set(mark.args)) != len(mark.args):
        got = ", ".join([*map(repr, mark.args), *mark.kwargs]) or "nothing"
        accepted = f"{USAGE['ibkr_server_version']}, whole numbers, each once"
        raise ValueError(f"marker ibkr_server_version got {got}; accepted: {accepted}")
    return mark.args
