"""The two committed snapshots: small, complete, honest about what is real in them."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from pytest_ibkr.snapshot import Snapshot, load, store
from pytest_ibkr.snapshot.check import check
from pytest_ibkr.snapshot.con_ids import UNDERLYING_CON_IDS, OptionKey, option_con_id
from pytest_ibkr.snapshot.rows import OptionRow
from tests.snapshot.samples import FIXTURES, FULL, NORMAL

STOCKS = ("SPY", "QQQ", "IWM", "AAPL")
CAPTURED = date(2026, 7, 10)


@pytest.fixture(scope="module")
def normal() -> Snapshot:
    return load(NORMAL, directory=FIXTURES)


@pytest.fixture(scope="module")
def full() -> Snapshot:
    return load(FULL, directory=FIXTURES)


@pytest.fixture(params=["normal", "full"])
def either(request: pytest.FixtureRequest) -> Snapshot:
    made: Snapshot = request.getfixturevalue(request.param)
    return made


@pytest.mark.req("SC-034", "SC-043")
def test_a_committed_snapshot_is_complete(either: Snapshot) -> None:
    assert check(either) == []
    assert either.complete


@pytest.mark.parametrize("path", [NORMAL, FULL], ids=lambda path: path.name)
def test_a_committed_snapshot_is_small_and_canonical(path: Path) -> None:
    content = path.read_bytes()
    assert len(content) < 2_000_000
    again = load(path, directory=FIXTURES)
    packed = path.suffix == ".gz"
    # zlib builds differ in how they pack, so the packed file is compared unpacked
    assert store.encoded(again) == (store._read(path) if packed else content)


def test_it_holds_what_it_is_for(normal: Snapshot, full: Snapshot) -> None:
    assert list(normal.symbols) == [*STOCKS, "VIX"]
    assert {symbol: len(block.option_chain) for symbol, block in full.symbols.items()} == {
        "SPY": 9720,
        "QQQ": 7823,
        "IWM": 3224,
        "VIX": 0,
    }
    prices = {symbol: block.price for symbol, block in normal.symbols.items()}
    assert prices == {"SPY": 754.95, "QQQ": 725.51, "IWM": 295.99, "AAPL": 315.32, "VIX": 15.03}
    for symbol, block in full.symbols.items():
        assert block.bars == normal.symbols[symbol].bars


def test_every_block_says_where_it_comes_from(either: Snapshot) -> None:
    assert {"account", "sessions", "vix"} <= set(either.provenance)
    for block in either.symbols.values():
        expected = {"identity", "currentPrice", "day", "close", "historicalBars"}
        expected |= {f"bars.{size}" for size in block.bars}
        if block.option_chain:
            expected |= {"quote", "optionChain", "optionChain.conId", "optionChain.sizes"}
        assert set(block.provenance) == expected
        origins = [*block.provenance.values(), *either.provenance.values()]
        assert {each.origin for each in origins} == {"imported", "synthetic"}  # none captured
        assert all(each.detail for each in origins)


@pytest.mark.parametrize(
    ("symbol", "real"),
    [
        ("SPY", {"5 mins", "1 hour", "1 day"}),
        ("QQQ", {"5 mins", "1 hour", "1 day"}),
        ("IWM", {"1 day"}),
        ("AAPL", set()),
        ("VIX", {"1 hour", "1 day"}),
    ],
)
def test_only_real_bars_are_called_imported(symbol: str, real: set[str], normal: Snapshot) -> None:
    block = normal.symbols[symbol]
    imported = {
        size for size in block.bars if block.provenance[f"bars.{size}"].origin == "imported"
    }
    assert imported == real


def test_bars_are_in_order_whole_and_not_from_the_future(normal: Snapshot) -> None:
    for block in normal.symbols.values():
        for bars in (*block.bars.values(), block.historical_bars):
            assert all(one.start < two.start for one, two in pairwise(bars))
            assert all(bar.start < normal.captured_at for bar in bars)
            for bar in bars:
                assert bar.low <= min(bar.open, bar.close)
                assert max(bar.open, bar.close) <= bar.high
                assert bar.start.utcoffset() is not None


@pytest.mark.parametrize("symbol", STOCKS)
def test_there_are_eight_sessions_of_five_minutes_and_five_of_hours(
    symbol: str, normal: Snapshot
) -> None:
    block = normal.symbols[symbol]
    per_day = Counter(bar.start.date() for bar in block.bars["5 mins"])
    assert set(per_day.values()) == {78}
    assert len(per_day) == 8
    assert len(block.historical_bars) == 35
    assert block.historical_bars == block.bars["1 hour"][-35:]
    starts = [f"{bar.start:%H:%M}" for bar in block.historical_bars[:7]]
    assert starts == ["09:30", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00"]


@pytest.mark.parametrize("symbol", ["IWM", "AAPL"])
def test_made_up_days_add_up_to_their_daily_bars(symbol: str, normal: Snapshot) -> None:
    block = normal.symbols[symbol]
    whole = {bar.start.date(): bar for bar in block.bars["1 day"]}
    for day in {bar.start.date() for bar in block.bars["5 mins"]}:
        bars = [bar for bar in block.bars["5 mins"] if bar.start.date() == day]
        parts = (bars[0].open, max(b.high for b in bars), min(b.low for b in bars), bars[-1].close)
        assert parts == (whole[day].open, whole[day].high, whole[day].low, whole[day].close)
        assert sum(bar.volume or 0 for bar in bars) == whole[day].volume


@pytest.mark.parametrize("symbol", STOCKS)
def test_the_quote_surrounds_the_price_and_the_close_is_yesterday_s(
    symbol: str, normal: Snapshot
) -> None:
    block = normal.symbols[symbol]
    assert block.price == block.last
    assert block.bid is not None
    assert block.ask is not None
    assert block.price is not None
    assert block.bid + block.ask == pytest.approx(2 * block.price)
    assert block.bid_size
    assert block.ask_size
    yesterday, today = block.bars["1 day"][-2:]
    assert (yesterday.start.date(), today.start.date()) == (date(2026, 7, 9), CAPTURED)
    assert block.close == yesterday.close
    assert block.price == today.close


def test_spy_of_that_day_is_what_the_tape_says(normal: Snapshot) -> None:
    spy = normal.symbols["SPY"]
    day = (spy.open, spy.high, spy.low, spy.close, spy.volume)
    assert day == (752.05, 755.42, 748.1, 751.71, 35_532_590)


def test_ids_are_real_for_underlyings_and_computed_for_options(either: Snapshot) -> None:
    ids = [block.con_id for block in either.symbols.values()]
    assert ids == [UNDERLYING_CON_IDS[symbol] for symbol in either.symbols]
    for block in either.symbols.values():
        for row in block.option_chain:
            key = OptionKey(row.symbol, row.expiry, row.right, row.strike, row.trading_class)
            assert row.con_id == option_con_id(key)
            ids.append(row.con_id)
    assert len(ids) == len(set(ids))


def test_the_rows_of_the_small_file_are_those_of_the_whole_chain(
    normal: Snapshot, full: Snapshot
) -> None:
    for symbol in ("SPY", "QQQ", "IWM"):
        whole = {row.con_id: row for row in full.symbols[symbol].option_chain}
        assert all(whole[row.con_id] == row for row in normal.symbols[symbol].option_chain)


def days(row: OptionRow) -> int:
    return (date.fromisoformat(row.expiry) - CAPTURED).days


@pytest.mark.parametrize("symbol", STOCKS)
def test_a_bot_finds_the_options_it_looks_for(symbol: str, normal: Snapshot) -> None:
    block = normal.symbols[symbol]
    price = block.price or 0.0
    expiries = sorted({days(row) for row in block.option_chain})
    assert expiries[0] == 3  # Monday: the listed expiry nearest to two days
    assert 7 in expiries
    assert 14 in expiries
    assert 40 <= expiries[-1] <= 63
    cheap = [
        row
        for row in block.option_chain
        if row.right == "C" and days(row) >= 5 and row.strike > price
        and row.bid and row.ask and 0 < row.bid < row.ask <= 1.0
    ]  # fmt: skip
    assert len(cheap) >= 5
    for expiry in expiries:
        strikes = [row.strike for row in block.option_chain if days(row) == expiry]
        assert min(strikes) < price < max(strikes)
        assert len(set(strikes)) >= 5


@pytest.mark.req("SC-043")
def test_the_sample_assertions_of_the_source_hold(normal: Snapshot) -> None:
    row = next(
        row for row in normal["symbols"]["SPY"]["optionChain"]
        if row["contract"]["right"] == "C"
    )  # fmt: skip
    assert 0 < row["greeks"]["delta"] < 1
    assert row["greeks"]["impliedVolatility"] > 0
    near = min(
        normal["symbols"]["SPY"]["optionChain"],
        key=lambda row: abs(row["contract"]["strike"] - 754.95),
    )
    assert 0 < near["marketData"]["ask"] - near["marketData"]["bid"] < 2.0


def test_real_dirt_is_kept_and_counted(full: Snapshot) -> None:
    chain = full.symbols["SPY"].option_chain
    assert sum(row.bid is None for row in chain) == 5
    assert sum(row.bid == row.ask == 0 for row in chain) == 456
    assert sum(row.volume is None for row in chain) == 548
    [remark] = [text for text in full.issues if text.startswith("SPY: of 9720 options")]
    assert "456 without any quote (bid and ask 0)" in remark
    assert "5 without a bid or an ask" in remark


def test_the_sessions_reach_forty_days_and_more_both_ways(either: Snapshot) -> None:
    by_date = {session.date: session for session in either.sessions}
    dates = [date.fromisoformat(each) for each in by_date]
    assert all((two - one).days == 1 for one, two in pairwise(dates))
    assert (CAPTURED - dates[0]).days >= 40
    assert (dates[-1] - CAPTURED).days >= 40
    assert by_date["20260703"].open is None  # Independence Day observed
    assert by_date["20260710"].close == either.captured_at
    assert by_date["20260711"].open is None
    assert isinstance(by_date["20260713"].open, datetime)


def test_the_directory_holds_these_two_and_the_keeper() -> None:
    names = {path.name for path in FIXTURES.iterdir()}
    assert {NORMAL.name, FULL.name, ".gitkeep"} <= names
    assert store.newest(FIXTURES) == NORMAL
