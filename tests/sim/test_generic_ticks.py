"""Generic tick lists: what is answered, and what is refused."""

from __future__ import annotations

from functools import cache

import pytest

from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.generic_ticks import GENERIC_TICKS, SINCE
from pytest_ibkr.sim.world import World
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    TickGeneric,
    TickPrice,
    TickSize,
    TickString,
)
from pytest_ibkr.wire.messages.news import TickNews
from pytest_ibkr.wire.versions import ODD_LOT_QUOTES
from tests.sim.data_bench import (
    TEN,
    errors,
    normal_world,
    only,
    option,
    peer,
)

CALL = option().contract()


def test_generic_ticks_are_answered_from_the_data_there_is():
    client = peer()
    found = client.send(
        client.market_data(generic_ticks="100,101,104,106,165,221,233"), wait_s=0.06
    )
    sizes = {t.tick: t.size for t in only(found, TickSize)}
    rows = [normal_world().book.row(o) for o in normal_world().book.chain("SPY")]
    assert sizes[27] == sum(r.open_interest or 0 for r in rows if r.right == "C")
    assert 0 < sizes[29] < sum(r.volume or 0 for r in rows if r.right == "C")
    assert sizes[21] > 10_000_000
    values = {t.tick: t.value for t in only(found, TickGeneric)}
    assert 0.05 < values[24] < 0.5
    assert 0.05 < values[23] < 0.5
    prices = {t.tick: t.price for t in only(found, TickPrice)}
    assert prices[19] <= prices[17] <= prices[15] < prices[16] <= prices[18] <= prices[20]
    assert prices[1] <= prices[37] <= prices[2]
    parts = next(t.value for t in only(found, TickString) if t.tick == 48).split(";")
    assert len(parts) == 6
    assert float(parts[0]) == prices[4]


def test_open_interest_of_an_option_is_its_own_and_zero_on_the_other_side():
    client = peer()
    found = client.send(client.market_data(contract=CALL, generic_ticks="101"))
    sizes = {t.tick: t.size for t in only(found, TickSize)}
    assert (sizes[27], sizes[28]) == (normal_world().book.row(option()).open_interest, 0)


@pytest.mark.parametrize(
    ("terms", "code", "text"),
    [
        ({"generic_ticks": "233,999"}, 321, "Incorrect generic tick list of 233,999.  Legal ones"),
        ({"generic_ticks": "233", "snapshot": True}, 321, "not applicable to generic ticks"),
        ({"generic_ticks": "258"}, 10358, "Fundamentals"),
    ],
)
def test_generic_ticks_that_cannot_be_are_refused_whole(terms, code, text):
    client = peer()
    [(_, found, words)] = errors(client.send(client.market_data(**terms)))
    assert found == code
    assert text in words


def test_mdoff_suppresses_the_top_of_book():
    client = peer()
    found = client.send(client.market_data(generic_ticks="mdoff,233"), wait_s=3)
    assert only(found, TickPrice) == []
    assert {t.tick for t in only(found, TickString)} == {48}


def _first(generic_ticks, **terms):
    """Everything that comes with the first batch of a stream."""
    client = peer()
    for name, value in terms.items():
        setattr(client.engine.conditions, name, value)
    return client.send(client.market_data(generic_ticks=generic_ticks), wait_s=0.06)


@pytest.mark.parametrize(
    ("generic", "ticks"),
    [("221", {37}), ("232", {37}), ("220", {78}), ("619", {79}), ("220,221,619", {37, 78, 79})],
)
def test_each_kind_of_mark_price_has_its_own_tick(generic, ticks):
    found = {t.tick: t.price for t in only(_first(generic), TickPrice) if t.tick in (37, 78, 79)}
    assert set(found) == ticks
    assert len(set(found.values())) == 1


@pytest.mark.parametrize(("generic", "tick"), [("233", 48), ("375", 77)])
def test_trades_are_told_as_six_parts_in_one_field(generic, tick):
    [value] = [t.value for t in only(_first(generic), TickString) if t.tick == tick]
    price, size, moment_ms, volume, average, single = value.split(";")
    assert 700 < float(price) < 800
    assert int(size) > 0
    assert int(volume) > int(size)
    assert TEN - 2 <= int(moment_ms) / 1000 <= TEN
    assert 700 < float(average) < 800
    assert single == "true"


@cache
def _counted_world():
    """The normal market, its bars with trade counts as a real gateway gives them."""
    raw = dict(normal_world().snapshot)
    spy = raw["symbols"]["SPY"]
    bars = {size: [_counted(row) for row in rows] for size, rows in spy["bars"].items()}
    raw["symbols"] = {**raw["symbols"], "SPY": {**spy, "bars": bars}}
    return World(Snapshot(raw, name="counted", content=b"counted"))


def _counted(row):
    return {**row, "barCount": row["volume"] // 150}


def test_the_day_s_trades_and_rates_come_from_its_bars():
    client = peer(engine=Engine(_counted_world(), start_s=TEN))
    found = client.send(client.market_data(generic_ticks="293,294,295"), wait_s=0.06)
    values = {t.tick: t.value for t in only(found, TickGeneric)}
    path = normal_world().market.paths["SPY"]
    bars = [bar.bar for bar in path.day(normal_world().calendar.on("20260710")).bars]
    volumes = [bar.volume for bar in bars if bar.start.timestamp() <= TEN]
    assert values[54] == sum(volume // 150 for volume in volumes[:-1])
    assert values[55] == round(volumes[-1] // 150 / 5, 1)
    assert values[56] == round(volumes[-1] / 5, 1)


def test_without_trade_counts_in_the_bars_none_is_told():
    assert {t.tick for t in only(_first("293,294,295"), TickGeneric)} == {49, 56}


def test_recent_volume_grows_with_its_window():
    sizes = {t.tick: int(t.size) for t in only(_first("595"), TickSize)}
    assert 0 < sizes[63] < sizes[64] < sizes[65] < sizes[8]


def test_the_present_price_counts_in_real_time_volatility_only():
    values = {t.tick: t.value for t in only(_first("104,411"), TickGeneric)}
    assert 0.05 < values[23] < 0.5
    assert 0.05 < values[58] < 0.5
    assert values[23] != values[58]


@pytest.mark.parametrize(("shares", "level"), [(5_000_000, 3.0), (500, 2.0), (0, 1.0)])
def test_what_can_be_borrowed_is_what_the_test_says(shares, level):
    found = _first("236", shortable_shares={"SPY": shares})
    assert [t.value for t in only(found, TickGeneric) if t.tick == 46] == [level]
    assert [int(t.size) for t in only(found, TickSize) if t.tick == 89] == [shares]


def test_what_nobody_knows_is_not_sent():
    unknown = [
        str(number)
        for number, (_, source) in GENERIC_TICKS.items()
        if source.startswith("not sent") and number not in SINCE
    ]
    assert len(unknown) > 10
    plain = _first("")
    assert [(type(m), getattr(m, "tick", None)) for m in _first(",".join([*unknown, "236"]))] == [
        (type(m), getattr(m, "tick", None)) for m in plain
    ]


def test_odd_lots_can_be_asked_for_from_225_on():
    below, above = peer(version=ODD_LOT_QUOTES - 1), peer(version=ODD_LOT_QUOTES)
    assert [code for _, code, _ in errors(below.send(below.market_data(generic_ticks="787")))] == [
        321
    ]
    found = above.send(above.market_data(generic_ticks="787"), wait_s=0.06)
    assert errors(found) == []
    assert not {getattr(message, "tick", None) for message in found} & set(range(105, 111))


def test_every_tick_that_is_known_is_sent_for_a_stock():
    known = [
        (number, ticks)
        for number, (ticks, source) in GENERIC_TICKS.items()
        if not source.startswith(("not sent", "the request is refused")) and number != 292
    ]
    client = peer(engine=Engine(_counted_world(), start_s=TEN))
    client.engine.conditions.shortable_shares = {"SPY": 9}
    asked = ",".join(str(number) for number, _ in known)
    found = client.send(client.market_data(generic_ticks=asked), wait_s=0.06)
    sent = {getattr(message, "tick", None) for message in found}
    for _, ticks in known:
        for part in ticks.split(", "):
            first, _, last = part.partition("-")
            assert set(range(int(first), int(last or first) + 1)) <= sent


def test_what_changes_slowly_is_sent_again_when_it_did():
    client = peer(engine=Engine(_counted_world(), start_s=TEN))
    client.send(client.market_data(generic_ticks="100,101,293"), wait_s=0.1)
    client.wait(60)
    counts = [t.value for t in only(client.seen, TickGeneric) if t.tick == 54]
    assert len(counts) >= 4
    assert counts == sorted(set(counts))
    assert len([t for t in only(client.seen, TickSize) if t.tick == 27]) == 1
    assert len([t for t in only(client.seen, TickSize) if t.tick == 29]) >= 4


def test_headlines_reach_the_lines_that_asked_for_news_and_end_with_them():
    client = peer()
    client.send(client.market_data(7, generic_ticks="292"))
    client.send(client.market_data(8, generic_ticks="233"))
    news = client.engine.streams.news
    provider = next(iter(news.providers))
    news.publish(provider, "SPY does something", "It did.", symbols=["SPY"])
    [headline] = only(client.wait(0), TickNews)
    assert (headline.request_id, headline.headline) == (7, "SPY does something")
    client.send(CancelMarketData(request_id=7))
    news.publish(provider, "SPY does more", "It did.", symbols=["SPY"])
    assert not only(client.wait(1), TickNews)


def test_news_of_a_derivative_are_refused():
    client = peer()
    asked = client.market_data(contract=CALL, generic_ticks="292")
    assert [code for _, code, _ in errors(client.send(asked))] == [10094]
    assert client.engine.streams.lines_in_use() == 0
