"""``pytest-ibkr serve``: one gateway in this process until a signal stops it."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pytest_ibkr.cli.told import settings_of

if TYPE_CHECKING:
    from pytest_ibkr.gateway import Gateway
    from pytest_ibkr.session.session import Session
    from pytest_ibkr.session.weather import ArmedWeather
    from pytest_ibkr.settings import Settings
    from pytest_ibkr.snapshot.model import Snapshot

_JOURNAL_MOST: Final = 100_000  # entries beside ticks; a server may run for days
_WAKE_S: Final = 0.5  # Windows delivers Ctrl-C only between waits

logger = logging.getLogger("pytest_ibkr")


def serve(options: argparse.Namespace, stop: threading.Event) -> int:
    """Serve until ``stop`` is set; return the exit code."""
    from pytest_ibkr.gateway import open_gateway
    from pytest_ibkr.snapshot_choice import chosen
    from pytest_ibkr.wire.versions import NEWEST

    settings = settings_of(options)
    level = logging.CRITICAL if options.json else logging.INFO
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(message)s")
    snapshot = chosen(settings).snapshot
    gateway = open_gateway(
        snapshot,
        account=options.account,
        server_version=options.server_version or settings.server_version or NEWEST,
        port=options.port,
        seed=options.seed,
        jumps=False,  # the clocks of other processes cannot follow a jump
        speed=options.speed,
        journal_most=_JOURNAL_MOST,
    )
    if not stop.is_set():
        with gateway:
            _serve_until(stop, gateway, _start(options, settings, snapshot), options)
    logger.info("stopped")
    return 0


def _serve_until(
    stop: threading.Event, gateway: Gateway, start: datetime, options: argparse.Namespace
) -> None:
    session = gateway.new_session("serve", start_at=start, wall_clock=False)
    if options.recording is not None:
        session.replay(options.recording)
    for name in options.add:
        for each in session.contracts.add(name):
            logger.info("listed %s, synthetic: %s", each.local_symbol, each.source)
    weather = [session.weather.arm(each) for each in options.weather]
    print(json.dumps(_facts(gateway)), flush=True)
    logger.info("serving %s on %s:%d", _market(gateway), gateway.host, gateway.port)
    said = _Said(was_open=True, date=session.engine.rollover.date)
    while not stop.wait(_WAKE_S):
        said = _say_days(session, said) if gateway.days else _say_when_over(session, said)
    _say_weather(session, weather)


def _say_weather(session: Session, armed: Sequence[ArmedWeather]) -> None:
    """Log what nobody met, and what was; a server is no test, and does not fail."""
    session.weather.waive()
    for each in armed:
        met = f"met {each.fired} times" if each.fired else f"not met: it is met by {each.met_by}"
        logger.info("weather %s: %s", each.what, met)


class _Said(NamedTuple):
    """What was logged last: whether the market is open, and the market's day."""

    was_open: bool
    date: str


def _say_when_over(session: Session, said: _Said) -> _Said:
    """Log once that the replayed session has closed."""
    is_open = session.engine.market.is_open(session.clock.epoch_s())
    if said.was_open and not is_open:
        logger.warning("the replayed market is closed now; start serve again for an open one")
    return said._replace(was_open=is_open)


def _say_days(session: Session, said: _Said) -> _Said:
    """Log each new day of the market with its provenance, and once that the last one is over."""
    rollover, now_s = session.engine.rollover, session.clock.epoch_s()
    date, days = rollover.date, rollover.days
    if date != said.date and days is not None:
        logger.info("new trading day %s: %s", date, days.provenance(date))
    goes_on = not rollover.is_over(now_s)
    if said.was_open and not goes_on:
        logger.warning(
            "the market's days are over: %s was the last; start serve again for more", date
        )
    return _Said(goes_on, date)


def _market(gateway: Gateway) -> str:
    if gateway.days is None:
        return gateway.snapshot.name
    dates = gateway.days.dates
    return f"{gateway.days.directory.name}, {len(dates)} days {dates[0]} to {dates[-1]},"


def _start(options: argparse.Namespace, settings: Settings, snapshot: Snapshot) -> datetime:
    from pytest_ibkr.markers import Plan, start_of

    if options.clock == "wall":
        return datetime.now(UTC)
    return start_of(Plan(in_session=True), snapshot, usual=settings.clock_start)


def _facts(gateway: Gateway) -> dict[str, Any]:
    days = {} if gateway.days is None else {"days": list(gateway.days.dates)}
    return {
        "host": gateway.host,
        "port": gateway.port,
        "account": gateway.account,
        "server_version": gateway.newest_version,
        "snapshot": gateway.snapshot.name,
        "pid": os.getpid(),
        **days,
    }
