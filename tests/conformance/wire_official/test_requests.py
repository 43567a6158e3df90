"""What the official client sends, our decoder reads as it was asked."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from ibapi import order_condition
from ibapi.contract import ComboLeg, Contract, DeltaNeutralContract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order, OrderComboLeg
from ibapi.softdollartier import SoftDollarTier
from ibapi.tag_value import TagValue

from pytest_ibkr.wire import codec
from pytest_ibkr.wire.declare import INT, Message, specs
from pytest_ibkr.wire.messages import account, contract, history, market_data, order, session
from pytest_ibkr.wire.versions import (
    ADVANCED_REJECT,
    AUTO_CANCEL_PARENT,
    DURATION,
    MANUAL_ORDER_TIME,
    NEWEST,
    OLDEST,
    PEG_OFFSETS,
    POST_TO_ATS,
)
from tests.conformance.wire_official import names, support
from tests.meta import proof
from tests.wire.strategies import absent_fields, as_carried, full

# What the client itself fixes, whatever the order says.
FIXED: dict[str, Any] = {"shares_allocation": "", "misc_options": ""}
if support.NEW:
    FIXED |= {"fa_profile": "", "e_trade_only": False, "firm_quote_only": False}
    FIXED |= {"nbbo_price_cap": None}


def official_contract(ours: contract.Contract) -> Any:
    made = Contract()
    for name, _ in specs(type(ours)):
        setattr(made, names.contract_path(name), getattr(ours, name))
    return made


def given_to(target: Any, path: str, value: Any, kind: str) -> None:
    """Set an attribute the way a user of the client would, None as its "unset"."""
    *holders, last = path.split(".")
    for holder in holders:
        target = getattr(target, holder)
    if value is None:
        value = (
            None if kind == "bool?" else support.UNSET_INT if "int" in kind else support.UNSET_FLOAT
        )
    setattr(target, last, float(value) if kind.startswith("money") and value is not None else value)


def condition(ours: order.OrderCondition) -> Any:
    made = order_condition.Create(ours.type)
    made.isConjunctionConnection = ours.conjunction == "a"
    if ours.type == 5:
        made.secType, made.exchange = ours.sec_type, ours.execution_exchange
        made.symbol = ours.symbol
        return made
    made.isMore = ours.is_more
    made.setValueFromString(ours.value)
    made.conId, made.exchange, made.triggerMethod = ours.con_id, ours.exchange, ours.trigger_method
    return made


def pairs(found: tuple[contract.TagValue, ...]) -> list[Any]:
    return [TagValue(one.tag, one.value) for one in found]


def leg(ours: order.OrderLeg) -> Any:
    made = ComboLeg()
    for name, _ in specs(type(ours)):
        setattr(made, names.camel(name), getattr(ours, name))
    return made


def leg_price(ours: order.LegPrice) -> Any:
    made = OrderComboLeg()
    given_to(made, "price", ours.price, "money?")
    return made


def official_order(ours: order.PlaceOrder) -> tuple[Any, Any]:
    """The official contract and order that ask for what our message says."""
    theirs, placed = official_contract(ours.contract), Order()
    placed.softDollarTier = SoftDollarTier("", "", "")
    if ours.delta_neutral:
        theirs.deltaNeutralContract = DeltaNeutralContract()
    root = SimpleNamespace(contract=theirs, order=placed)
    for name, spec in specs(type(ours)):
        if spec.kind is None or name in ("order_id", "delta_neutral", *FIXED):
            continue
        path = names.order_path(name)
        if ours.delta_neutral or not path.startswith("contract.deltaNeutral"):
            given_to(root, path, getattr(ours, name), spec.kind.name)
    theirs.comboLegs = [leg(one) for one in ours.legs]
    placed.orderComboLegs = [leg_price(one) for one in ours.leg_prices]
    placed.smartComboRoutingParams = pairs(ours.routing)
    placed.algoParams = pairs(ours.algo_params)
    placed.conditions = [condition(one) for one in ours.conditions]
    return theirs, placed


def comparable(message: order.PlaceOrder) -> dict[str, Any]:
    """A message's fields, conditions in a form that does not depend on number spelling."""
    fields = {name: getattr(message, name) for name, _ in specs(type(message))}
    return {**fields, "conditions": names.our_conditions(message.conditions)}


def scalars(name: str, kind: Any) -> st.SearchStrategy[Any]:
    if name in FIXED:
        return st.just(FIXED[name])
    if name == "continuous_update":
        return st.integers(0, 1)
    if name == "compete_offset" and not support.NEW:
        return st.just(None)
    return support.scalars(name, kind)


def run_orders(examples: int) -> None:
    @settings(
        max_examples=examples,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn=full(order.PlaceOrder, scalars=scalars), version=st.sampled_from(support.VERSIONS))
    def placed(drawn: Any, version: int) -> None:
        meant = as_carried(drawn, version)
        theirs, their_order = official_order(meant)
        sent = support.asked(version, lambda c: c.placeOrder(meant.order_id, theirs, their_order))
        read = codec.decode_request(sent, version)
        assert isinstance(read, order.PlaceOrder)
        assert comparable(read) == comparable(meant)
        assert absent_fields(read, version) == absent_fields(meant, version)
        assert codec.decode_request(codec.encode(read, version), version) == read

    placed()


def test_a_placed_order_is_read_field_by_field() -> None:
    run_orders(100)


@pytest.mark.proof
def test_2000_placed_orders_are_read_field_by_field() -> None:
    run_orders(2_000)
    proof.record(
        "wire-official-orders",
        command="python -m pytest -m proof tests/conformance/wire_official/test_requests.py",
        seed=None,
        numbers={"orders": 2_000, "versions": len(support.VERSIONS)},
        code_paths=["pytest_ibkr/wire"],
    )


# ------------------------------------------------------------------ data requests

Ask = Callable[[Any, Any], Any]


def ask_market_data(client: Any, m: market_data.ReqMarketData) -> None:
    theirs = official_contract(m.contract)
    theirs.comboLegs = [leg_of_data(one) for one in m.legs]
    if m.delta_neutral:
        theirs.deltaNeutralContract = DeltaNeutralContract()
        theirs.deltaNeutralContract.conId = m.delta_neutral_con_id
        theirs.deltaNeutralContract.delta = m.delta_neutral_delta
        theirs.deltaNeutralContract.price = m.delta_neutral_price
    client.reqMktData(m.request_id, theirs, m.generic_ticks, m.snapshot, m.regulatory_snapshot, [])


def leg_of_data(ours: market_data.RatioLeg) -> Any:
    made = ComboLeg()
    made.conId, made.ratio = ours.con_id, ours.ratio
    made.action, made.exchange = ours.action, ours.exchange
    return made


def ask_bars(client: Any, m: history.ReqHistoricalData) -> None:
    theirs = official_contract(m.contract)
    theirs.comboLegs, theirs.includeExpired = [leg_of_data(x) for x in m.legs], m.include_expired
    client.reqHistoricalData(
        *(m.request_id, theirs, m.end, m.duration, m.bar_size, m.what_to_show),
        *(m.use_rth, m.date_format, m.keep_up_to_date, []),
    )


def ask_details(client: Any, m: contract.ReqContractDetails) -> None:
    theirs = official_contract(m.contract)
    theirs.includeExpired, theirs.secIdType = m.include_expired, m.sec_id_type
    theirs.secId, theirs.issuerId = m.sec_id, m.issuer_id
    client.reqContractDetails(m.request_id, theirs)


def ask_executions(client: Any, m: order.ReqExecutions) -> None:
    wanted = ExecutionFilter()
    wanted.clientId, wanted.acctCode, wanted.time = m.client_id, m.account, m.time
    wanted.symbol, wanted.secType = m.symbol, m.sec_type
    wanted.exchange, wanted.side = m.exchange, m.side
    client.reqExecutions(m.request_id, wanted)


def ask_cancel(client: Any, m: order.CancelOrder) -> None:
    if not support.NEW:
        client.cancelOrder(m.order_id)
        return
    from ibapi.order_cancel import OrderCancel

    how = OrderCancel()
    how.manualOrderCancelTime = m.manual_cancel_time
    client.cancelOrder(m.order_id, how)


def ask_global_cancel(client: Any, _: order.ReqGlobalCancel) -> None:
    if not support.NEW:
        client.reqGlobalCancel()
        return
    from ibapi.order_cancel import OrderCancel

    client.reqGlobalCancel(OrderCancel())


REQUESTS: list[tuple[type[Message], Ask]] = [
    (market_data.ReqMarketData, ask_market_data),
    (market_data.CancelMarketData, lambda c, m: c.cancelMktData(m.request_id)),
    (market_data.ReqMarketDataType, lambda c, m: c.reqMarketDataType(m.data_type)),
    (history.ReqHistoricalData, ask_bars),
    (history.CancelHistoricalData, lambda c, m: c.cancelHistoricalData(m.request_id)),
    (contract.ReqContractDetails, ask_details),
    (
        contract.ReqOptionParameters,
        lambda c, m: c.reqSecDefOptParams(
            m.request_id, m.symbol, m.fut_fop_exchange, m.sec_type, m.con_id
        ),
    ),
    (account.ReqAccountUpdates, lambda c, m: c.reqAccountUpdates(m.subscribe, m.account)),
    (account.ReqPositions, lambda c, m: c.reqPositions()),
    (account.CancelPositions, lambda c, m: c.cancelPositions()),
    (
        account.ReqAccountSummary,
        lambda c, m: c.reqAccountSummary(m.request_id, m.group, m.tags),
    ),
    (account.CancelAccountSummary, lambda c, m: c.cancelAccountSummary(m.request_id)),
    (
        account.ReqAccountUpdatesMulti,
        lambda c, m: c.reqAccountUpdatesMulti(m.request_id, m.account, m.model, m.ledger_and_nlv),
    ),
    (account.CancelAccountUpdatesMulti, lambda c, m: c.cancelAccountUpdatesMulti(m.request_id)),
    (order.CancelOrder, ask_cancel),
    (order.ReqGlobalCancel, ask_global_cancel),
    (order.ReqOpenOrders, lambda c, m: c.reqOpenOrders()),
    (order.ReqAllOpenOrders, lambda c, m: c.reqAllOpenOrders()),
    (order.ReqAutoOpenOrders, lambda c, m: c.reqAutoOpenOrders(m.bind)),
    (order.ReqCompletedOrders, lambda c, m: c.reqCompletedOrders(m.api_only)),
    (order.ReqExecutions, ask_executions),
    (session.ReqIds, lambda c, m: c.reqIds(m.count)),
    (session.ReqCurrentTime, lambda c, m: c.reqCurrentTime()),
    (session.ReqManagedAccounts, lambda c, m: c.reqManagedAccts()),
    (session.SetServerLogLevel, lambda c, m: c.setServerLogLevel(m.level)),
]
REQUEST_IDS = [cls.__name__ for cls, _ in REQUESTS]


def run_requests(cls: type[Message], ask: Ask, examples: int) -> None:
    def plain(name: str, kind: Any) -> st.SearchStrategy[Any]:
        return st.just("") if name == "options" else support.scalars(name, kind)

    @settings(
        max_examples=examples,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn=full(cls, scalars=plain), version=st.sampled_from(support.VERSIONS))
    def asked(drawn: Any, version: int) -> None:
        meant = as_carried(drawn, version)
        sent = support.asked(version, lambda client: ask(client, meant))
        read = codec.decode_request(sent, version)
        assert type(read) is cls
        for name, spec in specs(cls):
            if name != "layout" or spec.kind is not INT:
                assert getattr(read, name) == getattr(meant, name), name

    asked()


@pytest.mark.parametrize(("cls", "ask"), REQUESTS, ids=REQUEST_IDS)
def test_a_request_is_read_as_it_was_asked(cls: type[Message], ask: Ask) -> None:
    run_requests(cls, ask, 100)


@pytest.mark.proof
@pytest.mark.parametrize(("cls", "ask"), REQUESTS, ids=REQUEST_IDS)
def test_2000_of_each_request_are_read_as_they_were_asked(cls: type[Message], ask: Ask) -> None:
    run_requests(cls, ask, 2_000)


@pytest.mark.parametrize("version", support.VERSIONS)
def test_start_api_names_the_client_id(version: int) -> None:
    sent = support.asked(version, lambda client: client.startApi())
    assert codec.decode_request(sent, version) == session.StartApi(client_id=7, capabilities="")


# ------------------------------------------------------------------ what the client refuses


def refusals(version: int, ask: Callable[[Any], Any]) -> list[int]:
    """Error codes of a call the client itself turns down; nothing may be sent."""
    client, wire = support.connected(version)
    ask(client)
    assert wire.sent == []
    at = 2 if support.NEW else 1  # 10.x put a time before the code
    return [call.args[at] for call in client.wrapper.calls if call.name == "error"]


# Order attributes and the version from which the client sends them: below, it refuses the order.
GATED: list[tuple[str, object, int]] = [
    ("isOmsContainer", True, OLDEST),
    ("discretionaryUpToLimitPrice", True, OLDEST),
    ("usePriceMgmtAlgo", True, OLDEST),
]
GATED_IN_10 = [
    ("duration", 10, DURATION),
    ("postToAts", 1, POST_TO_ATS),
    ("autoCancelParent", True, AUTO_CANCEL_PARENT),
    ("advancedErrorOverride", "8229", ADVANCED_REJECT),
    ("manualOrderTime", "20260710 10:00:00", MANUAL_ORDER_TIME),
    ("minTradeQty", 10, PEG_OFFSETS),
    ("customerAccount", "x", NEWEST + 1),
    ("professionalCustomer", True, NEWEST + 1),
    ("includeOvernight", True, NEWEST + 1),
    ("manualOrderIndicator", 1, NEWEST + 1),
    ("imbalanceOnly", True, NEWEST + 1),
]


@pytest.mark.parametrize(
    ("attribute", "value", "gate"), [*GATED, *(GATED_IN_10 if support.NEW else [])]
)
def test_an_attribute_is_refused_by_the_client_below_its_version(
    attribute: str, value: object, gate: int
) -> None:
    placed = Order()
    placed.action, placed.orderType, placed.totalQuantity = "BUY", "MKT", 1
    setattr(placed, attribute, value)
    for version in support.VERSIONS:
        if version < gate:
            assert refusals(version, lambda c: c.placeOrder(1, Contract(), placed)) == [503]
        else:
            sent = support.asked(version, lambda c: c.placeOrder(1, Contract(), placed))
            assert isinstance(codec.decode_request(sent, version), order.PlaceOrder)


@pytest.mark.parametrize("version", support.VERSIONS)
def test_a_symbol_outside_ascii_never_leaves_the_client(version: int) -> None:
    foreign = Contract()
    foreign.symbol = "\u00fc"
    placed = Order()
    placed.action, placed.orderType, placed.totalQuantity = "BUY", "MKT", 1
    assert refusals(version, lambda c: c.placeOrder(1, foreign, placed)) == [579]
