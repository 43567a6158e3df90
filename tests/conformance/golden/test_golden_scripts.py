"""The golden scripts of gateway-behaviour.md, appendix C, by name: over bare frames and through
the official client.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.sim.conditions import Latency
from pytest_ibkr.wire.messages.contract import Contract
from tests.conformance.golden.actors import Ticket
from tests.conformance.golden.conftest import SPY, Stage

MARKET = Ticket(type="MKT")
RESTING = Ticket(limit=700.0)
NOBODY = Contract(symbol="NOSUCHTHING", sec_type="STK", exchange="SMART", currency="USD")
AFTER_HOURS = pytest.mark.parametrize("hour", [(16, 30)])


def pair(status: str) -> list[str]:
    """The echo of an order and its status."""
    return [f"5:{status}", f"3:{status}"]


def test_s1_cold_connect(stage: Stage) -> None:
    stage.actor.connect()
    told = stage.heard(notices=True)

    assert told[:2] == ["15", "9"]
    assert {"4:2104", "4:2106", "4:2158"} == set(told[2:])
    assert told[2] == "4:2104"
    assert told[-1] == "4:2158"


def test_s2_reconnect_with_a_working_limit(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, RESTING)
    stage.heard()
    stage.leave()
    stage.enter()

    assert stage.connect() == [*pair("Submitted"), "53", "15", "9"]


def test_s3_duplicate_id(stage: Stage) -> None:
    stage.connect()
    stage.enter()

    assert stage.connect() == ["4:326", "close"]


def test_s4_market_fill(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, MARKET)

    filled = pair("Filled")
    assert stage.heard() == [*pair("PreSubmitted"), "11", *filled, *filled, "59"]


def test_s5_partial_fills(stage: Stage) -> None:
    stage.connect()
    stage.session.orders.hold()
    stage.actor.place(1, MARKET.but(quantity=100))
    begun = stage.heard()
    told = []
    for quantity, price in ((40, "753.10"), (40, "753.11"), (20, "753.12")):
        stage.session.orders.fill(1, quantity, Decimal(price))
        told.append(stage.heard())

    piece = ["11", *pair("Submitted"), *pair("Submitted"), "59"]
    last = ["11", *pair("Filled"), *pair("Filled"), "59"]
    assert begun == pair("PreSubmitted")
    assert told == [piece, piece, last]


def test_s6_filled_before_its_execution(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, RESTING)
    stage.heard()
    stage.actor.place(1, MARKET)

    assert stage.heard() == [*pair("Filled"), "11", *pair("Filled"), "59"]


def test_s7_a_limit_rests_and_is_cancelled(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, RESTING)
    rests = stage.heard()
    stage.actor.cancel(1)

    assert rests == [*pair("PreSubmitted"), *pair("Submitted"), *pair("Submitted")]
    assert stage.heard() == ["3:PendingCancel", "3:Cancelled", "4:202"]


@AFTER_HOURS
def test_s8_out_of_hours(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, RESTING)
    waits = stage.heard(60)
    stage.actor.cancel(1)

    assert waits == ["4:399", *pair("PreSubmitted")]
    leaving = pair("PendingCancel")
    assert stage.heard() == [*leaving, *leaving, "3:Cancelled", "4:202"]


def test_s9_bracket(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, MARKET.but(transmit=False))
    stage.actor.place(2, Ticket("SELL", limit=790.0, parent=1, transmit=False))
    silence = stage.heard()
    stage.session.orders.hold()
    stage.actor.place(3, Ticket("SELL", type="STP", stop=700.0, parent=1))
    appear = stage.heard()
    stage.session.orders.release()
    filled = stage.heard()
    stage.session.market.quote("SPY", bid=791.0, ask=791.01, last=791.0)
    ends = stage.heard()

    assert silence == []
    assert appear == pair("PreSubmitted") * 3
    assert filled[:2] == ["11", "5:Filled"]
    assert [token for token in filled if token == "3:Submitted"]  # the take-profit works now
    assert ends.index("11") < ends.index("3:Cancelled") < ends.index("4:202")


def test_s10_margin_reject(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, MARKET.but(quantity=9_000))

    assert stage.heard() == ["3:Inactive", "4:201", "3:Inactive"]


def test_s11_tick_size_reject(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, Ticket(limit=700.005))
    refused = stage.heard()
    stage.actor.place(2, RESTING)
    stage.heard()
    stage.actor.place(2, Ticket(limit=700.005))
    changed = stage.heard()
    stage.actor.open_orders()

    assert refused == ["4:110"]
    assert changed == ["4:110"]
    assert stage.heard() == [*pair("Submitted"), "53"]


def test_s12_a_preset_fills_in_the_time_in_force(stage: Stage) -> None:
    stage.session.configure(empty_tif_notice=True)
    stage.connect()
    stage.actor.place(1, MARKET.but(tif=""))

    told = stage.heard()
    assert told[0] == "4:10349"
    assert told[1:3] == pair("PreSubmitted")
    assert told[-1] == "59"


def test_s13_price_band(stage: Stage) -> None:
    stage.connect()
    stage.actor.place(1, Ticket(limit=7_500.0, quantity=1))

    assert stage.heard() == [
        *pair("PreSubmitted"), "3:PendingCancel", "3:PendingCancel", "3:Cancelled", "4:202"
    ]  # fmt: skip
    [(number, _code, text)] = [told for told in stage.actor.codes if told[1] == 202]
    assert number == 1
    assert "<br>" in text


def test_s14_cancel_of_the_unknown_and_of_the_done(stage: Stage) -> None:
    stage.connect()
    stage.actor.cancel(77)
    unknown = stage.heard()
    stage.actor.place(1, MARKET)
    stage.heard()
    stage.actor.cancel(1)

    assert unknown == ["4:10147"]
    assert stage.heard() == ["4:10148"]


def test_s15_no_permission_for_data(stage: Stage) -> None:
    stage.session.configure(entitlement="delayed")
    stage.connect()
    stage.actor.quote(11, SPY)
    refused = stage.heard(only="4 1 58 81 57")
    stage.actor.data_type(3)
    stage.actor.quote(12, SPY)
    delayed = stage.heard(only="4 1 58 81 57")

    assert [token for token in refused if token != "81"] == ["4:10089"]
    assert sorted(delayed[:3]) == ["4:10167", "58", "81"]
    assert set(delayed[3:]) == {"1"}


def test_s16_an_illiquid_snapshot_ends_after_eleven_seconds(stage: Stage) -> None:
    stage.session.market.withdraw("SPY", "bid")
    stage.connect()
    stage.session.clock.hold(answers=False)
    stage.actor.quote(11, SPY, snapshot=True)
    early = stage.heard(10.0, only="81 1 57")
    late = stage.heard(1.5, only="57")

    assert early[0] == "81"
    assert "1" in early
    assert "57" not in early
    assert late == ["57"]


def test_s17_history_and_its_pacing(stage: Stage) -> None:
    stage.connect()
    stage.actor.bars(20, SPY, size="1 hour", duration="1 D")
    told = stage.heard()
    stage.actor.bars(21, SPY, size="30 secs", duration="1800 S")
    stage.heard(1)
    stage.actor.bars(22, SPY, size="30 secs", duration="1800 S")

    assert set(told) <= {"17", "108"}
    assert "17" in told
    assert stage.heard() == ["4:162"]
    assert stage.actor.codes[-1][2].endswith("Historical data request pacing violation")


def test_s18_an_unknown_contract(stage: Stage) -> None:
    stage.connect()
    stage.actor.details(9, NOBODY)

    assert stage.heard() == ["4:200"]


def test_s21_read_only(stage: Stage) -> None:
    stage.session.configure(read_only=True)
    begun = stage.connect()
    stage.actor.open_orders()
    stage.actor.next_ids()
    stage.actor.place(1, RESTING)
    stage.actor.cancel(1)

    assert begun == ["15", "9"]
    assert stage.heard() == ["4:321"] * 4


def test_s22_a_third_account_summary(stage: Stage) -> None:
    stage.connect()
    for number in (31, 32):
        stage.actor.summary(number)
    stage.heard()
    stage.actor.summary(33)

    assert stage.heard() == ["4:322"]


def test_s23_too_fast(stage: Stage) -> None:
    stage.connect()
    stage.session.clock.hold()
    for _ in range(51):
        stage.actor.next_ids()

    told = stage.heard(0.0)
    assert told[:42] == ["9"] * 42  # the 43rd of this second comes after the stage's own question
    assert told[42] == "4:0"
    assert told[-2:] == ["4:100", "close"]


def test_s25_account_refresh_every_three_minutes(stage: Stage) -> None:
    stage.session.configure(latency=Latency(account_s=0.01))
    stage.session.account.add_position("SPY", 10, average_cost=Decimal(750))
    stage.connect()
    stage.actor.account_updates()
    download = stage.heard()
    refresh = stage.heard(181)

    assert download[-1] == "54"
    assert download.count("54") == 1
    assert refresh[:2] == ["8", "8"]
    assert refresh[-1] == "8"
    assert {"6", "7"} >= set(refresh[2:-1])
    assert "54" not in refresh
