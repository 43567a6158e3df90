"""Foreign clients follow depth, tick-by-tick data, five-second bars and profit and loss."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.wire.messages.depth import DELETE, MarketDepth, MarketDepthL2
from pytest_ibkr.wire.messages.pnl import Pnl, PnlSingle
from pytest_ibkr.wire.messages.real_time_bars import RealTimeBar
from pytest_ibkr.wire.messages.tick_by_tick import TickByTick
from tests.conformance.conftest import Meeting, able
from tests.conformance.peers.families import Row, Stream, row
from tests.conformance.peers.model import Asked
from tests.conformance.test_quotes import settle

pytestmark = pytest.mark.req("XC-001")
ACCOUNT = "DU0000001"
SPY_ID = 756733
ENOUGH, PATIENCE_S = 3, 40
TICKS = {
    "Last": ("price", "size", "exchange", "conditions"),
    "AllLast": ("price", "size", "exchange", "conditions"),
    "BidAsk": ("bid", "ask", "bid_size", "ask_size"),
    "MidPoint": ("mid_point",),
}
BAR = ("at_s", "open", "high", "low", "close", "volume", "wap", "count")


def follow(meeting: Meeting, stream: Stream, cancel: str, *, rows: int = ENOUGH) -> list[Row]:
    """Let virtual time pass until rows came, stop, and return all; no more may come then."""
    clock = meeting.session.clock
    settle(meeting)
    for _ in range(PATIENCE_S):
        if len(stream.rows) >= rows:
            break
        clock.sleep(1)
        settle(meeting)
    stream.stop()
    meeting.session.journal.wait_for(cancel)
    settle(meeting)
    heard = list(stream.rows)
    assert len(heard) >= rows, f"{len(heard)} rows in {PATIENCE_S} s"
    clock.sleep(6)
    settle(meeting)
    assert stream.rows == heard
    return heard


def of(message: Any, names: tuple[str, ...]) -> Row:
    """Return these fields as a row."""
    return row(*(getattr(message, name) for name in names))


@pytest.mark.parametrize("exchange", ["SMART", "ARCA"])
def test_depth(meeting: Meeting, exchange: str) -> None:
    asked = Asked("SPY", SPY_ID, exchange=exchange)
    stream = able(meeting, "depth").depth(asked, 5)

    heard = follow(meeting, stream, "cancelMktDepth", rows=20)

    sent = [
        row(m.position, getattr(m, "market_maker", ""), m.operation, m.side, m.price, m.size)
        for kind in (MarketDepth, MarketDepthL2)
        for m in meeting.sent(kind)
    ]
    assert [change(r) for r in heard] == [change(r) for r in sent]
    bids, asks = sides(heard)
    assert 0 < max(bids.values()) < min(asks.values())


def change(told: Row) -> Row:
    """A change of depth; what a deletion says beside its place is not handed on by all."""
    position, _maker, operation, side, _price, _size = told
    return (position, operation, side) if operation == DELETE else told


def sides(heard: list[Row]) -> tuple[dict[Any, float], dict[Any, float]]:
    """Return bids and asks by place once all changes are made."""
    book: dict[Any, dict[Any, float]] = {0.0: {}, 1.0: {}}
    for position, _maker, operation, side, price, _size in heard:
        if operation == DELETE:
            book[side].pop(position)
        else:
            book[side][position] = float(str(price))
    return book[1.0], book[0.0]


@pytest.mark.parametrize("kind", sorted(TICKS))
def test_tick_by_tick(meeting: Meeting, spy: Asked, kind: str) -> None:
    stream = able(meeting, "tick_by_tick").tick_by_tick(spy, kind)

    heard = follow(meeting, stream, "cancelTickByTickData")

    names = TICKS[kind]
    if not able(meeting, "tick_by_tick").cannot("tick_times"):
        names = ("at_s", *names)
    assert heard == [of(m, names) for m in meeting.sent(TickByTick)]


def test_five_second_bars(meeting: Meeting, spy: Asked) -> None:
    stream = able(meeting, "real_time_bars").real_time_bars(spy)

    heard = follow(meeting, stream, "cancelRealTimeBars")

    assert heard == [of(m, BAR) for m in meeting.sent(RealTimeBar)]
    starts = [float(str(bar[0])) for bar in heard]
    assert [b - a for a, b in itertools.pairwise(starts)] == [5.0] * (len(starts) - 1)


def test_profit_and_loss_of_the_account(meeting: Meeting) -> None:
    hold_spy(meeting)
    stream = able(meeting, "pnl").pnl(ACCOUNT)

    heard = follow(meeting, stream, "cancelPnL")

    assert heard == [of(m, ("daily", "unrealized", "realized")) for m in meeting.sent(Pnl)]
    assert all(row[1] is not None for row in heard)


def test_profit_and_loss_of_one_position(meeting: Meeting) -> None:
    hold_spy(meeting)
    stream = able(meeting, "pnl_single").pnl_single(ACCOUNT, SPY_ID)

    heard = follow(meeting, stream, "cancelPnLSingle")

    names = ("position", "daily", "unrealized", "realized", "value")
    assert heard == [of(m, names) for m in meeting.sent(PnlSingle)]
    quantity, _daily, unrealized, _realized, value = heard[-1]
    assert quantity == 7
    assert float(str(value)) == pytest.approx(float(str(unrealized)) + 7 * 700, abs=0.01)


def hold_spy(meeting: Meeting) -> None:
    """Put 7 SPY into the account."""
    meeting.session.account.add_position(SPY_ID, 7, average_cost=Decimal(700))
