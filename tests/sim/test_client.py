"""What a connection adds to an error: when it happened."""

from __future__ import annotations

import pytest

from pytest_ibkr.sim.journal import Note
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.versions import ERROR_TIME
from tests.sim.orders_bench import TEN_O_CLOCK_S, Bench, Desk

HALF_PAST_MS = int(TEN_O_CLOCK_S * 1000) + 1_234


@pytest.fixture
def bench() -> Bench:
    return Bench(start_s=HALF_PAST_MS / 1000)


def notices(desk: Desk) -> list[ErrorNotice]:
    return [message for message in desk.receive() if isinstance(message, ErrorNotice)]


def test_an_error_is_dated_with_the_gateways_time(bench: Bench) -> None:
    desk = bench.start(ERROR_TIME)
    desk.cancel(99)
    (notice,) = notices(desk)
    assert (notice.code, notice.at_ms) == (10147, HALF_PAST_MS)


def test_before_194_an_error_has_no_date(bench: Bench) -> None:
    desk = bench.start(ERROR_TIME - 1)
    desk.cancel(99)
    (notice,) = notices(desk)
    assert (notice.layout, notice.at_ms) == (2, 0)


def test_the_confirmation_of_a_cancel_is_dated_on_a_whole_second(bench: Bench) -> None:
    desk = bench.start(ERROR_TIME)
    desk.place(1, "BUY", 100, limit_price="750.00")
    bench.run(1)
    desk.cancel(1)
    bench.run(1)
    (notice,) = notices(desk)
    assert notice.code == 202
    assert notice.at_ms % 1000 == 0
    assert 0 <= notice.at_ms / 1000 - TEN_O_CLOCK_S <= 3.3


def test_output_that_waits_too_long_is_noted_once_each_time_it_becomes_too_much(
    bench: Bench,
) -> None:
    client = bench.start(ERROR_TIME).client
    for waiting in (99_000, 100_001, 250_000, 20, 100_001):
        client.waits(waiting)

    notes = [e.message.text for e in bench.engine.journal.entries() if isinstance(e.message, Note)]
    noted = [text for text in notes if text.startswith("Output")]
    assert noted == [
        "Output exceeded limit: 100001 bytes wait for the client, 100000 may",
        "Output exceeded limit: 100001 bytes wait for the client, 100000 may",
    ]
    assert (client.most_waiting, client.overflows) == (250_000, 2)
