"""What our encoder writes, the official client's decoder reads as it was meant."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pytest_ibkr.wire import codec
from pytest_ibkr.wire.declare import Message, specs
from pytest_ibkr.wire.messages import account, contract, history, market_data, order, session
from pytest_ibkr.wire.messages.order_echo import CompletedOrder, OpenOrder
from tests.conformance.wire_official import names, support
from tests.meta import proof
from tests.wire.strategies import absent_fields, as_carried, default_of, full

Paths = dict[str, str]


def order_paths(cls: type[Message]) -> Paths:
    """Every plain field of an echo except the embedded contract and lists."""
    plain = [n for n, s in specs(cls) if s.kind is not None and n not in names.DROPPED]
    return {name: names.order_path(name) for name in plain}


def contract_paths(prefix: str, cls: type[Message], *, attribute: str = "contract") -> Paths:
    embedded = dict(specs(cls))[attribute]
    return {f"{attribute}.{n}": f"{prefix}.{names.contract_path(n)}" for n in embedded.names}


def positional(*fields: str) -> Paths:
    return {name: str(at) for at, name in enumerate(fields)}


def _execution() -> Paths:
    skipped = {"layout", "request_id", "order_id", "contract"}
    special = {
        "account": "acctNumber",
        "cumulative_quantity": "cumQty",
        "average_price": "avgPrice",
    }
    plain = [n for n, _ in specs(order.ExecutionData) if n not in skipped]
    return {
        "request_id": "0",
        "order_id": "2.orderId",
        **contract_paths("1", order.ExecutionData),
        **{n: f"2.{special.get(n, names.camel(n))}" for n in plain},
    }


def _details() -> Paths:
    own = {"symbol", "sec_type", "strike", "right", "exchange", "currency", "local_symbol"}
    own |= {"trading_class", "con_id", "multiplier", "primary_exchange"}
    renamed = {"size_multiplier": "mdSizeMultiplier", "real_expiration": "realExpirationDate"}
    left_out = {"layout", "request_id", "sec_ids", "size_min_tick", "expiry"}
    if support.NEW:
        left_out.add("size_multiplier")
    paths = {"request_id": "0", "expiry": "1.contract.lastTradeDateOrContractMonth"}
    for name, _ in specs(contract.ContractData):
        if name in own:
            paths[name] = f"1.contract.{names.contract_path(name)}"
        elif name not in left_out:
            paths[name] = f"1.{renamed.get(name, names.camel(name))}"
    # the clients read the field called time_zone as timeZoneId
    paths["time_zone"] = "1.timeZoneId"
    return paths


REPORT = "commissionAndFees" if support.NEW else "commission"
PORTFOLIO = positional(
    *("contract_", "position", "market_price", "market_value", "average_cost"),
    *("unrealized_pnl", "realized_pnl", "account"),
)
PORTFOLIO.pop("contract_")
TABLE: list[tuple[type[Message], str, Paths]] = [
    (market_data.TickPrice, "tickPrice", positional("request_id", "tick", "price")),
    (market_data.TickSize, "tickSize", positional("request_id", "tick", "size")),
    (market_data.TickGeneric, "tickGeneric", positional("request_id", "tick", "value")),
    (market_data.TickString, "tickString", positional("request_id", "tick", "value")),
    (market_data.TickSnapshotEnd, "tickSnapshotEnd", positional("request_id")),
    (market_data.MarketDataType, "marketDataType", positional("request_id", "data_type")),
    (
        market_data.TickReqParams,
        "tickReqParams",
        positional("request_id", "min_tick", "bbo_exchange", "snapshot_permissions"),
    ),
    (
        order.OrderStatus,
        "orderStatus",
        positional(
            *("order_id", "status", "filled", "remaining", "average_fill_price", "perm_id"),
            *("parent_id", "last_fill_price", "client_id", "why_held", "market_cap_price"),
        ),
    ),
    (order.OpenOrderEnd, "openOrderEnd", {}),
    (order.ExecutionData, "execDetails", _execution()),
    (order.ExecutionDataEnd, "execDetailsEnd", positional("request_id")),
    (
        order.CommissionReport,
        f"{REPORT}Report",
        {
            "exec_id": "0.execId",
            "commission": f"0.{REPORT}",
            "currency": "0.currency",
            "realized_pnl": "0.realizedPNL",
            "yield_": "0.yield_",
        },
    ),
    (order.CompletedOrdersEnd, "completedOrdersEnd", {}),
    (contract.ContractData, "contractDetails", _details()),
    (contract.ContractDataEnd, "contractDetailsEnd", positional("request_id")),
    (
        contract.OptionParameter,
        "securityDefinitionOptionParameter",
        positional("request_id", "exchange", "under_con_id", "trading_class", "multiplier"),
    ),
    (
        contract.OptionParameterEnd,
        "securityDefinitionOptionParameterEnd",
        positional("request_id"),
    ),
    (account.AccountValue, "updateAccountValue", positional("key", "value", "currency", "account")),
    (
        account.PortfolioValue,
        "updatePortfolio",
        {**contract_paths("0", account.PortfolioValue), **PORTFOLIO},
    ),
    (account.AccountUpdateTime, "updateAccountTime", positional("hh_mm")),
    (account.AccountDownloadEnd, "accountDownloadEnd", positional("account")),
    (
        account.Position,
        "position",
        {
            **contract_paths("1", account.Position),
            "account": "0",
            "position": "2",
            "average_cost": "3",
        },
    ),
    (account.PositionEnd, "positionEnd", {}),
    (
        account.AccountSummary,
        "accountSummary",
        positional("request_id", "account", "tag", "value", "currency"),
    ),
    (account.AccountSummaryEnd, "accountSummaryEnd", positional("request_id")),
    (
        account.AccountUpdateMulti,
        "accountUpdateMulti",
        positional("request_id", "account", "model", "key", "value", "currency"),
    ),
    (account.AccountUpdateMultiEnd, "accountUpdateMultiEnd", positional("request_id")),
    (session.ManagedAccounts, "managedAccounts", positional("accounts")),
    (session.NextValidId, "nextValidId", positional("order_id")),
    (session.CurrentTime, "currentTime", positional("epoch_s")),
    (
        session.ErrorNotice,
        "error",
        {"request_id": "0", "code": "2", "text": "3", "reject_json": "4"}
        if support.NEW
        else positional("request_id", "code", "text"),
    ),
]


def drawn(cls: type[Message]) -> st.SearchStrategy[Any]:
    """Messages both sides can hold, with the declared layout number."""
    messages = full(cls, scalars=support.scalars)
    if "layout" not in dict(specs(cls)):
        return messages
    layout = default_of(cls, "layout")
    return messages.map(lambda m: type(m)(**{**_attributes(m), "layout": layout}))


def _attributes(message: Any) -> dict[str, Any]:
    return {name: getattr(message, name) for name, _ in specs(type(message))}


def compare(message: Any, version: int, found: Any, paths: Paths) -> None:
    """Every field that frames of the version carry, ours against theirs."""
    absent, meant = absent_fields(message, version), as_carried(message, version)
    for name, path in paths.items():
        if name.partition(".")[0] in absent:
            continue
        ours, theirs = names.follow(meant, name), names.follow(found, path)
        assert support.same(ours, theirs), f"{name} at {version}: {ours!r} became {theirs!r}"


def checked(cls: type[Message], check: Callable[[Any, int], None], *, examples: int) -> None:
    """Run ``check`` on drawn messages at every version of the installed client."""

    @settings(
        max_examples=examples,
        phases=[Phase.explicit, Phase.generate],  # 150 fields: shrinking takes minutes
        suppress_health_check=list(HealthCheck),
    )
    @given(message=drawn(cls), version=st.sampled_from(support.VERSIONS))
    def run(message: Any, version: int) -> None:
        check(message, version)

    run()


def check_simple(name: str, paths: Paths) -> Callable[[Any, int], None]:
    def check(message: Any, version: int) -> None:
        calls = support.callbacks(codec.encode(message, version), version)
        assert calls[0].name == name
        compare(message, version, calls[0].args, paths)

    return check


def check_echo(message: Any, version: int) -> None:
    """The two long ones, with their lists."""
    [call] = support.callbacks(codec.encode(message, version), version)
    opened = type(message) is OpenOrder
    assert call.name == ("openOrder" if opened else "completedOrder")
    theirs, placed, state = call.args[1:] if opened else call.args
    found = SimpleNamespace(contract=theirs, order=placed, state=state)
    meant = as_carried(message, version)
    assert (theirs.deltaNeutralContract is not None) is message.delta_neutral
    compare(message, version, found, order_paths(type(message)))
    compare(message, version, found, contract_paths("contract", type(message)))
    for ours, official in zip(meant.legs, theirs.comboLegs or [], strict=True):
        for leg_field, _ in specs(type(ours)):
            assert getattr(ours, leg_field) == getattr(official, names.camel(leg_field))
    prices = [leg.price for leg in placed.orderComboLegs or []]
    assert all(map(support.same, [leg.price for leg in meant.leg_prices], prices))
    assert len(prices) == len(meant.leg_prices)
    for mine, official in (
        (meant.routing, placed.smartComboRoutingParams),
        (meant.algo_params, placed.algoParams),
    ):
        assert [(t.tag, t.value) for t in mine] == [(t.tag, t.value) for t in official or []]
    assert names.our_conditions(meant.conditions) == names.conditions(placed.conditions)


IDS = [cls.__name__ for cls, _, _ in TABLE]


@pytest.mark.parametrize(("cls", "name", "paths"), TABLE, ids=IDS)
def test_the_official_client_reads_what_we_meant(
    cls: type[Message], name: str, paths: Paths
) -> None:
    checked(cls, check_simple(name, paths), examples=100)


@pytest.mark.parametrize("cls", [OpenOrder, CompletedOrder])
def test_the_official_client_reads_our_order_echoes(cls: type[Message]) -> None:
    checked(cls, check_echo, examples=100)


@pytest.mark.proof
@pytest.mark.parametrize(("cls", "name", "paths"), TABLE, ids=IDS)
def test_the_official_client_reads_2000_of_each(
    cls: type[Message], name: str, paths: Paths
) -> None:
    checked(cls, check_simple(name, paths), examples=2_000)


@pytest.mark.proof
@pytest.mark.parametrize("cls", [OpenOrder, CompletedOrder])
def test_the_official_client_reads_2000_of_each_echo(cls: type[Message]) -> None:
    checked(cls, check_echo, examples=2_000)
    proof.record(
        f"wire-official-{cls.__name__}",
        command="python -m pytest -m proof tests/conformance/wire_official/test_responses.py",
        seed=None,
        numbers={"messages": 2_000, "versions": len(support.VERSIONS)},
        code_paths=["pytest_ibkr/wire"],
    )


# ------------------------------------------------------------------ shapes of their own


def check_computation(message: Any, version: int) -> None:
    [call] = support.callbacks(codec.encode(message, version), version)
    expected = [
        None if message.implied_vol < 0 else message.implied_vol,
        None if message.delta == -2 else message.delta,
        None if message.option_price == -1 else message.option_price,
        None if message.pv_dividend == -1 else message.pv_dividend,
        *(None if v == -2 else v for v in (message.gamma, message.vega, message.theta)),
        None if message.under_price == -1 else message.under_price,
    ]
    assert list(call.args[-8:]) == expected
    assert call.args[:2] == (message.request_id, message.tick)


def check_bars(message: Any, version: int) -> None:
    *bars, end = support.callbacks(codec.encode(message, version), version)
    assert end == ("historicalDataEnd", (message.request_id, message.start, message.end))
    official = {"wap": "wap" if support.NEW else "average", "count": "barCount"}
    for ours, call in zip(message.bars, bars, strict=True):
        assert call.name == "historicalData"
        for name, _ in specs(type(ours)):
            theirs = getattr(call.args[1], official.get(name, name))
            assert support.same(getattr(ours, name), theirs)


def check_update(message: Any, version: int) -> None:
    [call] = support.callbacks(codec.encode(message, version), version)
    assert (call.name, call.args[0]) == ("historicalDataUpdate", message.request_id)
    official = {"wap": "wap" if support.NEW else "average", "count": "barCount"}
    for name, _ in specs(type(message))[1:]:
        theirs = getattr(call.args[1], official.get(name, name))
        assert support.same(getattr(message, name), theirs), name


def check_chain(message: Any, version: int) -> None:
    [call] = support.callbacks(codec.encode(message, version), version)
    assert call.args[5] == {text.value for text in message.expirations}
    assert call.args[6] == {strike.value for strike in message.strikes}


def check_tick_price(message: Any, version: int) -> None:
    price, *size = support.callbacks(codec.encode(message, version), version)
    attributes = price.args[3]
    bits = (attributes.canAutoExecute, attributes.pastLimit, attributes.preOpen)
    assert bits == tuple(bool(message.mask & bit) for bit in (1, 2, 4))
    if size:
        assert support.same(message.size, size[0].args[2])


SHAPES = [
    (market_data.TickOptionComputation, check_computation),
    (market_data.TickPrice, check_tick_price),
    (history.HistoricalData, check_bars),
    (history.HistoricalDataUpdate, check_update),
    (contract.OptionParameter, check_chain),
]


@pytest.mark.parametrize(("cls", "check"), SHAPES, ids=[cls.__name__ for cls, _ in SHAPES])
def test_the_official_client_reads_the_lists_and_sentinels(
    cls: type[Message], check: Callable[[Any, int], None]
) -> None:
    checked(cls, check, examples=100)


@pytest.mark.parametrize("version", support.VERSIONS)
def test_the_sentinels_of_an_option_without_a_market_become_none(version: int) -> None:
    bare = market_data.TickOptionComputation(
        request_id=1,
        tick=10,
        implied_vol=-1.0,
        delta=-2.0,
        option_price=-1.0,
        pv_dividend=-1.0,
        gamma=-2.0,
        vega=-2.0,
        theta=-2.0,
        under_price=-1.0,
    )
    [call] = support.callbacks(codec.encode(bare, version), version)
    assert call.args[-8:] == (None,) * 8
