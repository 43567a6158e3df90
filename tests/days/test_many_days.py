"""Clients over many days of the committed market: what they see, and how fast eight weeks pass."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ib_async import IB, Contract, LimitOrder, MarketOrder, Option, Stock

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.session.session import Session
from tests.meta import proof
from tests.sim.days_bench import moment, summer

EASTERN = ZoneInfo("America/New_York")
SYMBOLS = ("SPY", "QQQ", "IWM")
MINUTES_5 = 300.0
LIMIT_S = 300.0
CODE = [
    "pytest_ibkr/sim",
    "pytest_ibkr/net/driver.py",
    "pytest_ibkr/net/server.py",
    "fixtures/ibkr_snapshots/days_summer_2026",
]


def on_a_loop(test: Callable[[Gateway], Coroutine[Any, Any, None]]) -> Callable[[Gateway], None]:
    """Run a test written as a coroutine."""

    @functools.wraps(test)
    def run(gateway: Gateway) -> None:
        asyncio.run(test(gateway))

    return run


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with Gateway(summer()) as made:
        yield made


def begun(gateway: Gateway, date: str, hour: int, minute: int = 0) -> Session:
    start = datetime.fromtimestamp(moment(date, hour, minute), EASTERN)
    return gateway.new_session("days", start_at=start, wall_clock=False)


@contextlib.asynccontextmanager
async def connected(session: Session) -> AsyncIterator[IB]:
    """A connected client; its socket is closed when the block ends."""
    ib = IB()
    ib.client.MaxRequests = 0  # its own pace is one of real seconds, and a day takes one or two
    await ib.connectAsync(session.host, session.port, clientId=session.client_id, timeout=10)
    try:
        yield ib
    finally:
        ib.disconnect()
        while ib.client.isConnected() or len(session.engine.clients):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)  # the loop closes the socket in a turn of its own


async def until(session: Session, date: str, hour: int, minute: int = 0) -> None:
    await session.clock.asleep(moment(date, hour, minute) - session.clock.epoch_s())


class Asker:
    """Asks for quotes and bars every virtual five minutes while the market is open."""

    def __init__(self, session: Session, ib: IB) -> None:
        self.session, self.ib = session, ib
        self.contracts: list[Contract] = []
        self.quotes = self.bars = 0
        self.closes: dict[tuple[str, str], set[float]] = {}  # of the day before, by day and symbol

    async def day(self, date: str) -> None:
        """One trading day from its opening to its close."""
        clock, closes_s = self.session.clock, moment(date, 16)
        await until(self.session, date, 9, 31)
        while clock.epoch_s() < closes_s:
            asked_s = clock.epoch_s()
            await self._ask(date)
            await clock.asleep(max(0.0, min(asked_s + MINUTES_5, closes_s) - clock.epoch_s()))

    async def _ask(self, date: str) -> None:
        if not self.contracts:
            wanted = [Stock(symbol, "SMART", "USD") for symbol in SYMBOLS]
            self.contracts = await self.ib.qualifyContractsAsync(*wanted)  # type: ignore[assignment]
        for ticker in await self.ib.reqTickersAsync(*self.contracts):
            assert ticker.bid <= ticker.ask, ticker
            key = date, ticker.contract.symbol  # type: ignore[union-attr]
            self.closes.setdefault(key, set()).add(ticker.close)
            self.quotes += 1
        for contract in self.contracts:
            found = await self.ib.reqHistoricalDataAsync(
                contract,
                endDateTime="",
                durationStr="1800 S",
                barSizeSetting="5 mins",
                whatToShow="TRADES",
                useRTH=True,
                formatDate=2,
            )
            assert found, contract
            assert found[-1].date.timestamp() <= self.session.clock.epoch_s()  # type: ignore[union-attr]
            self.bars += len(found)


async def asked(gateway: Gateway, dates: tuple[str, ...]) -> dict[str, Any]:
    """Let a client ask over some days; what it counted, and how long it took."""
    session = begun(gateway, dates[0], 9, 0)
    async with connected(session) as ib:
        asker = Asker(session, ib)
        began_s = time.perf_counter()
        for date in dates:
            await asker.day(date)
        took_s = time.perf_counter() - began_s
    session.close()
    assert len(asker.closes) == len(SYMBOLS) * len(dates)
    assert all(len(closes) == 1 for closes in asker.closes.values()), asker.closes
    return {
        "days": len(dates),
        "quotes": asker.quotes,
        "bars": asker.bars,
        "wall_s": round(took_s, 1),
        "s_per_day": round(took_s / len(dates), 2),
    }


@pytest.mark.ci
@pytest.mark.timeout(120)
@on_a_loop
async def test_three_days_and_a_weekend_with_a_client_that_asks_every_five_minutes(gateway):
    numbers = await asked(gateway, ("20260716", "20260717", "20260720"))
    assert numbers["quotes"] == 3 * 3 * 78, numbers
    assert numbers["s_per_day"] < LIMIT_S / len(summer().dates) * 3, "three times the measure"


@pytest.mark.proof
@pytest.mark.timeout(900)
@on_a_loop
async def test_eight_weeks_pass_in_less_than_five_minutes(gateway):
    numbers = await asked(gateway, summer().dates)
    assert numbers["quotes"] == len(summer().dates) * 3 * 78, numbers
    assert numbers["wall_s"] < LIMIT_S, numbers
    command = "python -m pytest -m proof tests/days/test_many_days.py"
    proof.record(
        "many-days", command=command, seed=None, numbers={**numbers, "limit_s": LIMIT_S},
        code_paths=CODE,
    )  # fmt: skip


@pytest.mark.ci
@on_a_loop
async def test_orders_and_positions_live_over_the_weekend(gateway):
    session = begun(gateway, "20260717", 15, 55)
    async with connected(session) as ib:
        told: list[tuple[int, int]] = []
        ib.errorEvent += lambda number, code, *_rest: told.append((number, code))
        [spy] = await ib.qualifyContractsAsync(Stock("SPY", "SMART", "USD"))
        bought = ib.placeOrder(spy, MarketOrder("BUY", 100))
        resting = ib.placeOrder(spy, LimitOrder("SELL", 100, 1400.0, tif="GTC"))
        ending = ib.placeOrder(spy, LimitOrder("BUY", 100, 400.0, tif="DAY"))
        await session.clock.asleep(30)
        assert bought.orderStatus.status == "Filled"
        await until(session, "20260720", 9, 45)
        assert ending.orderStatus.status == "Cancelled"
        assert [each for each in told if each[0] == ending.order.orderId] == [
            (ending.order.orderId, 202)
        ]
    async with connected(session) as again:
        [trade] = again.openTrades()
        assert (trade.order.permId, trade.order.orderId) == (
            resting.order.permId,
            resting.order.orderId,
        )
        assert [position.position for position in again.positions()] == [100.0]
        assert again.fills() == [], "executions of Friday are not Monday's"
    session.close()


@pytest.mark.ci
@on_a_loop
async def test_a_client_that_held_an_expiring_option_finds_shares_on_monday(gateway):
    session = begun(gateway, "20260717", 15, 50)
    async with connected(session) as ib:
        [spy] = await ib.qualifyContractsAsync(Stock("SPY", "SMART", "USD"))
        [ticker] = await ib.reqTickersAsync(spy)
        strike = float(int(ticker.bid) - 5)
        option = Option("SPY", "20260717", strike, "C", "SMART", currency="USD")
        [option] = await ib.qualifyContractsAsync(option)
        sold = ib.placeOrder(option, MarketOrder("SELL", 1))
        await session.clock.asleep(30)
        assert sold.orderStatus.status == "Filled"
        cash = session.account.cash()
        await until(session, "20260720", 10, 0)
        [position] = [each for each in ib.positions() if each.position]
        assert (position.contract.secType, position.position) == ("STK", -100.0)
        assert session.account.cash() == cash + 100 * Decimal(str(strike))
        assert await ib.qualifyContractsAsync(
            Option("SPY", "20260717", strike, "C", "SMART", currency="USD")
        ) in ([], [None])
    session.close()


@pytest.mark.ci
@on_a_loop
async def test_a_night_and_a_weekend_cost_no_more_than_seconds(gateway):
    session = begun(gateway, "20260717", 16, 1)
    async with connected(session) as ib:
        [spy] = await ib.qualifyContractsAsync(Stock("SPY", "SMART", "USD"))
        ib.reqMktData(spy)
        ib.reqPnL("DU0000001")
        await ib.reqPositionsAsync()
        began_s = time.process_time()
        await until(session, "20260720", 9, 29)
        took_s = time.process_time() - began_s
    session.close()
    assert took_s < 10.0, f"{took_s} s of processor time, whatever else runs here"
