"""One expiry at a day's close: forwards, values, quotes, and what stands still about them."""

from __future__ import annotations

import json
from dataclasses import replace
from math import exp, log

import pytest

from pytest_ibkr.sim import pricing
from pytest_ibkr.sim.composed_options import (
    ChainMaker,
    ExpiryAtClose,
    at_close,
    moved_surface,
    spread_of,
)
from pytest_ibkr.snapshot.con_ids import OptionKey, option_con_id
from pytest_ibkr.snapshot.days_layout import SymbolSurface
from pytest_ibkr.snapshot.rows import OptionRow
from pytest_ibkr.snapshot.surface import Knot, Slice, Surface
from tests.snapshot.days_samples import CALENDAR, SUMMER

DATA: SymbolSurface = json.loads((SUMMER / "surface.json").read_text("utf-8"))["symbols"]["SPY"]
BASE = Surface([Knot(r["days"], Slice(r["theta"], r["right"], r["left"])) for r in DATA["knots"]])
STRIKES = [700.0, 740.0, 750.0, 751.0, 760.0, 800.0]


def closing(day: str, expiry: str, *, spot: float = 750.0) -> ExpiryAtClose:
    return at_close(day, expiry, spot=spot, surface=BASE, data=DATA, rate=0.038, calendar=CALENDAR)


def rows(at: ExpiryAtClose) -> dict[tuple[str, float], OptionRow]:
    made = ChainMaker("SPY", DATA, {}).rows(at, STRIKES, close_of=lambda *_: None)
    return {(row.right, row.strike): row for row in made}


def test_the_forward_carries_the_spot_and_loses_its_dividends() -> None:
    before, after = closing("20260713", "20260917"), closing("20260713", "20260918")
    paid = next(row for row in DATA["dividends"] if row["exDate"] == "20260918")["dollars"]
    assert before.forward == pytest.approx(750.0 * exp(DATA["carryRate"] * before.years))
    assert after.forward == pytest.approx(750.0 * exp(DATA["carryRate"] * after.years) - paid)
    assert closing("20260918", "20261016").forward > 750.0  # paid already


def test_call_and_put_keep_parity() -> None:
    at = closing("20260713", "20260814")
    for value in at.valued(STRIKES):
        edge = at.discount * (at.forward - value.strike)
        assert value.call - value.put == pytest.approx(edge, abs=1e-9)


def test_the_volatility_of_a_row_prices_its_mid() -> None:
    at = closing("20260713", "20260814")
    row = rows(at)["P", 740.0]
    assert row.implied_vol is not None
    assert row.bid is not None
    assert row.ask is not None
    value = pricing.price(
        at.forward, 740.0, at.years, vol=row.implied_vol, right="P", discount=at.discount
    )
    assert row.bid <= value <= row.ask
    assert (row.bid + row.ask) / 2 == pytest.approx(value, abs=0.011)


def test_on_its_last_day_an_option_is_worth_its_edge_and_has_the_days_volatility() -> None:
    found = rows(closing("20260713", "20260713"))
    call, put = found["C", 740.0], found["P", 740.0]
    assert call.bid is not None
    assert call.ask is not None
    assert call.bid <= 10.0 <= call.ask
    assert (put.bid, put.ask) == (0.0, 0.01)
    assert (call.delta, put.delta, call.gamma) == (1.0, 0.0, None)
    at_the_money = found["C", 750.0].implied_vol
    assert at_the_money is not None
    assert 0.05 < at_the_money < 0.5


def test_a_bid_below_half_a_cent_is_none_and_quotes_are_cents() -> None:
    for row in rows(closing("20260713", "20260714")).values():
        assert row.bid is not None
        assert row.ask is not None
        assert 0 <= row.bid < row.ask
        assert row.bid * 100 == pytest.approx(round(row.bid * 100))
        assert (row.bid == 0.0) == (row.bid_size == 0)


def test_an_id_is_that_of_every_other_snapshot() -> None:
    row = rows(closing("20260713", "20260814"))["C", 751.0]
    assert row.con_id == option_con_id(OptionKey("SPY", "20260814", "C", 751.0, "SPY"))


def test_spreads_come_from_the_table_and_its_edges_hold_beyond() -> None:
    table = DATA["spreads"]
    assert spread_of(table, 0.1, 0.001) == table["dollars"][0][0]
    assert spread_of(table, 9999.0, 1.0) == table["dollars"][-1][-1]
    assert spread_of(table, table["days"][1], table["deltas"][2]) == table["dollars"][1][2]


@pytest.mark.parametrize(("index", "more"), [(20.0, True), (13.0, False)])
def test_near_volatility_moves_more_with_the_index_than_far(index: float, more: bool) -> None:
    moved = moved_surface(BASE, DATA, index=index, base_index=15.9, noise=0.0)

    def change(days: float) -> float:
        return 0.5 * log(moved.at(days).theta / BASE.at(days).theta)

    assert (change(2.0) > change(21.0) > change(100.0) > 0) is more
    assert (change(2.0) < change(21.0) < change(100.0) < 0) is not more
    response = DATA["response"]
    assert change(21.0) == pytest.approx(
        log(index / 15.9) * (22 / 21) ** response["exponent"], rel=0.02
    )


def test_a_crash_turns_the_term_structure_but_makes_no_arbitrage() -> None:
    moved = moved_surface(BASE, DATA, index=60.0, base_index=15.9, noise=0.0)
    thetas = [knot.slice.theta for knot in moved.knots]
    assert thetas == sorted(thetas)
    assert all(knot.slice.butterfly_free for knot in moved.knots)
    assert moved.at(1.0).theta > moved.at(60.0).theta / 60  # a day now is a day's share and more


def test_nothing_moves_when_the_index_stands_still() -> None:
    same = moved_surface(BASE, DATA, index=15.9, base_index=15.9, noise=0.0)
    assert [k.slice.theta for k in same.knots] == [k.slice.theta for k in BASE.knots]


def test_activity_is_greatest_at_the_money() -> None:
    at = replace(closing("20260713", "20260814"))
    found = rows(at)
    volumes = [found["C", strike].volume or 0 for strike in (750.0, 800.0)]
    assert volumes[0] > volumes[1]
