"""The kinds of a frame's fields: as many as its encoder writes, for every message and version."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.guard.field_kinds import field_kinds
from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.declare import REQUESTS
from pytest_ibkr.wire.messages.contract import Contract, ReqContractDetails
from pytest_ibkr.wire.messages.executions import Day, ReqExecutions
from pytest_ibkr.wire.messages.market_data import RatioLeg, ReqMarketData
from pytest_ibkr.wire.messages.session import ReqCurrentTime
from pytest_ibkr.wire.versions import EXECUTION_DAYS, NEWEST_TEXT, OLDEST
from tests.guard.bench import CALL, SPY, echo, order
from tests.wire.strategies import as_carried, full


def names(message: object, version: int = 178) -> list[str]:
    return [kind.name for kind in field_kinds(message, version)]  # type: ignore[arg-type]


def test_a_frame_begins_with_its_id() -> None:
    assert names(ReqCurrentTime()) == ["int", "int"]


def test_an_embedded_contract_has_its_fields() -> None:
    contract = ["int", "text", "text", "text", "double", *["text"] * 7]
    tail = ["bool", "text", "text", "text"]
    assert names(ReqContractDetails(request_id=1, contract=CALL)) == ["int"] * 3 + contract + tail


@pytest.mark.parametrize("days", [0, 2])
def test_rows_come_with_their_count(days: int) -> None:
    dates = tuple(Day(date=20260710 + n) for n in range(days))
    asked = ReqExecutions(request_id=1, dates=dates)
    plain = ["int"] * 4 + ["text"] * 6
    assert names(asked, EXECUTION_DAYS) == [*plain, "int?max", "int", *["int"] * days]
    assert names(asked, EXECUTION_DAYS - 1) == plain


def test_fields_on_a_condition_come_with_it() -> None:
    combo = Contract(symbol="SPY", sec_type="BAG")
    leg = RatioLeg(con_id=1, ratio=1, action="BUY", exchange="SMART")
    plain = ReqMarketData(request_id=1, contract=SPY)
    legs = ReqMarketData(request_id=1, contract=combo, legs=(leg,))
    hedged = ReqMarketData(request_id=1, contract=SPY, delta_neutral=True)
    head = ["int"] * 3 + ["int", "text", "text", "text", "double", *["text"] * 7]
    tail = ["text", "bool", "bool", "text"]
    assert names(plain) == [*head, "bool", *tail]
    assert names(legs) == [*head, "int", "int", "int", "text", "text", "bool", *tail]
    assert names(hedged) == [*head, "bool", "int", "double", "double", *tail]


def test_a_condition_may_be_about_two_fields() -> None:
    plain = len(names(order(order_type="PEG BEST", compete_offset=0.5), NEWEST_TEXT))
    mid = len(names(order(order_type="PEG BEST", compete_offset=math.inf), NEWEST_TEXT))
    assert mid == plain + 2  # the offsets from the midpoint


def test_an_embedding_may_write_a_field_its_own_way() -> None:
    assert names(echo())[:7] == ["int", "int", "int", "text", "text", "text", "number"]


@given(st.data(), st.sampled_from(sorted(REQUESTS)), st.integers(OLDEST, NEWEST_TEXT))
def test_there_are_as_many_kinds_as_fields_and_each_writes_its_own(
    data: st.DataObject, number: int, version: int
) -> None:
    message = as_carried(data.draw(full(REQUESTS[number])), version)
    kinds, fields = names(message, version), encode(message, version).split(b"\0")
    assert len(kinds) == len(fields) - 1
    for kind, text in zip(kinds, fields, strict=False):
        if kind == "int":
            assert text.lstrip(b"-").isdigit()
        if kind == "bool":
            assert text in (b"0", b"1")
