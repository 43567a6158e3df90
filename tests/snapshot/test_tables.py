"""Market tables become rows: nothing lost, nothing mended, nothing made up."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot import table_files, tables
from pytest_ibkr.snapshot.con_ids import OptionKey, option_con_id
from pytest_ibkr.snapshot.rows import Bar

CHICAGO = ZoneInfo("America/Chicago")

BARS = """\
symbol,start,open,high,low,close,volume
VIX,2026-07-10 14:00:00-05:00,15.28,15.29,15,15.05,0
SPY,2026-07-10 15:55:00-04:00,755.08,755.19,754.57,754.9,2320555
VIX,2026-07-10 13:00:00-05:00,15.38,15.39,15.25,15.26,
"""

CHAIN = """\
underlying,underlying_price,expiry,strike,right,bid,ask,last,volume,open_interest,\
implied_vol,delta,gamma,theta,vega,rho
QQQ,725.51,20260717,725,C,6.1,6.12,6.05,10,20,0.2,0.51,0.02,-0.5,0.4,0.1
SPY,754.95,20260717,755,P,0,0.01,0.02,,7,0.15,-0.49,0.03,-0.4,0.41,0.1
SPY,754.95,20260717,755,C,4.5,4.4,4.45,11,,0.14,,,,,
SPY,754.95,20260713,204.78,C,,0,0.02,1,7,0.15,0,0.03,-0.4,0.41,0.1
SPY,754.95,20260713,800,C,0,0,0.02,1,7,0.15,0.01,0.03,-0.4,0.41,0.1
SPY,754.95,20260713,801,C,0.02,0.02,0.02,1,7,0.15,0.01,0.03,-0.4,0.41,0.1
"""


def table(directory: Path, text: str, *, name: str) -> list[dict[str, str]]:
    path = directory / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return list(tables.read_table(path))


@pytest.mark.parametrize("name", ["bars.csv", "bars.csv.gz"])
def test_bars_are_sorted_and_stamped_in_the_zone_asked_for(name: str, tmp_path: Path) -> None:
    rows = table(tmp_path, BARS, name=name)
    early, late = tables.bars(rows, symbol="VIX", zone=CHICAGO)
    start = datetime(2026, 7, 10, 13, tzinfo=CHICAGO)
    assert early == Bar(start, 15.38, 15.39, 15.25, 15.26, None, None, None)
    assert early.start.tzinfo is CHICAGO
    assert late.start == datetime(2026, 7, 10, 19, tzinfo=UTC)
    assert late.volume == 0


def test_a_chain_is_one_underlying_s_sorted_with_ids(tmp_path: Path) -> None:
    rows = table(tmp_path, CHAIN, name="chain.csv.gz")
    chain = tables.chain(rows, underlying="SPY", trading_class="SPYX")
    assert chain.underlying_price == 754.95
    assert [(o.expiry, o.strike, o.right) for o in chain.rows] == [
        ("20260713", 204.78, "C"),
        ("20260713", 800.0, "C"),
        ("20260713", 801.0, "C"),
        ("20260717", 755.0, "C"),
        ("20260717", 755.0, "P"),
    ]
    key = OptionKey("SPY", "20260713", "C", 204.78, "SPYX")
    assert chain.rows[0].con_id == option_con_id(key)
    assert {o.multiplier for o in chain.rows} == {100}


def test_empty_is_unknown_and_zero_is_zero(tmp_path: Path) -> None:
    rows = table(tmp_path, CHAIN, name="chain.csv")
    no_bid, *_, crossed, zero_bid = tables.chain(rows, underlying="SPY", trading_class="SPY").rows
    assert (no_bid.bid, no_bid.ask, no_bid.delta) == (None, 0.0, 0.0)
    assert (crossed.delta, crossed.gamma, crossed.open_interest) == (None, None, None)
    assert (zero_bid.bid, zero_bid.volume, zero_bid.bid_size) == (0.0, None, None)


def test_odd_rows_are_kept_and_counted(tmp_path: Path) -> None:
    rows = table(tmp_path, CHAIN, name="chain.csv")
    spy = tables.chain(rows, underlying="SPY", trading_class="SPY").rows
    assert tables.oddities(spy) == {
        "crossed": 1,
        "without any quote (bid and ask 0)": 1,
        "locked": 1,
        "with a zero bid": 1,
        "without a bid or an ask": 1,
        "without a volume": 1,
        "without open interest": 1,
        "without a delta": 1,
        "with a delta of 0": 1,
    }
    qqq = tables.chain(rows, underlying="QQQ", trading_class="QQQ").rows
    assert tables.oddities(qqq) == {}


def test_an_underlying_that_is_not_in_the_table_has_no_price_and_no_rows(tmp_path: Path) -> None:
    rows = table(tmp_path, CHAIN, name="chain.csv")
    assert tables.chain(rows, underlying="XYZ", trading_class="XYZ") == tables.Chain(None, ())


@pytest.mark.parametrize("line", ["SPY,1,2", "SPY,1,2,3,4,5,6,7"])
def test_a_row_of_another_length_is_named_with_its_line(line: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="line 5"):
        table(tmp_path, f"{BARS}{line}\n", name="bars.csv")


def test_a_right_that_is_neither_call_nor_put_is_refused(tmp_path: Path) -> None:
    rows = table(tmp_path, CHAIN.replace(",755,P,", ",755,X,"), name="chain.csv")
    with pytest.raises(ValueError, match="'X' is neither C nor P"):
        tables.chain(rows, underlying="SPY", trading_class="SPY")


def test_a_table_that_never_ends_is_refused_before_memory_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_files, "MOST_ROWS", 3)
    (table := tmp_path / "rows.csv").write_text("symbol\n" + "SPY\n" * 4)
    with pytest.raises(UsageError, match="more than 3 rows: nothing was imported"):
        list(table_files.read_rows(table, wanted={}))
    table.write_text("symbol\n" + "SPY\n" * 3)
    assert len(list(table_files.read_rows(table, wanted={}))) == 3
