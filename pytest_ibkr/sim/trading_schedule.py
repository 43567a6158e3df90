"""The trading schedule (reqHistoricalData SCHEDULE, message 106) from the session table.

Times are in the instrument's zone although written with a dash (gateway-behaviour.md 2.5, a
capture). Imports the engine for types only.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.calendar import EXCHANGE_ZONE, Session
from pytest_ibkr.sim.history_bars import BarSource
from pytest_ibkr.sim.history_request import WHAT, Asked
from pytest_ibkr.sim.hmds import no_data
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.times import zone_named
from pytest_ibkr.wire.messages.history_queries import HistoricalSchedule, ScheduledSession
from pytest_ibkr.wire.versions import SCHEDULES

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.history_query import Query

_EARLY_OPEN_H: Final = 4  # the extended session of stocks begins at 04:00 exchange time
_LATE_CLOSE_S: Final = 4 * 3600  # and ends four hours after the close


def answer(query: Query) -> None:
    """Send message 106, or 162 where there is none and to clients before it existed."""
    client, request = query.client, query.request
    found = None
    if client.version >= SCHEDULES:
        found = schedule(
            *(query.engine, query.instrument, query.asked),
            request_id=request.request_id,
            use_rth=request.use_rth,
        )
    if found is None:
        refusal = no_data(query.instrument, request.contract, WHAT["SCHEDULE"])
        client.refuse(request.request_id, refusal)
    else:
        client.send(found)


def schedule(
    engine: Engine, instrument: Instrument, asked: Asked, *, request_id: int, use_rth: bool
) -> HistoricalSchedule | None:
    """The sessions of a window; None: the snapshot's table has none of them.

    Args:
        engine: whose calendar and time count.
        instrument: its zone is the schedule's; only stocks have an extended session.
        asked: the window, from ``history_request.read``; ``end_s`` None means now.
        request_id: the request's.
        use_rth: regular sessions only.
    """
    start_s, end_s = BarSource(
        engine.world, instrument, known_s=engine.now_s, market=engine.market
    ).window(asked)
    found = [
        _session(each, instrument, use_rth=use_rth or instrument.sec_type != "STK")
        for each in engine.world.calendar.sessions
        if each.close_s > start_s and each.day_start_s <= end_s
    ]
    if not found:
        return None
    return HistoricalSchedule(
        request_id=request_id,
        start=found[0].start,
        end=found[-1].end,
        zone=instrument.time_zone,
        sessions=tuple(found),
    )


def _session(session: Session, instrument: Instrument, *, use_rth: bool) -> ScheduledSession:
    zone = zone_named(instrument.time_zone)
    open_s, close_s = session.open_s, session.close_s
    if not use_rth:
        opening = datetime.fromtimestamp(open_s, EXCHANGE_ZONE)
        open_s = opening.replace(hour=_EARLY_OPEN_H, minute=0).timestamp()
        close_s += _LATE_CLOSE_S
    return ScheduledSession(
        start=f"{datetime.fromtimestamp(open_s, zone):%Y%m%d-%H:%M:%S}",
        end=f"{datetime.fromtimestamp(close_s, zone):%Y%m%d-%H:%M:%S}",
        date=session.date,
    )
