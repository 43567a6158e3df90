"""The exchange's sessions around a day, computed when a snapshot is made.

Needs the extra ``calendar``; imported where used, because it brings pandas. A snapshot
carries the result, so reading one needs no calendar.
"""

from __future__ import annotations

import warnings
from datetime import date, timedelta
from importlib import import_module
from importlib.metadata import version

from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot.model import EXCHANGE_ZONE
from pytest_ibkr.snapshot.rows import Provenance, TradingSession

CALENDAR = "XNYS"


def sessions_around(day: date, *, days: int = 60) -> list[TradingSession]:
    """Every calendar day from ``days`` before ``day`` to ``days`` after it.

    Raises:
        UsageError: the extra is not installed.
    """
    try:
        calendars = import_module("exchange_calendars")
    except ImportError as exc:
        raise UsageError(
            "the exchange calendar is needed to make a snapshot, and is not installed\n"
            "  fix: pip install 'pytest-ibkr[calendar]'"
        ) from exc
    first, last = day - timedelta(days=days), day + timedelta(days=days)
    with warnings.catch_warnings():  # of pandas about exchange_calendars: nothing to do with us
        warnings.simplefilter("ignore")
        calendar = calendars.get_calendar(CALENDAR, start=first.isoformat(), end=last.isoformat())
    hours = {
        session.date(): (
            opens.to_pydatetime().astimezone(EXCHANGE_ZONE),
            closes.to_pydatetime().astimezone(EXCHANGE_ZONE),
        )
        for session, opens, closes in zip(
            calendar.sessions, calendar.opens, calendar.closes, strict=True
        )
    }
    every = [first + timedelta(days=number) for number in range(2 * days + 1)]
    return [TradingSession(f"{d:%Y%m%d}", *hours.get(d, (None, None))) for d in every]


def provenance() -> Provenance:
    """Which calendar, and of which release."""
    release = version("exchange_calendars")
    return Provenance("imported", f"exchange_calendars {release}, calendar {CALENDAR}")
