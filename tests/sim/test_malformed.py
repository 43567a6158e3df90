"""Frames the gateway cannot read: error 320, and the one kind it drops in silence."""

from __future__ import annotations

import pickle

import pytest

from pytest_ibkr.errors import WireError
from pytest_ibkr.sim.journal import Note
from pytest_ibkr.wire.codec import TooFewFields, decode_request
from pytest_ibkr.wire.messages.order import CancelOrder
from pytest_ibkr.wire.versions import CME_TAGGING, EXECUTION_DAYS
from tests.sim.orders_bench import Bench, Desk


@pytest.fixture
def bench() -> Bench:
    return Bench()


def sent(bench: Bench, desk: Desk, joined: str) -> list[str]:
    """What a client hears of a frame in the next second."""
    bench.engine.receive(desk.client, joined.replace(";", "\0").encode())
    bench.run(1)
    return desk.script()


@pytest.mark.parametrize("old_form", ["4;1;1;;", "4;1;;"])
def test_a_cancel_in_an_older_form_is_dropped_and_the_order_keeps_working(
    bench: Bench, old_form: str
) -> None:
    desk = bench.start(CME_TAGGING)
    desk.place(1, "BUY", 100, limit_price="750.00")
    bench.run(1)
    desk.receive()
    assert sent(bench, desk, old_form) == []
    assert bench.engine.failures == []
    assert [order.order_id for order in bench.engine.orders.open_orders()] == [1]
    assert sent(bench, desk, "4;1;;;2147483647;")[-2:] == ["3:Cancelled 0/100", "202"]


def test_a_cancel_with_too_few_fields_was_an_error_before(bench: Bench) -> None:
    assert sent(bench, bench.start(CME_TAGGING - 1), "4;1;1;") == ["320"]


@pytest.mark.parametrize("joined", ["4;1;;;;surplus;", "4;x;;;;", "58;"])
def test_other_wrong_cancels_are_errors(bench: Bench, joined: str) -> None:
    assert sent(bench, bench.start(CME_TAGGING), joined) == ["320"]


def test_executions_asked_for_without_days_are_an_error_and_have_no_end(bench: Bench) -> None:
    without_days = "7;3;5;0;;;;;;;"
    assert sent(bench, bench.start(EXECUTION_DAYS - 1), without_days) == ["55"]
    assert sent(bench, bench.start(EXECUTION_DAYS, client_id=2), without_days) == ["320"]


def test_the_error_of_a_short_frame_says_what_it_was_and_can_be_pickled() -> None:
    with pytest.raises(WireError, match="CancelOrder: 2 fields are too few at 192") as caught:
        decode_request(b"4\x001\x00", CME_TAGGING)
    again = pickle.loads(pickle.dumps(caught.value))
    assert isinstance(again, TooFewFields)
    assert (again.message, again.version, str(again)) == (
        *(CancelOrder, CME_TAGGING),
        str(caught.value),
    )


@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 1_783_692_000_123])
@pytest.mark.parametrize(
    "joined",
    ["62;1;{};All;NetLiquidation;", "4;{};;;2147483647;", "87;{};756733;;;;;;;;;;;;0;1;TRADES;1;"],
)
def test_a_request_under_more_than_32_bits_is_dropped_without_a_word(
    bench: Bench, joined: str, number: int
) -> None:
    desk = bench.start(CME_TAGGING)
    assert sent(bench, desk, joined.format(number)) == []
    assert desk.receive() == []
    notes = [e.message for e in bench.engine.journal.entries() if isinstance(e.message, Note)]
    assert "its id has more than 32 bits" in notes[-1].text


def test_the_largest_id_is_answered(bench: Bench) -> None:
    assert sent(bench, bench.start(CME_TAGGING), "4;2147483647;;;2147483647;") == ["10147"]
