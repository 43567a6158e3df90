"""A market with made-up instruments in it shares everything with the one it extends."""

from __future__ import annotations

import gc
from dataclasses import replace
from weakref import ref

import pytest

from pytest_ibkr.sim.listing import FIRST_LISTED, Listing
from pytest_ibkr.sim.presets import INDEX_RATIO, PRESETS
from pytest_ibkr.sim.world import World
from pytest_ibkr.snapshot.con_ids import FIRST_MADE_UP
from tests.sim.added_bench import listed, world_with
from tests.sim.data_bench import CAPTURED, TEN, normal_world, on_friday, option

MORNING = (TEN, on_friday(11, 17, 3.25), on_friday(15, 59, 58), CAPTURED - 0.5)


def test_nothing_added_is_the_same_market():
    world = normal_world()
    assert world.extended(()) is world
    assert world.listed == ()


def test_the_same_additions_are_the_same_market_in_any_session():
    assert world_with("ES", "SPX") is world_with("ES", "SPX")
    assert world_with("ES", "ES") is world_with("ES")


def test_instruments_stay_the_objects_they_are():
    base, more, most = normal_world(), world_with("ES"), world_with("ES", "SPX", "EUR.USD")
    assert most.book.by_symbol("ESU6") is more.book.by_symbol("ESU6")
    assert most.book.by_symbol("SPY") is base.book.by_symbol("SPY")
    assert most.book.by_id(option().con_id) is option()
    assert most.market.paths["SPY"] is base.market.paths["SPY"]
    assert most.market.paths["ESU6"] is more.market.paths["ESU6"]


def test_what_was_not_added_is_not_there():
    assert normal_world().book.by_symbol("ES") is None
    assert world_with("SPX").book.by_symbol("ES") is None
    assert {each.symbol for each in world_with("SPX").listed} == {"SPX"}


def test_the_ids_lie_in_a_range_of_their_own():
    world = world_with("ES", "MES", "SPX", "EUR.USD", "US-T")
    made_up = [each for each in world.book.underlyings if each.synthetic]
    ids = [each.con_id for each in (*made_up, *world.book.chain("SPX"))]
    assert len(ids) == len(set(ids)) > 1000
    assert all(FIRST_LISTED <= each < FIRST_MADE_UP for each in ids)
    real = {each.con_id for each in normal_world().book.underlyings}
    assert real.isdisjoint(ids)


@pytest.mark.parametrize("at_s", [*MORNING, CAPTURED])
def test_the_index_is_spy_times_a_fixed_ratio(at_s):
    world = world_with("SPX")
    spy = world.market.quote(world.book.by_symbol("SPY"), at_s).last
    quote = world.market.quote(listed("SPX"), at_s)
    assert quote.last == pytest.approx(spy * INDEX_RATIO, rel=2e-4)
    assert (quote.bid, quote.ask, quote.volume) == (None, None, None)


@pytest.mark.parametrize("at_s", [*MORNING, CAPTURED])
def test_a_future_is_dearer_the_later_it_expires(at_s):
    world = world_with("ES")
    index = world.market.quote(world.book.by_symbol("ES.IND"), at_s).last
    quotes = [
        world.market.quote(listed("ES", f"ES{code}"), at_s) for code in ("U6", "Z6", "H7", "M7")
    ]
    bids = [quote.bid for quote in quotes]
    assert index < bids[0] < bids[1] < bids[2] < bids[3] < index * 1.05
    for quote in quotes:
        assert quote.ask - quote.bid == 0.25
        assert quote.bid % 0.25 == 0
        assert quote.high >= quote.last >= quote.low


def test_a_future_ends_at_the_index():
    """Its bars come down to the index as its last day nears."""
    from pytest_ibkr.sim.made_up_bars import factor
    from pytest_ibkr.sim.presets import PRESETS

    [source] = [each.source for each in PRESETS["ES"]("20260710") if each.expiry == "20260918"]
    assert factor(source, "20260918") == INDEX_RATIO
    assert factor(source, "20260710") > factor(source, "20260817") > INDEX_RATIO


def test_a_future_that_is_over_has_bars_to_its_last_day_and_no_quote():
    world = world_with("ES")
    over = listed("ES", "ESM6")
    assert over.expired
    assert max(world.market.paths["ESM6"].daily) == "20260618"  # the 19th is a holiday
    assert world.market.quote(over, TEN).bid is None


def test_a_currency_pair_has_bid_and_ask_on_its_fine_grid_and_no_trades():
    world = world_with("EUR.USD")
    for at_s in (*MORNING, CAPTURED):
        quote = world.market.quote(listed("EUR.USD"), at_s)
        assert round((quote.ask - quote.bid) * 1e5, 6) == 2
        assert (quote.last, quote.volume, quote.open) == (None, None, None)
        assert 1.0 < quote.bid < 1.4
        assert quote.close is not None


def test_a_walk_is_the_same_in_every_process_and_ends_at_its_price():
    world = world_with("EUR.USD")
    before = world.market.quote(listed("EUR.USD"), CAPTURED - 0.5)
    at_last = world.market.quote(listed("EUR.USD"), CAPTURED)
    assert at_last.bid == pytest.approx(1.17, abs=2e-5)
    assert before.bid == pytest.approx(at_last.bid, abs=1e-3)
    bars = world.market.paths["EUR.USD"].block.bars
    assert len(bars["5 mins"]) == len(normal_world().market.paths["SPY"].block.bars["5 mins"])
    for bar in bars["1 day"]:
        assert bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high


def test_everything_made_up_says_so():
    world = world_with("ES", "SPX", "EUR.USD", "US-T")
    for key, chain in world.book.chains.items():
        origins = {each.origin for each in chain.block.provenance.values()}
        if chain.underlying.synthetic:
            assert origins == {"synthetic"}, key
    assert all(each.synthetic for each in world.book.chain("SPX"))


def test_what_no_session_uses_any_more_is_dropped_but_for_the_last_few():
    base = World(normal_world().snapshot)
    kept = base.extended((_stock(0),))
    forgotten = ref(base.extended((_stock(1),)))
    assert base.extended((_stock(1),)) is forgotten(), "asked for again at once, it is there"
    for number in range(2, 40):
        base.extended((_stock(number),))
    gc.collect()
    assert forgotten() is None
    assert base.extended((_stock(0),)) is kept, "somebody has it"
    assert base.extended((_stock(0), _stock(1))).book.by_symbol("S0") is kept.book.by_symbol("S0")


def _stock(number: int) -> Listing:
    """A made-up stock like no other."""
    [index] = PRESETS["SPX"]("20260710")
    name = f"S{number}"
    return replace(index, family=name, symbol=name, local_symbol=name, options=False)
