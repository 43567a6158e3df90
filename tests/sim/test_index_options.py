"""SPX and SPXW options: SPY's surface, scaled."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.sim.market_rules import RULES, rule_of
from pytest_ibkr.sim.presets import INDEX_RATIO
from pytest_ibkr.wire.messages.contract import Contract
from tests.sim.added_bench import world_with
from tests.sim.data_bench import CAPTURED, TEN, on_friday, option

MONTHLY, WEEKLY = "SPX", "SPXW"


def _one(trading_class=WEEKLY, *, strike=7530.0, right="C", expiry="20260717"):
    asked = Contract(
        symbol="SPX",
        sec_type="OPT",
        exchange="CBOE",
        expiry=expiry,
        strike=strike,
        right=right,
        trading_class=trading_class,
    )
    [found] = world_with("SPX").book.find(asked)
    return found


def test_the_weekly_class_has_every_expiry_of_spy():
    world = world_with("SPX")
    ours = {o.expiry for o in world.book.chain("SPX") if o.trading_class == WEEKLY}
    assert ours == {o.expiry for o in world.book.chain("SPY")}


def test_the_monthly_class_trades_until_the_day_before_the_third_friday():
    world = world_with("SPX")
    monthly = [o for o in world.book.chain("SPX") if o.trading_class == MONTHLY]
    dates = {(o.expiry, o.real_expiry) for o in monthly}
    assert dates == {("20260716", "20260717"), ("20260820", "20260821")}
    assert monthly[0].local_symbol.startswith("SPX   260717")


def test_two_classes_that_end_trading_on_one_day_are_two_contracts():
    weekly, monthly = (_one(n, strike=7550.0, expiry="20260716") for n in (WEEKLY, MONTHLY))
    assert weekly is not monthly
    market = world_with("SPX").market
    # The monthly one lives until the next morning.
    assert market.years_to_expiry(monthly, TEN) > market.years_to_expiry(weekly, TEN)
    assert market.quote(monthly, TEN).bid > market.quote(weekly, TEN).bid


def test_a_quote_at_the_captured_instant_is_spys_times_the_ratio():
    market = world_with("SPX").market
    for right in "CP":
        ours = market.quote(_one(strike=7530.0, right=right), CAPTURED)
        spys = market.quote(option(753.0, right, "20260717"), CAPTURED)
        assert (ours.bid, ours.ask) == pytest.approx(
            (spys.bid * INDEX_RATIO, spys.ask * INDEX_RATIO)
        )


@pytest.mark.parametrize("at_s", [TEN, on_friday(13, 5)])
def test_volatility_and_delta_are_spys(at_s):
    market = world_with("SPX").market
    ours = market.computation(_one(), at_s, "model")
    spys = market.computation(option(753.0, "C", "20260717"), at_s, "model")
    assert ours.implied_vol == pytest.approx(spys.implied_vol, rel=0.01)
    assert ours.delta == pytest.approx(spys.delta, abs=0.01)
    assert ours.vega == pytest.approx(spys.vega * INDEX_RATIO, rel=0.02)
    assert ours.gamma == pytest.approx(spys.gamma / INDEX_RATIO, rel=0.02)


@pytest.mark.parametrize("at_s", [TEN, on_friday(13, 5), CAPTURED])
def test_quotes_are_on_the_grid_of_index_options(at_s):
    market = world_with("SPX").market
    for instrument in world_with("SPX").book.chain("SPX")[::7]:
        quote = market.quote(instrument, at_s)
        for price in (quote.bid, quote.ask):
            if price:
                exact = Decimal(str(round(price, 6)))
                assert exact % (Decimal("0.05") if exact < 3 else Decimal("0.1")) == 0


def test_the_grid_is_the_rule_that_details_name():
    market, found = world_with("SPX").market, _one()
    steps = RULES[rule_of(found)]
    for price in (Decimal("0.5"), Decimal("2.95"), Decimal(3), Decimal(50)):
        [step] = [s for s in steps if s.low_edge <= price][-1:]
        assert float(market.tick_size(found, price)) == step.increment
