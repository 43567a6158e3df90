"""One object per contract over the days of a market."""

from __future__ import annotations

import dataclasses

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.instrument_pool import InstrumentPool
from pytest_ibkr.sim.instruments import from_row
from tests.sim.data_bench import normal_world, option

OPTION = option()
STOCK = normal_world().book.underlying(OPTION)


def test_the_first_object_of_a_contract_stays() -> None:
    pool = InstrumentPool()
    first = pool.one(OPTION)
    renamed = dataclasses.replace(OPTION, long_name="RENAMED", valid_exchanges="SMART")
    assert pool.one(renamed) is first is OPTION
    assert len(pool) == 1


def test_a_row_of_a_later_day_makes_nothing_new() -> None:
    pool, row = InstrumentPool(), normal_world().book.row(OPTION)
    first = pool.option(STOCK, row, from_row)
    assert pool.option(STOCK, dataclasses.replace(row, bid=1.0, ask=2.0), from_row) is first


@pytest.mark.parametrize("change", [{"strike": 1.0}, {"expiry": "20300101"}, {"right": "P"}])
def test_another_contract_under_the_same_id_is_refused_by_name(change: dict[str, object]) -> None:
    pool, row = InstrumentPool(), normal_world().book.row(OPTION)
    pool.option(STOCK, row, from_row)
    with pytest.raises(UsageError, match=rf"conId {OPTION.con_id} is SPY OPT SPY.* on another"):
        pool.option(STOCK, dataclasses.replace(row, **change), from_row)  # type: ignore[arg-type]


def test_made_up_ids_may_meet() -> None:
    pool = InstrumentPool()
    first = pool.one(dataclasses.replace(OPTION, synthetic=True))
    other = dataclasses.replace(first, strike=1.0)
    assert pool.one(other) is other
