"""Broken ways to count the money of combinations, under which a named check must turn red."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from pytest_ibkr.sim import (
    combo_executions,
    combo_quotes,
    execution_record,
    margin,
    option_margin,
)
from pytest_ibkr.sim.positions import Trade
from tests.sim import test_combo_funds as funds
from tests.sim import test_combo_orders as orders
from tests.sim.orders_bench import Bench

Break = Callable[[pytest.MonkeyPatch], None]


def charges_both_sides(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(option_margin, "_one_side_free", lambda _spreads: Decimal(0))
    patch.setattr(option_margin, "_largest_loss", lambda _lines: None)


def sees_no_cover(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(option_margin, "_candidates", lambda *_lines, **_rest: [])
    patch.setattr(option_margin, "_largest_loss", lambda _lines: None)


def lets_naked_shorts_pass(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(option_margin, "naked", lambda line, _underlying: line.price)


def lends_half(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(margin, "BUYING_POWER_FACTOR", 2)


def books_the_whole_beside_its_legs(patch: pytest.MonkeyPatch) -> None:
    execute = execution_record.execute_combo

    def twice(engine, book, order, **fill):
        engine.accounts.trade(Trade(order.instrument, fill["shares"], order.last_price))
        return execute(engine, book, order, **fill)

    patch.setattr(execution_record, "execute_combo", twice)


def charges_by_combination(patch: pytest.MonkeyPatch) -> None:
    charge = combo_executions.commission_of_fill
    patch.setattr(
        combo_executions,
        "commission_of_fill",
        lambda kind, *, before, shares: charge(kind, before=before, shares=shares) / 2,
    )


def fills_at_the_mid(patch: pytest.MonkeyPatch) -> None:
    side = combo_quotes.side

    def middle(leg, found, *, buys):
        (one, size), (other, _) = side(leg, found, buys=buys), side(leg, found, buys=not buys)
        return (None if one is None or other is None else (one + other) / 2), size

    patch.setattr(combo_quotes, "side", middle)


def forgets_the_scarcest_leg(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("pytest_ibkr.sim.order_watch.take", lambda *_found, buys, wanted: wanted)


VARIANTS: dict[str, tuple[Break, Callable[[], None]]] = {
    "an iron condor charged on both sides": (
        charges_both_sides,
        lambda: on_funds(funds.test_an_iron_condor_needs_one_of_its_sides),
    ),
    "a spread charged as a naked short": (
        sees_no_cover,
        lambda: on_funds(funds.test_a_what_if_of_a_spread_shows_its_width_and_both_commissions),
    ),
    "a naked short charged its price alone": (
        lets_naked_shorts_pass,
        lambda: on_funds(funds.test_the_same_short_alone_needs_far_more),
    ),
    "buying power of twice the funds": (
        lends_half,
        lambda: on_funds(funds.test_an_iron_condor_needs_one_of_its_sides),
    ),
    "a combination booked beside its legs": (
        books_the_whole_beside_its_legs,
        lambda: on_orders(orders.test_a_credit_has_a_negative_average_price),
    ),
    "commission for the combination, not its legs": (
        charges_by_combination,
        lambda: on_orders(orders.test_reports_of_commission_add_up_to_what_the_order_shows),
    ),
    "fills at the middle of the natural prices": (
        fills_at_the_mid,
        lambda: on_orders(orders.test_a_limit_inside_the_natural_prices_rests_until_they_reach_it),
    ),
    "a fill beyond the size of a leg": (
        forgets_the_scarcest_leg,
        lambda: on_orders(orders.test_the_scarcest_leg_caps_the_fill),
    ),
}


def on_funds(check: Callable[..., None]) -> None:
    bench = funds.quoted("10000.00")
    check(bench=bench, client=bench.start())


def on_orders(check: Callable[..., None]) -> None:
    bench: Bench = orders.quoted()
    check(bench=bench, client=bench.start())


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, id=name, marks=pytest.mark.req("XC-001", counter_proof=name))
        for name in VARIANTS
    ],
)
def test_money_that_is_counted_wrong_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, check = VARIANTS[name]
    check()
    broken(monkeypatch)
    with pytest.raises(AssertionError):
        check()
