"""Five-second bars: every five seconds, made of the ticks; limits and refusals."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.messages.real_time_bars import (
    CancelRealTimeBars,
    RealTimeBar,
    ReqRealTimeBars,
)
from pytest_ibkr.wire.messages.tick_by_tick import ReqTickByTick, TickByTick
from tests.sim.data_bench import (
    CAPTURED,
    SPY,
    TEN,
    VIX,
    errors,
    normal_world,
    on_friday,
    only,
    peer,
)

HELP = (
    "Requested market data requires additional subscription for API. See link in 'Market Data"
    " Connections' dialog for more details."
)


def bars(what: str = "TRADES", request_id: int = 7, **terms: object) -> ReqRealTimeBars:
    """A request for bars of SPY, with changes."""
    values: dict[str, object] = {"contract": SPY, **terms}
    return ReqRealTimeBars(request_id=request_id, what_to_show=what, **values)  # type: ignore[arg-type]


def test_a_bar_comes_every_five_seconds_and_is_stamped_with_its_start() -> None:
    client = peer(TEN + 2)
    assert client.send(bars(), wait_s=2.9) == []
    client.wait(60)
    found = only(client.seen, RealTimeBar)
    assert [bar.at_s for bar in found] == [int(TEN) + 5 * n for n in range(12)]
    for bar in found:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
        assert bar.low <= bar.wap <= bar.high
        assert bar.volume > 0
        assert bar.count > 0


def test_a_bar_of_trades_is_its_ticks() -> None:
    client = peer()
    client.send(bars(), wait_s=0)
    client.send(ReqTickByTick(request_id=8, contract=SPY, kind="Last"), wait_s=10.1)
    second = only(client.seen, RealTimeBar)[1]
    trades = [t for t in only(client.seen, TickByTick) if 5 <= t.at_s - TEN < 10]
    prices = [t.price for t in trades]
    assert (second.open, second.high, second.low, second.close) == (
        *(prices[0], max(prices), min(prices), prices[-1]),
    )
    assert second.volume == sum(t.size for t in trades)
    assert second.count == len(trades)


@pytest.mark.parametrize("what", ["MIDPOINT", "BID", "ASK"])
def test_bars_of_quotes_have_no_volume(what: str) -> None:
    found = only(peer().send(bars(what), wait_s=20), RealTimeBar)
    assert len(found) == 4
    assert {(int(bar.volume), bar.wap, bar.count) for bar in found} == {(-1, -1.0, -1)}


def test_the_middle_lies_between_bid_and_ask() -> None:
    client = peer()
    for number, what in enumerate(("BID", "MIDPOINT", "ASK")):
        client.send(bars(what, number), wait_s=0)
    bid, middle, ask = sorted(only(client.wait(5.1), RealTimeBar), key=lambda bar: bar.request_id)
    assert bid.close < middle.close < ask.close


def test_without_a_trade_the_bar_stands_at_the_last_price_with_volume_0() -> None:
    book = normal_world().book
    quiet = next(o for o in book.chain("SPY") if not book.row(o).volume and book.row(o).last)
    found = only(peer().send(bars(contract=quiet.contract()), wait_s=30), RealTimeBar)
    assert len(found) == 6
    assert all(bar.volume == bar.count == 0 for bar in found)
    assert all(bar.open == bar.high == bar.low == bar.close == bar.wap for bar in found)
    index = only(peer().send(bars(contract=VIX), wait_s=10), RealTimeBar)
    assert len(index) == 2
    assert all(bar.volume == 0 for bar in index)


def test_the_bars_end_with_the_session_and_go_on_with_the_next() -> None:
    client = peer(CAPTURED - 10)
    assert len(only(client.send(bars(), wait_s=3600), RealTimeBar)) == 2
    client.wait(on_friday(9, 30, 1, day=13) - client.engine.now_s)
    assert [bar.at_s for bar in only(client.wait(6), RealTimeBar)] == [
        int(on_friday(9, 30, day=13))
    ]


@pytest.mark.parametrize(
    ("what", "code", "text"),
    [
        (
            *("TRADES", 420),
            f"Invalid Real-time Query:No market data permissions for ARCA STK. {HELP}",
        ),
        ("MIDPOINT", 10089, f"{HELP}SPY ARCA/TOP/ALL"),
    ],
)
def test_bars_need_live_rights(what: str, code: int, text: str) -> None:
    client = peer()
    client.engine.conditions.entitlement = "delayed"
    assert errors(client.send(bars(what), wait_s=10)) == [(7, code, text)]


@pytest.mark.parametrize(
    ("terms", "cause"),
    [
        ({"what": "BID_ASK"}, "What to show field is missing or incorrect."),
        ({"what": ""}, "What to show field is missing or incorrect."),
        (
            {"bar_size_s": 10},
            "Historical data bar size setting is invalid. Legal ones are: 5 secs",
        ),
    ],
)
def test_only_five_seconds_of_four_kinds_can_be_asked(terms: dict[str, object], cause: str) -> None:
    [(_, code, text)] = errors(peer().send(bars(**terms)))  # type: ignore[arg-type]
    assert code == 321
    assert text.endswith(f"cause - {cause}")


def test_more_than_sixty_requests_in_ten_minutes_are_too_many() -> None:
    client = peer()
    for number in range(60):
        client.send(bars(request_id=number), wait_s=0.1)
        client.send(CancelRealTimeBars(request_id=number), wait_s=0.1)
    assert errors(client.send(bars())) == [
        (7, 420, "Invalid Real-time Query:Historical data request pacing violation")
    ]
    client.wait(600)
    assert not errors(client.send(bars()))


def test_a_cancel_is_silent_and_a_second_finds_nothing() -> None:
    client = peer()
    client.send(bars())
    assert client.send(CancelRealTimeBars(request_id=7), wait_s=20) == []
    [(_, code, _)] = errors(client.send(CancelRealTimeBars(request_id=7)))
    assert code == 300


@pytest.mark.parametrize("how", ["frozen", "halted"])
def test_no_bar_comes_while_a_symbol_stands_still(how: str) -> None:
    client = peer()
    client.send(bars())
    if how == "frozen":
        client.engine.faults.freeze("SPY")
    else:
        client.engine.halted.add("SPY")
    assert client.wait(20) == []


def test_the_same_id_twice_is_a_duplicate() -> None:
    client = peer()
    client.send(bars())
    assert [code for _, code, _ in errors(client.send(bars("BID")))] == [322]
