"""The typed snapshot and its mapping: the same numbers, and nothing to write to."""

from __future__ import annotations

import copy
import dataclasses
import json
import operator
import pickle
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pytest_ibkr.snapshot as facade
from pytest_ibkr.snapshot import Snapshot, load
from pytest_ibkr.snapshot.rows import (
    bar_from_row,
    format_bar_date,
    option_from_row,
    parse_bar_date,
    row_from_bar,
    row_from_option,
)
from pytest_ibkr.snapshot.text import dumps
from pytest_ibkr.snapshot.views import MappingView, plain, view
from tests.snapshot.samples import FIXTURES, bar, option, small, symbol

NEW_YORK = ZoneInfo("America/New_York")
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, width=32)
JSON = st.recursive(
    NUMBERS.filter(lambda each: each not in (float("inf"), float("-inf"))) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def normal() -> Snapshot:
    return load("normal", directory=FIXTURES)


@pytest.mark.req("SC-043")
def test_typed_access_and_mapping_access_agree(normal: Snapshot) -> None:
    for name, block in normal.symbols.items():
        raw = normal["symbols"][name]
        assert block.price == raw["currentPrice"]
        assert [each.close for each in block.historical_bars] == [
            row["close"] for row in raw["historicalBars"]
        ]
        assert [each.strike for each in block.option_chain] == [
            row["contract"]["strike"] for row in raw["optionChain"]
        ]
        assert block.bars["1 day"][-1].volume == raw["bars"]["1 day"][-1]["volume"]


def test_the_head_is_typed(normal: Snapshot) -> None:
    assert (normal.scenario, normal.schema_version, normal.source) == ("normal", 2, "imported")
    assert normal.captured_at == datetime(2026, 7, 10, 20, 0, tzinfo=UTC)
    assert normal.captured_at.utcoffset() == datetime(2026, 7, 10, tzinfo=NEW_YORK).utcoffset()
    assert (normal.market_session, normal.market_data_type) == ("rth", 1)
    assert (normal.account, normal.vix, normal.complete) == ("DU*****01", 15.03, True)
    assert normal.errors == []
    assert "snapshot_normal_20260710_160000" in repr(normal)


def test_nothing_can_be_written(normal: Snapshot) -> None:
    block = normal.symbols["SPY"]
    writes: list[Any] = [
        lambda: operator.setitem(normal, "vix", 1),  # type: ignore[call-overload]
        lambda: operator.setitem(normal["symbols"], "SPY", 1),
        lambda: normal["symbols"]["SPY"]["optionChain"].append(1),
        lambda: operator.setitem(normal.symbols, "X", 1),  # type: ignore[call-overload]
        lambda: setattr(normal, "vix", 1),
        lambda: setattr(block, "price", 1),
        lambda: setattr(block.option_chain[0], "bid", 1),
    ]
    for write in writes:
        with pytest.raises((AttributeError, TypeError, dataclasses.FrozenInstanceError)):
            write()
    normal.issues.append("a copy")
    assert "a copy" not in normal.issues


def test_a_plain_copy_is_ordinary_json_and_one_s_own(normal: Snapshot) -> None:
    document = normal.to_dict()
    assert json.loads(json.dumps(document)) == document
    document["symbols"]["SPY"]["currentPrice"] = 1.0
    assert normal.symbols["SPY"].price == 754.95


def test_equal_content_is_equal_whatever_its_name() -> None:
    one, same, other = small(), small(), small(vix=20.0)
    same.name = "renamed"
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one.seed == same.seed != other.seed
    assert 0 <= one.seed < 2**63
    assert one != dict(one)


def test_a_snapshot_survives_pickling_and_copying() -> None:
    made = small()
    _ = made.symbols["ABC"].option_chain  # what was already made does not get in the way
    again = pickle.loads(pickle.dumps(small()))
    assert again == copy.copy(made) == made
    assert again.symbols["ABC"].price == 102.5


@given(value=JSON)
def test_a_view_reads_like_what_it_shows(value: Any) -> None:
    shown = view(value)
    assert shown == value
    assert plain(shown) == value
    assert repr(shown) == repr(value)
    if isinstance(value, dict | list):
        assert len(shown) == len(value)
        assert list(shown) == list(value)
        with pytest.raises(TypeError, match="unhashable"):
            hash(shown)


def test_a_view_can_be_sliced_searched_and_spread() -> None:
    shown = view({"rows": [{"a": 1}, {"a": 2}, {"a": 3}]})
    assert isinstance(shown, MappingView)
    assert [row["a"] for row in shown["rows"][1:]] == [2, 3]
    assert {"a": 2} in shown["rows"]
    assert {**shown["rows"][0]} == {"a": 1}
    assert shown == view({"rows": [{"a": 1}, {"a": 2}, {"a": 3}]})


@given(document=st.dictionaries(TEXT, JSON, max_size=5))
def test_the_canonical_text_says_the_same_as_the_document(document: dict[str, Any]) -> None:
    text = dumps(document)
    assert json.loads(text) == document
    assert text.endswith("}\n")


def test_rows_take_one_line_each() -> None:
    lines = dumps(small().to_dict()).splitlines()
    assert sum('"wap"' in line for line in lines) == 40  # 20 of historicalBars, 20 of bars
    assert sum('"greeks"' in line for line in lines) == 10
    assert sum('"20260206","open"' in line for line in lines) == 1  # a session
    assert '  "scenario": "test",' in lines


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_has_no_word_for_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps({"vix": number})


PRICES = st.none() | st.floats(0, 1e6, allow_nan=False)


@given(wap=PRICES, volume=st.none() | st.integers(0), count=st.none() | st.integers(0))
def test_a_bar_comes_back_as_it_was(wap: Any, volume: Any, count: Any) -> None:
    made = bar(wap=wap, volume=volume, bar_count=count)
    assert bar_from_row(row_from_bar(made, daily=False), NEW_YORK) == made


@given(bid=PRICES, delta=st.none() | st.floats(-1, 1), interest=st.none() | st.integers(0))
def test_an_option_comes_back_as_it_was(bid: Any, delta: Any, interest: Any) -> None:
    made = option(bid=bid, delta=delta, open_interest=interest, last_size=3, close=1.5)
    assert option_from_row(row_from_option(made)) == made


@given(seconds=st.integers(0, 4_000_000_000))
def test_bar_dates_come_back_as_they_were(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, NEW_YORK)
    text = format_bar_date(moment, daily=False)
    assert text[8:10] == "  "
    assert parse_bar_date(text, NEW_YORK) == moment.replace(fold=0)
    day = parse_bar_date(format_bar_date(moment, daily=True), NEW_YORK)
    assert day == moment.replace(hour=0, minute=0, second=0, fold=0)


def test_unknown_stays_none_and_zero_stays_zero() -> None:
    chain = [option(100.0, bid=0.0, delta=None), *(option(101.0 + n) for n in range(9))]
    block = small(symbol(chain=chain)).symbols["ABC"]
    assert block.option_chain[0].bid == 0.0
    assert block.option_chain[0].delta is None
    assert block.option_chain[0].last is None
    assert block.bid is None
    assert block.historical_bars[0].wap is None


def test_sessions_are_typed_and_closed_days_have_no_hours() -> None:
    opened, closed = small().sessions
    assert opened.open == datetime(2026, 2, 6, 14, 30, tzinfo=UTC)
    assert opened.close == datetime(2026, 2, 6, 21, 0, tzinfo=UTC)
    assert (closed.date, closed.open, closed.close) == ("20260207", None, None)


def test_the_package_names_resolve_and_others_do_not() -> None:
    assert {name: getattr(facade, name) for name in facade.__all__}["Snapshot"] is Snapshot
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        facade.nonsense  # noqa: B018
