"""The frames of a client, from the first one on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.guard.decision import Allow, Decision, Refuse, Replace
from pytest_ibkr.guard.messages import request_id
from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.declare import REQUESTS, Message
from pytest_ibkr.wire.messages.market_data import ReqMarketData
from pytest_ibkr.wire.messages.order import (
    CancelOrder,
    ReqAutoOpenOrders,
    ReqGlobalCancel,
    ReqOpenOrders,
)
from pytest_ibkr.wire.messages.session import ManagedAccounts, ReqCurrentTime, ReqIds, StartApi
from pytest_ibkr.wire.versions import NEWEST_TEXT, OLDEST
from tests.guard.bench import ACCOUNT, FIRST_ID, SPY, Bench, bench, order, status
from tests.guard.plain import plain
from tests.wire.strategies import as_carried, full


def refused(decision: Decision) -> Refuse:
    assert isinstance(decision, Refuse)
    return decision


# ------------------------------------------------------------------ startApi


@pytest.mark.parametrize("client_id", [7001, 7002])
def test_a_client_starts_under_an_id_it_was_given(client_id: int) -> None:
    made = Bench()
    assert made.send(StartApi(client_id=client_id)) == Allow(StartApi(client_id=client_id))
    assert (made.client.client_id, made.client.started) == (client_id, True)
    assert not made.client.verified


@pytest.mark.parametrize("client_id", [0, 1, 7000, 7003, -1, 8000])
def test_another_client_id_is_refused_with_the_ones_it_was_given(client_id: int) -> None:
    made = Bench()
    decision = refused(made.send(StartApi(client_id=client_id)))
    assert (decision.rule, decision.code, decision.hang_up) == ("session.client-id", 326, True)
    assert decision.reason == (
        f"client id {client_id} is not one this test was given: 7001 to 7002"
    )
    assert "already in use" in decision.text
    assert (made.client.client_id, made.client.started) == (None, False)


def test_where_no_id_was_given_none_starts() -> None:
    made = Bench()
    made.run.allowed_client_ids = set()
    decision = refused(made.send(StartApi(client_id=7001)))
    assert decision.reason == "client id 7001 is not one this test was given: none"


def test_a_client_starts_once() -> None:
    made = Bench()
    assert made.rule(StartApi(client_id=7001)) is None
    decision = refused(made.send(StartApi(client_id=7002)))
    assert (decision.rule, decision.hang_up) == ("session.started-twice", True)
    assert made.client.client_id == 7001


def test_optional_capabilities_are_refused() -> None:
    made = Bench()
    decision = refused(made.send(StartApi(client_id=7001, capabilities="+PACEAPI")))
    assert (decision.rule, decision.hang_up) == ("session.capabilities", True)
    assert not made.client.started


def test_an_order_in_the_first_frame_is_refused() -> None:
    decision = refused(Bench().send(order()))
    assert (decision.rule, decision.request_id) == ("session.not-started", FIRST_ID)
    assert decision.reason == "placeOrder came before startApi"


def test_nothing_passes_between_startapi_and_the_accounts() -> None:
    made = Bench()
    assert made.rule(StartApi(client_id=7001)) is None
    decision = refused(made.send(ReqMarketData(request_id=4, contract=SPY)))
    assert (decision.rule, decision.request_id) == ("session.unverified", 4)
    assert decision.reason == "reqMktData came before the accounts are known"
    made.hear(ManagedAccounts(accounts=ACCOUNT))
    assert made.rule(ReqMarketData(request_id=4, contract=SPY)) is None


def test_nothing_passes_while_the_run_itself_knows_no_accounts() -> None:
    assert bench(accounts=None).rule(ReqCurrentTime()) == "session.unverified"


def test_nothing_passes_once_the_run_is_ending() -> None:
    made = bench(ending="the account changed")
    for message in (order(), CancelOrder(order_id=1), ReqCurrentTime(), StartApi(client_id=7001)):
        decision = refused(made.send(message))
        assert (decision.rule, decision.hang_up) == ("run.ended", True)
        assert decision.reason == "the run is ending: the account changed"


# ------------------------------------------------------------------ single flags


def test_binding_the_users_orders_is_refused_and_asking_for_them_is_not() -> None:
    made = bench()
    assert made.rule(ReqAutoOpenOrders(bind=True)) == "message.bind"
    assert made.rule(ReqAutoOpenOrders(bind=False)) is None


def test_a_regulatory_snapshot_is_refused_and_an_ordinary_one_is_not() -> None:
    made = bench()
    asked: dict[str, Any] = {"request_id": 4, "contract": SPY, "snapshot": True}
    decision = refused(made.send(ReqMarketData(**asked, regulatory_snapshot=True)))
    assert (decision.rule, decision.request_id) == ("message.regulatory-snapshot", 4)
    assert made.rule(ReqMarketData(**asked)) is None


def test_an_error_carries_the_id_of_its_request() -> None:
    assert request_id(order(5)) == 5
    assert request_id(CancelOrder(order_id=6)) == 6
    assert request_id(ReqMarketData(request_id=7, contract=SPY)) == 7
    assert request_id(ReqIds()) == -1
    assert request_id(ReqOpenOrders()) == -1


# ------------------------------------------------------------------ cancels


def test_an_order_placed_here_is_cancelled_at_any_time() -> None:
    made = bench()
    assert made.rule(order()) is None
    assert made.rule(CancelOrder(order_id=FIRST_ID)) is None
    made.run.end_test()
    made.run.market.open = False
    made.run.open_ledger = True
    assert made.rule(CancelOrder(order_id=FIRST_ID)) is None


def test_an_order_placed_here_is_cancelled_after_a_lost_connection_too() -> None:
    made = bench()
    assert made.rule(order()) is None
    made.run.connection_ended(made.client)
    made.run.end_test()
    assert made.rule(CancelOrder(order_id=FIRST_ID), client=made.connect(connection=2)) is None


def test_an_order_not_placed_here_is_not_cancelled() -> None:
    made = bench()
    made.hear(status(3))
    decision = refused(made.send(CancelOrder(order_id=3)))
    assert (decision.rule, decision.request_id) == ("cancel.foreign", 3)
    assert decision.reason == "order 3 was not placed by this client in this run"


def test_an_order_of_another_client_id_is_cancelled_under_that_id_only() -> None:
    made = bench()
    second = made.connect(7002, connection=2)
    assert made.rule(order()) is None
    assert made.rule(CancelOrder(order_id=FIRST_ID), client=second) == "cancel.foreign"


@pytest.mark.parametrize(
    "changes",
    [{"ext_operator": "x"}, {"manual_order_indicator": 1}],
)
def test_a_cancel_that_says_more_is_refused(changes: dict[str, Any]) -> None:
    made = bench()
    made.client.version = 200
    assert made.rule(order()) is None
    decision = refused(made.send(CancelOrder(order_id=FIRST_ID, **changes)))
    assert (decision.rule, decision.request_id) == ("cancel.field", FIRST_ID)


def test_a_cancel_with_a_time_is_refused() -> None:
    made = bench()
    assert made.rule(order()) is None
    late = CancelOrder(order_id=FIRST_ID, manual_cancel_time="20260710 12:00:00")
    assert made.rule(late) == "cancel.field"


def test_a_run_that_reads_cancels_nothing() -> None:
    made = bench()
    assert made.rule(order()) is None
    made.run.mode = "read"
    decision = refused(made.send(CancelOrder(order_id=FIRST_ID)))
    assert (decision.rule, decision.request_id) == ("cancel.read-run", FIRST_ID)
    decision = refused(made.send(ReqGlobalCancel()))
    assert (decision.rule, decision.request_id) == ("cancel.read-run", -1)


def test_a_global_cancel_becomes_cancels_of_this_runs_working_orders() -> None:
    made = bench()
    second = made.connect(7002, connection=2)
    for number in range(3):
        assert made.rule(order(FIRST_ID + number)) is None
    assert made.rule(order(FIRST_ID + 9), client=second) is None
    made.hear(status(FIRST_ID + 1, "Filled"))
    made.hear(status(3))
    decision = made.send(ReqGlobalCancel())
    assert isinstance(decision, Replace)
    assert decision.messages == (
        CancelOrder(order_id=FIRST_ID),
        CancelOrder(order_id=FIRST_ID + 2),
    )
    assert decision.elsewhere == ((7002, CancelOrder(order_id=FIRST_ID + 9)),)
    assert decision.why == "a global cancel becomes one cancel for each working order of this run"


def test_a_global_cancel_without_orders_sends_nothing() -> None:
    decision = bench().send(ReqGlobalCancel())
    assert isinstance(decision, Replace)
    assert (decision.messages, decision.elsewhere) == ((), ())


# ------------------------------------------------------------------ anything at all

RUNS = st.sampled_from(["tests", "read", "close"])


@given(st.binary(max_size=120), st.integers(OLDEST - 2, NEWEST_TEXT + 30), RUNS, st.booleans())
def test_any_bytes_get_a_decision(payload: bytes, version: int, mode: Any, ready: bool) -> None:
    made = bench(mode=mode) if ready else Bench()
    made.client.version = version
    assert isinstance(made.send(payload), Decision)


@given(st.data(), st.sampled_from(sorted(REQUESTS)), st.integers(OLDEST, NEWEST_TEXT), RUNS)
def test_any_message_gets_a_decision_and_what_passes_is_what_was_sent(
    data: st.DataObject, number: int, version: int, mode: Any
) -> None:
    made = bench(mode=mode)
    made.client.version = version
    message: Message = as_carried(data.draw(full(REQUESTS[number])), version)
    payload = encode(message, version)
    decision = made.send(payload)
    assert isinstance(decision, Decision)
    if isinstance(decision, Allow):
        assert encode(decision.message, version) == payload
        assert number not in (19, 21, 58, 65, 66, 69, 72, 73)


@given(st.sampled_from(sorted(REQUESTS)), st.integers(OLDEST, NEWEST_TEXT))
def test_nothing_at_all_passes_before_startapi(number: int, version: int) -> None:
    made = Bench()
    made.client.version = version
    decision = made.send(as_carried(plain(REQUESTS[number]), version))
    assert isinstance(decision, Refuse)


def test_the_ids_it_was_given_are_told_as_ranges() -> None:
    made = Bench()
    made.run.allowed_client_ids = {*range(7000, 7999), 8001, 8003}
    decision = refused(made.send(StartApi(client_id=9)))
    assert decision.reason.endswith("given: 7000 to 7998, 8001, 8003")
