"""The same actions mean the same at every server version; what differs is listed here."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.sim.ticks import SHARE_SIZES
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.history import HistoricalData, HistoricalDataEnd
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.versions import (
    HISTORY_END,
    LAST_TRADE_DATE,
    NEWEST,
    SHARE_VOLUMES,
    UTC_SUFFIX,
    ZONED_TIMES,
)
from tests.conformance.script import CLIENT_ID, Told, differing, play

pytestmark = pytest.mark.req("XC-001")
STRIKE = 753.0
ORDER_BODIES = 203
VERSIONS = (151, 152, 157, 163, 176, 178, 187, 194, 196, 200, 201, 203, 207, 211, 213, 214)


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that means the same but is written differently before a version."""

    field: str
    before: int  # the first version that writes it as the newest does
    why: str


LOTS = "hundreds of shares before, shares from then on"
LISTED = (
    Difference("TickPrice.size", SHARE_SIZES, LOTS),
    Difference("TickSize.size", SHARE_SIZES, LOTS),
    Difference("TickString.value", SHARE_SIZES, f"sizes of tick 48: {LOTS}"),
    Difference("MarketDepthL2.size", SHARE_SIZES, LOTS),
    Difference("TickByTick.size", SHARE_SIZES, LOTS),
    Difference("RealTimeBar.volume", SHARE_VOLUMES, LOTS),
    Difference("HistoricalData.bars.volume", SHARE_VOLUMES, LOTS),
    Difference("HistoricalTrades.ticks.size", SHARE_VOLUMES, LOTS),
    Difference("HistoricalBidAsk.ticks.bid_size", SHARE_VOLUMES, LOTS),
    Difference("HistoricalBidAsk.ticks.ask_size", SHARE_VOLUMES, LOTS),
    Difference("Histogram.steps.size", SHARE_VOLUMES, LOTS),
    Difference("HistoricalData.bars.date", ZONED_TIMES, "without the zone's name before"),
    Difference("ExecutionData.time", ZONED_TIMES, "without the zone's name before"),
    Difference("HeadTimestamp.moment", UTC_SUFFIX, "without the Z of UTC before"),
    Difference("OpenOrder.shares_allocation", ORDER_BODIES, "bodies have no field for the junk"),
    Difference("ContractData.expiry", LAST_TRADE_DATE, "of options with the hour before"),
)
MESSAGES_SINCE: dict[type[Message], int] = {HistoricalDataEnd: HISTORY_END}
FEWEST_KINDS = 45


@pytest.fixture(scope="module")
def call_id(market: Snapshot) -> int:
    """An option of SPY."""
    rows = market.symbols["SPY"].option_chain
    return next(row.con_id for row in rows if row.right == "C" and row.strike == STRIKE)


@pytest.fixture(scope="module")
def newest(gateway: Gateway, call_id: int) -> list[Told]:
    """The script at the newest version."""
    return played(gateway, call_id, NEWEST)


def played(gateway: Gateway, call_id: int, version: int) -> list[Told]:
    """Return what a client of a new session read."""
    opened = gateway.new_session(f"script at {version}", client_id=CLIENT_ID)
    try:
        return play(opened, call_id, version)
    finally:
        opened.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_actions_mean_the_same(
    gateway: Gateway, call_id: int, newest: list[Told], version: int
) -> None:
    here = played(gateway, call_id, version)

    there = [t for t in newest if MESSAGES_SINCE.get(type(t.message), 0) <= version]
    assert [moment_and_kind(t) for t in here] == [moment_and_kind(t) for t in there]
    found = {
        name
        for old, new in zip(here, there, strict=True)
        for name in differing(old.message, new.message, version, NEWEST)
    }
    assert found == {each.field for each in LISTED if version < each.before}


def test_the_script_is_the_same_twice(gateway: Gateway, call_id: int, newest: list[Told]) -> None:
    assert played(gateway, call_id, NEWEST) == newest


def test_the_script_meets_most_of_what_a_gateway_says(newest: list[Told]) -> None:
    kinds = {type(told.message) for told in newest}
    codes = {told.message.code for told in newest if isinstance(told.message, ErrorNotice)}

    assert len(kinds) >= FEWEST_KINDS
    assert {*MESSAGES_SINCE} <= kinds
    assert {each.field.partition(".")[0] for each in LISTED} <= {kind.__name__ for kind in kinds}
    assert {110, 161, 162, 200, 202, 321, 322, 10147} <= codes


def test_a_difference_is_found_wherever_it_is(newest: list[Told]) -> None:
    [bars, *_] = [t.message for t in newest if isinstance(t.message, HistoricalData)]
    [first, *rest] = bars.bars
    changed = replace(bars, bars=(replace(first, close=first.close + 1), *rest))
    shorter = replace(bars, bars=tuple(rest))

    assert list(differing(bars, changed, NEWEST)) == ["HistoricalData.bars.close"]
    assert "HistoricalData.bars" in differing(bars, shorter, NEWEST)
    assert list(differing(bars, bars, NEWEST)) == []


def moment_and_kind(told: Told) -> tuple[float, str]:
    """When what kind of message came."""
    return told.at_s, type(told.message).__name__
