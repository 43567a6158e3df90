"""Behaviours of gateway-behaviour.md 8, by number: what happens to orders.

Sessions are in ``test_behaviours_sessions``, data in ``test_behaviours_data``.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

from tests.conformance.golden.actors import DBL_MAX, INT_MAX, RawActor, Ticket
from tests.conformance.golden.conftest import SPY, Stage
from tests.conformance.golden.test_golden_scripts import AFTER_HOURS, MARKET, RESTING, pair


def last_status(stage: Stage, order_id: int = 1) -> tuple[Any, ...]:
    """Status, filled and remaining an order was last said to have."""
    told = [row for row in stage.actor.told("status") if row[0] == order_id]
    return tuple(told[-1][1:4])


def pairs(told: list[str]) -> list[str]:
    """The statuses of what comes in pairs; fails where an echo and its status do not agree."""
    assert len(told) % 2 == 0
    echoes = [token for token in told if token.startswith("5:")]
    statuses = [token for token in told if token.startswith("3:")]
    assert [e[2:] for e in echoes] == [s[2:] for s in statuses]
    assert all(e[2:] == s[2:] for e, s in zip(told[::2], told[1::2], strict=True))
    return [echo[2:] for echo in echoes]


def test_b01_every_change_is_a_pair_and_pairs_are_repeated(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, RESTING)
    rests = stage.heard()
    stage.actor.place(2, MARKET)
    filled = stage.heard()

    assert pairs(rests) == ["PreSubmitted", "Submitted", "Submitted"]
    assert pairs([token for token in filled if token.startswith(("3:", "5:"))][-4:]) == [
        "Filled",
        "Filled",
    ]
    assert filled.count("11") == filled.count("59") == 1  # the trade itself is told once


def test_b02_a_normal_cancel_is_202_on_the_error_channel(stage: Stage) -> None:
    stage.connect()
    stage.session.orders.hold()
    stage.actor.place(1, RESTING.but(quantity=100))
    stage.heard()
    stage.session.orders.fill(1, 40, Decimal("699.99"))
    stage.heard()
    stage.actor.cancel(1)
    told = stage.heard()

    assert told[-2:] == ["3:Cancelled", "4:202"]
    assert last_status(stage) == ("Cancelled", 40.0, 60.0)
    assert stage.actor.codes[-1] == (1, 202, "Order Canceled - reason:")


def test_b03_informational_codes_look_fatal_and_the_order_lives(stage: Stage) -> None:
    stage.session.configure(empty_tif_notice=True, shortable_shares={"SPY": 0})
    stage.connect()
    stage.actor.place(1, MARKET.but(tif=""))
    preset = stage.heard()
    stage.actor.place(2, MARKET.but(changes=(("outsideRth", True),)))
    ignored = stage.heard()
    stage.actor.place(3, RESTING)
    stage.actor.place(3, Ticket(limit=700.005))
    off_grid = stage.heard()
    stage.actor.place(4, Ticket("SELL", quantity=100, limit=790.0))
    located = stage.heard()
    stage.actor.open_orders()
    alive = stage.heard()

    assert preset[0] == "4:10349"
    assert ignored[0] == "4:2109"
    assert preset[-1] == ignored[-1] == "59"  # both filled
    assert "4:110" in off_grid
    assert "4:404" in located
    assert sorted(alive) == sorted([*pair("Submitted"), *pair("PreSubmitted"), "53"])


def test_b04_the_order_of_a_fills_events_is_not_fixed(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, MARKET)
    usual = stage.heard()
    with stage.session.weather.fill_before_status():
        stage.actor.place(2, MARKET)
        early = stage.heard()
    with stage.session.weather.partial_fills(share=0.5):
        stage.actor.place(3, MARKET.but(quantity=100))
        parts = stage.heard(10.0)
    stage.actor.place(4, Ticket("SELL", 120, type="MKT"))
    stage.heard(10.0)

    assert usual.index("11") < usual.index("3:Filled")
    assert early.index("3:Filled") < early.index("11")
    assert parts.count("11") == parts.count("59") >= 2
    for told in (usual, early, parts):
        paid = [i for i, token in enumerate(told) if token == "59"]
        done = [i for i, token in enumerate(told) if token == "11"]
        assert all(first < then for first, then in zip(done, paid, strict=True))
    commissions = stage.actor.told("commission")
    opening = commissions[: 2 + parts.count("59")]
    nothing = (DBL_MAX, 0.0) if stage.version > 200 else (DBL_MAX,)  # a body leaves it out
    assert all(realized in nothing for _id, _paid, realized in opening)
    assert all(abs(realized) < DBL_MAX for _id, _paid, realized in commissions[len(opening) :])
    minimum, *later = [paid for _id, paid, _realized in opening[2:]]
    assert minimum > 1.0
    assert all(0.0 < paid < 0.001 for paid in later)  # written as 1.2E-4 and the like


@AFTER_HOURS
def test_b12_an_order_out_of_hours_stays_presubmitted_with_399(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, RESTING)
    said = stage.heard(only="4 3 5")
    hours = stage.heard(3 * 3600.0, only="4 3 5")
    stage.actor.cancel(1)
    told = stage.heard()

    assert said == ["4:399", *pair("PreSubmitted")]
    assert hours == []
    text = next(text for _id, code, text in stage.actor.codes if code == 399)
    assert text.startswith(
        "Order Message:\nBUY 10 SPY ARCA\nWarning: Your order will not be placed"
    )
    assert "3:PendingCancel" in told
    assert told[-2:] == ["3:Cancelled", "4:202"]


def test_b13_a_bracket_is_silent_until_its_last_leg(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, RESTING.but(transmit=False))
    stage.actor.place(2, Ticket("SELL", limit=790.0, parent=1, transmit=False))
    silence = stage.heard()
    stage.actor.place(3, Ticket("SELL", type="STP", stop=650.0, parent=1))
    stage.heard()
    held = {row[0]: row[4] for row in stage.actor.told("status")}
    groups = {row[0]: row[2] for row in stage.actor.told("echo")}
    permanent = {order.order_id: order.perm_id for order in stage.session.orders.all()}
    stage.actor.cancel(1)
    told = stage.heard()

    assert silence == []
    assert held == {1: "", 2: "child", 3: "child,trigger"}
    assert groups[2] == groups[3] == permanent[1]
    assert told.count("3:Cancelled") == told.count("4:202") == 3
    assert {number for number, code, _text in stage.actor.codes if code == 202} == {1, 2, 3}


def test_b21_cancels_race(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, RESTING)
    stage.heard()
    stage.actor.cancel(1)
    stage.actor.cancel(1)
    twice = stage.heard()
    stage.actor.place(2, RESTING)
    stage.heard()
    with stage.session.weather.cancel_race():
        stage.actor.cancel(2)
        overtaken = stage.heard()
    stage.actor.cancel_quote(77)
    stage.actor.cancel_bars(78)
    stage.actor.cancel_all()

    assert sorted(twice) == ["3:Cancelled", "3:PendingCancel", "4:10148", "4:202"]
    assert [token for token in overtaken if token in ("11", "4:10148")] == ["11", "4:10148"]
    assert last_status(stage, 2)[0] == "Filled"
    assert sorted(stage.heard()) == ["4:161", "4:161", "4:300", "4:366"]
    texts = [text for number, code, text in stage.actor.codes if code == 10148]
    assert [text.rpartition("state: ")[2] for text in texts] == ["PendingCancel.", "Filled."]


def test_b22_an_accepted_order_is_cancelled_by_the_broker_later(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, Ticket(limit=7_500.0, quantity=1))
    banded = stage.heard()
    with stage.session.weather.margin_reject():
        stage.actor.place(2, RESTING)
        poor = stage.heard()

    assert banded[:2] == pair("PreSubmitted")
    assert banded[-2:] == ["3:Cancelled", "4:202"]
    assert poor == ["3:Inactive", "4:201", "3:Inactive"]
    long, reject = (next(t for _i, c, t in stage.actor.codes if c == code) for code in (202, 201))
    assert "<br>" in long
    assert len(long) > 150
    assert "MUST EXCEED THE INITIAL MARGIN" in reject


def test_b23_sentinels_are_everywhere(stage: Stage, call_id: int) -> None:
    stage.connect()
    stage.session.market.quote(call_id, bid=0.01, ask=3000.0)  # no volatility has such prices
    stage.actor.quote(11, call_id)
    stage.session.market.withdraw("SPY", "ask")
    stage.actor.quote(12, SPY)
    stage.heard(2.0)
    stage.session.market.clear("SPY")
    stage.actor.place(1, RESTING)
    stage.heard()

    missing = [
        price for request, tick, price in stage.actor.told("price") if (request, tick) == (12, 2)
    ]
    assert missing[0] == -1.0
    computed = stage.actor.told("computation")
    # The official client turns what is not computed into None.
    price, greek = (-1.0, -2.0) if isinstance(stage.actor, RawActor) else (None, None)
    assert [row[:4] for row in computed if row[1] == 11] == [(11, 11, price, greek)]
    _id, right, _group, display, hedge, margin = stage.actor.told("echo")[0]
    if stage.version <= 200:
        assert (right, display, hedge, margin) == ("?", INT_MAX, "None", DBL_MAX)
    else:  # a body leaves out what is not set: what a client shows is its own default
        assert display == 0.0
        assert margin in ("", DBL_MAX)


def test_statuses_only_ever_add_to_what_is_filled(stage: Stage) -> None:
    stage.connect()
    with (
        stage.session.weather.partial_fills(share=0.4),
        stage.session.weather.duplicate_callbacks(),
    ):
        stage.actor.place(1, MARKET.but(quantity=100))
        stage.heard(20.0)

    told = [(row[2], row[3]) for row in stage.actor.told("status")]
    assert all(filled + remaining == 100 for filled, remaining in told)
    assert all(before[0] <= after[0] for before, after in pairwise(told))
    assert last_status(stage)[0] == "Filled"
