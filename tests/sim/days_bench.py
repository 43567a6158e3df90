"""Markets of many days without sockets: a small one made up for a test, and the committed one."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from pytest_ibkr.sim import pricing
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.instrument_pool import InstrumentPool
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.market_days import MarketDays
from pytest_ibkr.sim.rollover import Days
from pytest_ibkr.sim.world import World
from pytest_ibkr.snapshot.compose import Quote
from pytest_ibkr.snapshot.con_ids import OptionKey, option_con_id
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.snapshot.rows import Bar, OptionRow, TradingSession
from tests.sim.data_bench import Peer, peer
from tests.snapshot import samples

EASTERN = ZoneInfo("America/New_York")
SUMMER = Path(__file__).parents[2] / "fixtures/ibkr_snapshots/days_summer_2026"
THURSDAY, FRIDAY, MONDAY, TUESDAY = "20260205", "20260206", "20260209", "20260210"
_VOL, _HALF_SPREAD = 0.30, 0.02
Listed = tuple[str, float, str]  # expiry, strike, right


def moment(date: str, hour: int, minute: int = 0, second: float = 0.0) -> float:
    """Epoch seconds of an exchange time."""
    day = datetime.strptime(date, "%Y%m%d").replace(tzinfo=EASTERN)
    return day.replace(hour=hour, minute=minute).timestamp() + second


class SmallDays:
    """Days of one stock ABC that stands still all day: a day's price is the whole day's.

    Args:
        prices: by date, dollars; only these days have a market.
        listed: options by date; every one is quoted with a spread of 0.04.
        sec_type: ``IND``: an index, whose options settle in cash.
    """

    def __init__(
        self,
        prices: Mapping[str, float],
        listed: Mapping[str, Sequence[Listed]],
        *,
        sec_type: str = "STK",
    ) -> None:
        self.dates = tuple(sorted(prices))
        self._prices, self._listed, self._sec_type = prices, listed, sec_type
        self._pool = InstrumentPool()
        self._worlds: dict[str, World] = {}

    def world(self, date: str) -> World:
        if date not in self._worlds:
            made = World(self._snapshot(date), pool=self._pool, dates=self.dates)
            self._worlds[date] = made
        return self._worlds[date]

    def provenance(self, date: str) -> str:
        return "synthetic: stands still" if date in self.dates else ""

    def after(self, date: str) -> str | None:
        return next((each for each in self.dates if each > date), None)

    def _snapshot(self, date: str) -> Snapshot:
        price = self._prices[date]
        before = [each for each in self.dates if each < date]
        parts = samples.symbol(
            bars=0,
            price=price,
            chain=[self._row(date, each) for each in self._listed.get(date, ())],
            sec_type=self._sec_type,
        )
        quote = Quote(
            price=price,
            price_source="last",
            bid=price - 0.01,
            ask=price + 0.01,
            bid_size=500,
            ask_size=500,
            last=price,
            close=self._prices[before[-1]] if before else None,
        )
        bars = {"5 mins": [bar for each in (*before, date) for bar in self._bars(each)]}
        return samples.small(
            dataclasses.replace(parts, quote=quote, bars=bars),
            captured_at=datetime.fromtimestamp(moment(date, 16), EASTERN),
            sessions=_sessions(self.dates[0]),
        )

    def _bars(self, date: str) -> list[Bar]:
        price, opens = self._prices[date], datetime.fromtimestamp(moment(date, 9, 30), EASTERN)
        starts = [opens + timedelta(minutes=5 * number) for number in range(78)]
        return [Bar(at, price, price, price, price, 1000, price, 10) for at in starts]

    def _row(self, date: str, listed: Listed) -> OptionRow:
        expiry, strike, right = listed
        years = (moment(expiry, 16) - moment(date, 16)) / pricing.YEAR_S
        mid = pricing.price(self._prices[date], strike, years, vol=_VOL, right=right, discount=1.0)
        mid = max(_HALF_SPREAD, round(mid, 2))
        key = OptionKey("ABC", expiry, right, strike, "ABC")
        return samples.option(
            strike,
            con_id=option_con_id(key),
            expiry=expiry,
            right=right,
            bid=round(mid - _HALF_SPREAD, 2),
            ask=round(mid + _HALF_SPREAD, 2),
            implied_vol=None,
            volume=100,
        )


def _sessions(first: str) -> list[TradingSession]:
    """Weekdays around a date, all of them trading days."""
    day = datetime.strptime(first, "%Y%m%d").replace(tzinfo=EASTERN) - timedelta(days=7)
    found = []
    for number in range(30):
        here = day + timedelta(days=number)
        date = f"{here:%Y%m%d}"
        hours = [datetime.fromtimestamp(moment(date, *at), EASTERN) for at in ((9, 30), (16, 0))]
        opened, closed = hours if here.weekday() < 5 else (None, None)
        found.append(TradingSession(date, opened, closed))
    return found


@lru_cache
def summer() -> MarketDays:
    """The committed market of eight weeks, shared by all tests of a process."""
    return MarketDays(SUMMER)


def on(days: Days, date: str, hour: int = 10, minute: int = 0, *, version: int = 200) -> Peer:
    """A client of a new engine that begins on one of the days."""
    start_s = moment(date, hour, minute)
    return peer(engine=Engine(days.world(date), start_s=start_s, days=days), version=version)


def until(client: Peer, date: str, hour: int, minute: int = 0) -> list[object]:
    """Let time pass until an exchange time; what came."""
    return list(client.wait(moment(date, hour, minute) - client.engine.now_s))


def listed(days: Days, date: str, option: Listed) -> Instrument:
    """An option of a day's market."""
    expiry, strike, right = option
    chain = days.world(date).book.chain("ABC")
    [found] = [x for x in chain if (x.expiry, x.strike, x.right) == (expiry, strike, right)]
    return found


def abc(days: Days, date: str) -> Instrument:
    """The stock or index ABC."""
    found = days.world(date).book.by_symbol("ABC")
    assert found is not None
    return found
