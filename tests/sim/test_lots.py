"""Sizes of stocks in lots of 100 or in shares, by server version; options always in contracts."""

from __future__ import annotations

import pytest

from pytest_ibkr.sim.ticks import SHARE_SIZES
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.depth import MarketDepthL2, ReqMarketDepth
from pytest_ibkr.wire.messages.real_time_bars import RealTimeBar, ReqRealTimeBars
from pytest_ibkr.wire.messages.tick_by_tick import ReqTickByTick, TickByTick
from pytest_ibkr.wire.versions import NEWEST, OLDEST, SHARE_VOLUMES
from tests.sim.data_bench import SPY, option, peer

LIVE = [(OLDEST, 100), (SHARE_SIZES - 1, 100), (SHARE_SIZES, 1), (NEWEST, 1)]
SERVICE = [(OLDEST, 100), (SHARE_VOLUMES - 1, 100), (SHARE_VOLUMES, 1), (NEWEST, 1)]


def sizes(request: Message, version: int) -> list[int]:
    """Every size that a minute of a request brings."""
    found: list[int] = []
    for each in peer(version=version).send(request, wait_s=60.0):
        if isinstance(each, MarketDepthL2 | TickByTick):
            found.append(int(each.size))
        if isinstance(each, TickByTick):
            found += [int(each.bid_size), int(each.ask_size)]
        if isinstance(each, RealTimeBar):
            found.append(int(each.volume))
    return found


def check(request: Message, version: int, shares_each: int) -> None:
    """Sizes at a version are those of the newest one, divided; what is there stays one at least."""
    shares = sizes(request, NEWEST)
    assert max(shares) >= 100
    assert sizes(request, version) == [max(1, n // shares_each) if n > 0 else n for n in shares]


@pytest.mark.parametrize(("version", "shares_each"), LIVE)
def test_depth_is_in_lots_before_159(version: int, shares_each: int) -> None:
    asked = ReqMarketDepth(request_id=7, contract=SPY, rows=5, smart_depth=True)
    check(asked, version, shares_each)


@pytest.mark.parametrize("kind", ["Last", "BidAsk"])
@pytest.mark.parametrize(("version", "shares_each"), LIVE)
def test_ticks_are_in_lots_before_159(kind: str, version: int, shares_each: int) -> None:
    check(ReqTickByTick(request_id=7, contract=SPY, kind=kind), version, shares_each)


@pytest.mark.parametrize(("version", "shares_each"), SERVICE)
def test_five_second_bars_are_in_lots_before_175(version: int, shares_each: int) -> None:
    asked = ReqRealTimeBars(request_id=7, contract=SPY, what_to_show="TRADES")
    check(asked, version, shares_each)


@pytest.mark.parametrize("version", [OLDEST, SHARE_SIZES, NEWEST])
def test_a_volume_nobody_knows_stays_unknown(version: int) -> None:
    asked = ReqRealTimeBars(request_id=7, contract=SPY, what_to_show="MIDPOINT")
    assert {*sizes(asked, version)} == {-1}


def test_contracts_of_options_are_contracts_at_every_version() -> None:
    call: Contract = option().contract(exchange="SMART")
    asked = ReqTickByTick(request_id=7, contract=call, kind="BidAsk")
    assert sizes(asked, OLDEST) == sizes(asked, NEWEST) != []
