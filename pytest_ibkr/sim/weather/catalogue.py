"""Every weather by name, and the check of what a test's author asks of one."""

from __future__ import annotations

from typing import Final

from pytest_ibkr.sim.weather.answers import ClockDrift, Pacing, SlowGateway
from pytest_ibkr.sim.weather.base import Weather
from pytest_ibkr.sim.weather.executed import CancelRace, FillBeforeStatus, PartialFills
from pytest_ibkr.sim.weather.farms import FarmFlap, HmdsIdle
from pytest_ibkr.sim.weather.links import DataKept1102, DataLost1101, Lost1100, NightlyReset
from pytest_ibkr.sim.weather.quotes import (
    Crossed,
    FrozenFeed,
    LateGreeks,
    NeverGreeks,
    OneSided,
)
from pytest_ibkr.sim.weather.restarts import (
    HalfOpen,
    NightlyRestart,
    StaleClientId,
    WeeklyLogout,
)
from pytest_ibkr.sim.weather.rights import CompetingSession, DelayedData, NoEntitlement
from pytest_ibkr.sim.weather.trading import (
    DuplicateCallbacks,
    ExternalTrades,
    MarginReject,
    PriceBandCancel,
    TickReject,
)
from pytest_ibkr.sim.weather.transport import Garbage, MergedFrames, TornFrames

WEATHERS: Final[dict[str, type[Weather]]] = {
    kind.NAME: kind
    for kind in (
        *(NightlyRestart, NightlyReset, WeeklyLogout, StaleClientId, HalfOpen),
        *(Lost1100, DataLost1101, DataKept1102, FarmFlap, HmdsIdle),
        *(SlowGateway, Pacing, ClockDrift, TornFrames, MergedFrames, Garbage),
        *(CompetingSession, NoEntitlement, DelayedData, FrozenFeed, OneSided, Crossed),
        *(LateGreeks, NeverGreeks),
        *(MarginReject, TickReject, PriceBandCancel, PartialFills, FillBeforeStatus),
        *(CancelRace, DuplicateCallbacks, ExternalTrades),
    )
}
