"""A market of many days: what each day has, where it comes from, and what stays the same."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.market_days import MarketDays
from pytest_ibkr.snapshot import Snapshot, store
from pytest_ibkr.snapshot.check import check
from pytest_ibkr.snapshot.day_calendar import ZONE
from pytest_ibkr.snapshot.errors import SnapshotUnreadable
from pytest_ibkr.snapshot.rows import OptionRow
from tests.snapshot import days_samples as samples
from tests.snapshot.days_samples import SUMMER, summer
from tests.snapshot.samples import AT, small

STORED = "20260710"
FILE = SUMMER / "snapshot_normal_20260710_160000.json.gz"
STOCKS = ("SPY", "QQQ", "IWM")
SOME = ("20260615", "20260713", "20260729", "20260807")
Contract = tuple[str, str, str, float]


def chains(snapshot: Snapshot) -> dict[Contract, OptionRow]:
    return {
        (row.symbol, row.expiry, row.right, row.strike): row
        for block in snapshot.symbols.values()
        for row in block.option_chain
    }


@pytest.fixture(scope="module")
def file() -> Snapshot:
    return store.load(FILE, directory=SUMMER)


# -- which days there are ------------------------------------------------------------------


def test_eight_weeks_have_thirty_eight_trading_days() -> None:
    days = summer()
    assert (days.dates[0], days.dates[-1], len(days.dates)) == ("20260615", "20260807", 38)
    assert days.closed("20260619") == "20260619: no trading day, the market is closed"
    assert days.closed("20260703") == "20260703: no trading day, the market is closed"
    assert days.closed("20260810") == "20260810: outside 20260615 to 20260807"
    assert days.closed("20260713") == ""


def test_the_day_after_is_the_next_that_trades() -> None:
    days = summer()
    assert days.after("20260618") == "20260622"
    assert days.after("20260702") == "20260706"
    assert days.after("20260101") == "20260615"
    assert days.after("20260807") is None


def test_a_day_that_is_none_says_why() -> None:
    with pytest.raises(KeyError, match="no trading day"):
        summer().world("20260619")
    with pytest.raises(KeyError, match="outside"):
        summer().provenance("20250101")


def test_every_day_says_where_it_comes_from() -> None:
    days = summer()
    assert days.provenance(STORED) == "imported"
    assert days.provenance("20260709") == (
        "synthetic: options from a surface fitted to the day's chain; intraday bars of IWM"
    )
    assert days.provenance("20260615") == (
        "synthetic: options from a surface moved with the index; bars of IWM"
    )


# -- the stored day ------------------------------------------------------------------------


def test_the_captured_day_has_every_row_of_its_file_unchanged(file: Snapshot) -> None:
    made = summer().snapshot(STORED)
    for symbol, block in file.symbols.items():
        own = made.symbols[symbol]
        assert own.option_chain[: len(block.option_chain)] == block.option_chain
        assert own.bars == block.bars
        raw, mine = block.raw, own.raw
        different = {key for key in raw if raw[key] != mine[key]}
        assert different <= {"optionChain", "provenance"}
    assert made.captured_at == file.captured_at
    assert made.vix == file.vix


def test_what_the_file_lacks_is_added_and_labelled(file: Snapshot) -> None:
    made = summer().snapshot(STORED)
    added = chains(made).keys() - chains(file).keys()
    assert ("SPY", STORED, "C", 755.0) in added  # the file has no option of its own day
    told = made.symbols["SPY"].provenance["optionChain.added"]
    assert told.origin == "synthetic"
    assert "contracts that the file has not" in told.detail
    assert made.symbols["SPY"].provenance["optionChain"].origin == "imported"


def test_a_stored_day_is_left_alone_when_that_is_asked(tmp_path: Path, file: Snapshot) -> None:
    shutil.copy(FILE, samples.write(tmp_path, extendStored=False) / FILE.name)
    assert MarketDays(tmp_path).snapshot(STORED) == file


def test_quotes_at_the_close_of_the_stored_day_are_the_files(file: Snapshot) -> None:
    world = summer().world(STORED)
    at_s = file.captured_at.timestamp()
    for row in file.symbols["QQQ"].option_chain[::101]:
        option = world.book.by_id(row.con_id)
        assert option is not None
        quote = world.market.quote(option, at_s)
        assert (quote.bid, quote.ask) == (row.bid, row.ask)


# -- composed days -------------------------------------------------------------------------


@pytest.mark.parametrize("day", SOME)
def test_a_composed_day_is_a_whole_snapshot(day: str) -> None:
    made = summer().snapshot(day)
    assert made.source == "mock"
    assert f"{made.captured_at:%Y%m%d %H:%M}" == f"{day} 16:00"
    assert check(made) == []
    for symbol in STOCKS:
        block = made.symbols[symbol]
        assert block.provenance["optionChain"].origin == "synthetic"
        expiries = {row.expiry for row in block.option_chain}
        assert day in expiries
        assert min(expiries) == day


@pytest.mark.ci
def test_a_composed_day_is_of_the_published_shape() -> None:
    made = summer().snapshot("20260714")
    content = store.encoded(made)
    again = Snapshot(store.parse(content, path=Path("x")), name="x", content=content)
    assert again.symbols["IWM"].option_chain == made.symbols["IWM"].option_chain
    assert again.symbols["SPY"].bars == made.symbols["SPY"].bars
    assert again.symbols["SPY"].historical_bars == made.symbols["SPY"].historical_bars
    assert again.sessions == made.sessions


def test_no_bar_lies_after_the_close() -> None:
    made = summer().snapshot("20260714")
    for block in made.symbols.values():
        for size, bars in block.bars.items():
            last = bars[-1].start
            assert last.date() == made.captured_at.date()
            assert size == "1 day" or last < made.captured_at


def test_real_bars_are_called_so_and_made_up_ones_too() -> None:
    made = summer().snapshot("20260713").symbols
    assert made["SPY"].provenance["bars.5 mins"].origin == "imported"
    assert made["VIX"].provenance["bars.1 hour"].origin == "imported"
    assert made["IWM"].provenance["bars.5 mins"].origin == "synthetic"
    assert made["IWM"].provenance["currentPrice"].origin == "imported"
    late = summer().snapshot("20260729").symbols
    assert late["IWM"].provenance["currentPrice"].origin == "synthetic"


def test_intraday_bars_of_iwm_add_up_to_its_real_days() -> None:
    block = summer().snapshot("20260717").symbols["IWM"]
    fine: dict[str, list[Any]] = {}
    for bar in block.bars["5 mins"]:
        fine.setdefault(f"{bar.start:%Y%m%d}", []).append(bar)
    for daily in block.bars["1 day"][-15:]:
        bars = fine[f"{daily.start:%Y%m%d}"]
        assert (bars[0].open, bars[-1].close) == (daily.open, daily.close)
        assert max(bar.high for bar in bars) == daily.high
        assert min(bar.low for bar in bars) == daily.low
        assert sum(bar.volume for bar in bars) == daily.volume


def test_outside_its_real_days_iwm_moves_with_spy() -> None:
    made = summer().snapshot("20260807").symbols
    closes = {s: [bar.close for bar in made[s].bars["1 day"]][-15:] for s in ("SPY", "IWM")}
    same = sum(
        (b > a) == (d > c)
        for (a, b), (c, d) in zip(pairwise(closes["SPY"]), pairwise(closes["IWM"]), strict=True)
    )
    assert same >= 11


def test_the_close_of_an_option_is_its_mid_of_the_day_before() -> None:
    before, today = chains(summer().snapshot("20260722")), chains(summer().snapshot("20260723"))
    both = before.keys() & today.keys()
    assert len(both) > 5000
    for contract in sorted(both)[::97]:
        row = before[contract]
        assert row.bid is not None
        assert row.ask is not None
        close = today[contract].close
        assert close is not None
        assert row.bid - 0.02 <= close <= row.ask + 0.02


def test_the_close_after_a_stored_day_is_the_files(file: Snapshot) -> None:
    today = chains(summer().snapshot("20260713"))
    for contract, row in list(chains(file).items())[::151]:
        if contract[1] > STORED and row.bid and row.ask and row.bid < row.ask:
            assert today[contract].close == round((row.bid + row.ask) / 2, 2)


def test_options_can_be_quoted_all_day_and_follow_the_underlying() -> None:
    world = summer().world("20260717")
    at_s = [datetime(2026, 7, 17, h, 5, tzinfo=ZONE).timestamp() for h in (10, 12, 15)]
    spy = world.book.by_symbol("SPY")
    assert spy is not None
    for option in world.book.chain("SPY"):
        if option.expiry not in ("20260717", "20260724") or option.strike != 740.0:
            continue
        for now in at_s:
            quote, spot = world.market.quote(option, now), world.market.quote(spy, now)
            assert quote.bid is not None
            assert quote.ask is not None
            assert spot.last is not None
            edge = (spot.last - 740.0) * (1 if option.right == "C" else -1)
            assert quote.ask > max(0.0, edge) - 0.05
            assert 0 <= quote.ask - quote.bid < 0.5


# -- what stays the same -------------------------------------------------------------------


def test_seed_and_date_make_the_day_whatever_was_asked_before() -> None:
    alone, later = MarketDays(SUMMER), MarketDays(SUMMER)
    for day in ("20260615", "20260722"):
        assert later.snapshot(day).symbols["IWM"].option_chain
    one, two = alone.snapshot("20260723"), later.snapshot("20260723")
    assert (one.seed, one.sha256) == (two.seed, two.sha256)
    assert one.symbols["IWM"].option_chain == two.symbols["IWM"].option_chain
    assert one.symbols["VIX"].raw == two.symbols["VIX"].raw


def test_another_seed_is_another_market(tmp_path: Path) -> None:
    def volatility(seed: int) -> float | None:
        market = MarketDays(samples.write(tmp_path / str(seed), seed=seed))
        return market.snapshot("20260623").symbols["SPY"].option_chain[400].implied_vol

    assert volatility(1) != volatility(2)


def test_all_days_have_one_seed() -> None:
    assert {summer().snapshot(day).seed for day in (*SOME, STORED)} == {20260710}


@pytest.mark.ci
@pytest.mark.timeout(300)
def test_ids_stay_nothing_is_delisted_before_it_expires_and_no_day_has_arbitrage() -> None:
    ids: dict[int, Contract] = {}
    before: dict[Contract, OptionRow] = {}
    days = MarketDays(SUMMER)
    for day in days.dates:
        assert days.problems(day) == []
        today = chains(days.snapshot(day))
        for contract, row in today.items():
            assert ids.setdefault(row.con_id, contract) == contract
        assert not [each for each in before.keys() - today.keys() if each[1] >= day]
        before = today
    assert len(ids) > 25_000


def test_a_nervous_day_has_no_arbitrage() -> None:
    assert summer().problems("20260729") == []


def test_a_contract_has_its_id_on_every_day_and_its_instrument_too() -> None:
    days = MarketDays(SUMMER)
    first, last = days.world("20260713"), days.world("20260717")
    key = ("SPY", "20260717", "C", 755.0)
    row = chains(days.snapshot("20260713"))[key]
    assert chains(days.snapshot("20260717"))[key].con_id == row.con_id
    assert first.book.by_id(row.con_id) is last.book.by_id(row.con_id) is not None


# -- other directories ---------------------------------------------------------------------


def test_a_directory_of_snapshots_is_a_market_without_a_plan(
    tmp_path: Path, file: Snapshot
) -> None:
    shutil.copy(FILE, tmp_path / FILE.name)
    days = MarketDays(tmp_path)
    assert days.dates == (STORED,)
    assert days.snapshot(STORED) == file
    assert days.snapshot(STORED).seed == file.seed
    assert days.closed("20260709") == "20260709: outside 20260710 to 20260710"


def test_a_gap_between_stored_days_is_a_closed_market(tmp_path: Path) -> None:
    for day in (4, 6):
        store.save(small(captured_at=AT.replace(day=day)), tmp_path)
    days = MarketDays(tmp_path)
    assert days.dates == ("20260204", "20260206")
    assert days.after("20260204") == "20260206"
    assert days.closed("20260205") == "20260205: no data of this day, the market is closed"
    assert list(days.calendar_days()) == ["20260204", "20260205", "20260206"]
    assert days.snapshot("20260204").seed == days.snapshot("20260206").seed


def test_a_file_of_another_day_than_its_name_says_is_refused(tmp_path: Path) -> None:
    shutil.copy(FILE, tmp_path / "snapshot_normal_20260709_160000.json.gz")
    with pytest.raises(SnapshotUnreadable, match="its name says 20260709"):
        MarketDays(tmp_path).snapshot("20260709")


def test_a_plan_without_a_single_day_is_refused(tmp_path: Path) -> None:
    samples.write(tmp_path, first="20260719", last="20260725")
    with pytest.raises(UsageError, match="has no trading day"):
        MarketDays(tmp_path)


def test_days_of_bars_alone_have_no_options(tmp_path: Path) -> None:
    days = MarketDays(samples.write(tmp_path, surface=None))
    block = days.snapshot("20260623").symbols["SPY"]
    assert block.option_chain == ()
    assert "optionChain" not in block.provenance
    assert days.world("20260623").book.chain("SPY") == ()


def test_a_contract_that_is_not_listed_is_on_no_composed_day(tmp_path: Path) -> None:
    days = MarketDays(samples.write(tmp_path, notListed=["SPY 20260717 C 750"]))
    found = chains(days.snapshot("20260623"))
    assert ("SPY", "20260717", "C", 750.0) not in found
    assert ("SPY", "20260717", "P", 750.0) in found


@pytest.mark.parametrize("change", [lambda text: text[:-9], lambda _text: "{}"])
def test_a_broken_snapshot_fails_when_its_day_is_asked_for(
    change: Callable[[str], str], tmp_path: Path
) -> None:
    name = FILE.name.removesuffix(".gz")
    (tmp_path / name).write_text(change(json.dumps({"a": [1, 2, 3]})), "utf-8")
    days = MarketDays(tmp_path)
    with pytest.raises(Exception, match=name):
        days.world(STORED)


def test_a_half_day_is_captured_at_one(tmp_path: Path) -> None:
    made = MarketDays(samples.write(tmp_path, halfDays=["20260702"])).snapshot("20260702")
    assert f"{made.captured_at:%H:%M}" == "13:00"
    closes = {day.date: day.close for day in made.sessions}
    assert closes["20260702"] == made.captured_at


@pytest.mark.ci
def test_a_day_of_three_symbols_takes_well_under_two_seconds_of_work() -> None:
    days = MarketDays(SUMMER)
    before = time.process_time()
    assert len(chains(days.snapshot("20260805"))) > 10_000
    assert time.process_time() - before < 2.0
