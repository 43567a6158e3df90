"""Orders that a careless client can express: what the rules do not allow, the gateway never hears.

One relay and one gateway for the tables; every row looks at the bytes since the row began.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace

import pytest

from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.messages.advisor import ReplaceAdvisorData
from pytest_ibkr.wire.messages.contract import Contract, TagValue
from pytest_ibkr.wire.messages.display_groups import SetDisplayGroup
from pytest_ibkr.wire.messages.exercise import ExerciseOptions
from pytest_ibkr.wire.messages.order import ReqAutoOpenOrders, ReqGlobalCancel
from pytest_ibkr.wire.messages.place_order import OrderCondition, OrderLeg
from tests.system.live.careless import (
    NOT_IN_BODIES,
    SPY,
    VERSION,
    cancel,
    order,
    quote,
    replaced,
)
from tests.system.live.evil_gateway import LAST_MINUTES, NIGHT, EvilGateway, Script
from tests.system.live.ids import LIVE, OTHER_PAPER, PAPER
from tests.system.live.under_relay import ordering, relay, settle, started

CALL = Contract(
    symbol="SPY",
    sec_type="OPT",
    expiry="20260717",
    strike=750.0,
    right="C",
    multiplier="100",
    exchange="SMART",
    currency="USD",
)
BAG = replaced(SPY, con_id=0, sec_type="BAG")
LEG = {"ratio": 1, "exchange": "SMART", "open_close": 0, "short_sale_slot": 0}
LEG |= {"designated_location": "", "exempt_code": -1}
LEGS = (OrderLeg(con_id=1, action="BUY", **LEG), OrderLeg(con_id=2, action="SELL", **LEG))
CONDITION = OrderCondition(type=3, conjunction="a", is_more=True, value="20260710 15:00:00")
DOLLARS = Decimal
CONTRACT_PRICES = {"order_type": "LMT", "limit_price": DOLLARS("1.00")}

REFUSED = [
    pytest.param(order(account=LIVE), id="a live account"),
    pytest.param(order(account=OTHER_PAPER), id="another paper account"),
    pytest.param(order(account=PAPER + " "), id="the account and a blank"),
    pytest.param(order(account=PAPER.lower()), id="the account in small letters"),
    pytest.param(order(fa_group="All"), id="faGroup"),
    pytest.param(order(fa_method="NetLiq"), id="faMethod"),
    pytest.param(order(fa_percentage="50"), id="faPercentage"),
    pytest.param(order(model_code="M"), id="modelCode"),
    pytest.param(order(parent_id=77), id="a parent nobody placed"),
    pytest.param(order(tif="GTC"), id="GTC"),
    pytest.param(order(tif="GTD", good_till_date="20260717 16:00:00"), id="GTD"),
    pytest.param(order(tif="OPG"), id="OPG"),
    pytest.param(order(tif="gtc"), id="gtc"),
    pytest.param(order(tif="DAY "), id="DAY and a blank"),
    pytest.param(order(good_after_time="20260710 15:59:00"), id="goodAfterTime"),
    pytest.param(order(good_till_date="20260717 16:00:00"), id="goodTillDate on a day order"),
    pytest.param(order(quantity=Decimal(101)), id="101 shares"),
    pytest.param(order(quantity=Decimal("0.5")), id="half a share"),
    pytest.param(order(quantity=Decimal(-1)), id="a negative quantity"),
    pytest.param(order(contract=CALL, quantity=Decimal(11)), id="11 option contracts"),
    pytest.param(order(quantity=Decimal(100), limit_price=DOLLARS("250.01")), id="$25,001"),
    pytest.param(
        order(contract=CALL, quantity=Decimal(10), limit_price=DOLLARS("25.01")), id="$25,010 calls"
    ),
    pytest.param(
        order(
            contract=replaced(CALL, multiplier="1"), quantity=Decimal(10), limit_price=DOLLARS(26)
        ),
        id="$26,000 of calls under a made-up multiplier",
    ),
    pytest.param(
        order(contract=replaced(SPY, con_id=4815747), quantity=Decimal(10), order_type="MKT"),
        id="at market under a foreign conId",
    ),
    pytest.param(order(order_type="MKT", limit_price=None), id="at market without a quote"),
    pytest.param(order(limit_price=None), id="a limit order without its limit"),
    pytest.param(order(limit_price=DOLLARS(0)), id="a limit of 0"),
    pytest.param(order(limit_price=DOLLARS(-1)), id="a negative limit"),
    pytest.param(order(order_type="STP", limit_price=None), id="a stop without its price"),
    pytest.param(order(order_type="MOC", limit_price=None), id="market on close"),
    pytest.param(order(order_type="LOC"), id="limit on close"),
    pytest.param(order(order_type="REL", aux_price=DOLLARS("0.01")), id="relative"),
    pytest.param(order(order_type="PEG MID"), id="pegged"),
    pytest.param(order(order_type="MIDPRICE"), id="midprice"),
    pytest.param(order(order_type="lmt"), id="lmt in small letters"),
    pytest.param(order(order_type="VOL"), id="volatility"),
    pytest.param(order(order_type="TRAIL LIMIT", aux_price=DOLLARS(1)), id="trailing limit"),
    pytest.param(order(algo_strategy="Adaptive"), id="an algorithm"),
    pytest.param(
        order(algo_strategy="Twap", algo_params=(TagValue(tag="a", value="b"),)),
        id="an algorithm, settings",
    ),
    pytest.param(order(hedge_type="D", hedge_param="1"), id="a hedge"),
    pytest.param(order(conditions=(CONDITION,)), id="a condition"),
    pytest.param(order(delta_neutral=True), id="delta neutral"),
    pytest.param(order(clearing_account="X"), id="clearing account"),
    pytest.param(order(clearing_intent="Away"), id="clearing intent"),
    pytest.param(order(settling_firm="X"), id="settling firm"),
    pytest.param(order(scale_increment=0.01, scale_init_size=1), id="a scale"),
    pytest.param(order(adjusted_order_type="TRAIL"), id="an adjusted type"),
    pytest.param(order(cash_quantity=50_000.0), id="an amount of cash"),
    pytest.param(order(origin=1), id="the firm's own account"),
    pytest.param(order(short_sale_slot=2, designated_location="X"), id="a short-sale slot"),
    pytest.param(order(ext_operator="X"), id="an operator"),
    pytest.param(order(advanced_error_override="8229"), id="an override of advanced checks"),
    pytest.param(order(mifid_decision_maker="X"), id="a MiFID decision maker"),
    pytest.param(order(is_oms_container=True), id="an OMS container"),
    pytest.param(order(block_order=True), id="a block order"),
    pytest.param(order(action="SSHORT"), id="SSHORT"),
    pytest.param(order(action="buy"), id="buy in small letters"),
    pytest.param(order(action=""), id="no side"),
    pytest.param(order(contract=BAG, legs=LEGS), id="a combo"),
    pytest.param(order(contract=replaced(SPY, sec_type="FUT", expiry="202609")), id="a future"),
    pytest.param(order(contract=replaced(SPY, sec_type="CASH", symbol="EUR")), id="a currency"),
    pytest.param(order(contract=replaced(SPY, sec_type="")), id="no security type"),
    pytest.param(order(contract=replaced(SPY, sec_type="stk")), id="stk in small letters"),
    pytest.param(order(contract=replaced(SPY, currency="JPY")), id="another currency's prices"),
    pytest.param(order(0), id="order id 0"),
    pytest.param(order(-5), id="a negative order id"),
    pytest.param(order(2**31), id="an order id of more than 31 bits", marks=NOT_IN_BODIES),
]

NEVER = [
    pytest.param(ReqAutoOpenOrders(bind=True), id="auto-open-orders with bind"),
    pytest.param(ReplaceAdvisorData(data_type=1, xml="<ListOfGroups/>"), id="replaceFA"),
    pytest.param(ExerciseOptions(request_id=1, contract=CALL, action=1, quantity=1), id="exercise"),
    pytest.param(ExerciseOptions(request_id=1, contract=CALL, action=2, quantity=1), id="lapse"),
    pytest.param(SetDisplayGroup(request_id=1, contract_info="756733@SMART"), id="display group"),
    pytest.param(quote(snapshot=True, regulatory_snapshot=True), id="a regulatory snapshot"),
    pytest.param(quote(regulatory_snapshot=True), id="the regulatory flag alone"),
    pytest.param(cancel(424_242), id="a cancel of an order nobody placed here"),
    pytest.param(ReqGlobalCancel(), id="a global cancel"),
]


@pytest.fixture(scope="module")
def between(tmp_path_factory) -> Iterator[SimpleNamespace]:
    """A gateway and the relay in front of it."""
    place = tmp_path_factory.mktemp("relay")
    with EvilGateway() as gateway, relay(gateway, place, limits={"per_session": 200}) as handle:
        yield SimpleNamespace(gateway=gateway, handle=handle, numbers=iter(range(10_000, 20_000)))


@pytest.fixture
def gateway(between) -> EvilGateway:
    """The gateway of this row: what it heard before is put aside."""
    for each in between.gateway.heard:
        each.frames[1:] = []
    return between.gateway


def numbered(request, between):
    """The row's request under an order id that no other row had."""
    if getattr(request, "order_id", None) != 1:
        return request
    return replaced(request, order_id=next(between.numbers))


@pytest.mark.parametrize("request_", REFUSED)
def test_an_order_against_the_rules_is_refused_with_a_reason(request_, between, gateway):
    request_ = numbered(request_, between)
    between.handle.begin_test("row", places_orders=True, market_closed=False)
    with started(between.handle) as client:
        client.ask(request_)
        assert client.refused()
        settle(client, gateway)
    verdict = between.handle.end_test()
    assert not gateway.suspicious()
    # What was refused between two tests is told with the next one.
    [refusal] = [one for one in verdict.refusals if one.rule != "order.outside-test"]
    assert refusal.rule
    assert refusal.fix
    assert between.handle.ended is None


@pytest.mark.parametrize("version", [157, 200])
@pytest.mark.parametrize("request_", REFUSED[:12:3])
def test_the_rules_hold_at_the_ends_of_the_version_range(request_, version, tmp_path):
    with (
        EvilGateway(Script(version=version)) as gateway,
        relay(gateway, tmp_path) as handle,
        ordering(handle),
        started(handle, high=version) as client,
    ):
        client.ask(request_)
        assert client.refused()
        settle(client, gateway)
        assert not gateway.suspicious()


def test_the_advisors_profile_of_old_versions_is_refused(tmp_path):
    """Gateways before 177 have it."""
    with (
        EvilGateway(Script(version=157)) as gateway,
        relay(gateway, tmp_path) as handle,
        ordering(handle),
        started(handle, high=157) as client,
    ):
        client.ask(order(1, fa_profile="P"))
        assert client.refused(1)
        settle(client, gateway)
        assert not gateway.suspicious()


@pytest.mark.parametrize("request_", NEVER)
def test_a_request_that_is_never_allowed_stays_here(request_, between, gateway):
    with ordering(between.handle), started(between.handle) as client:
        client.ask(request_)
        settle(client, gateway)
        assert not gateway.suspicious()
        assert not gateway.frames(b"1")


def test_client_id_0_with_auto_open_orders_is_never_let_in(between, gateway):
    from pytest_ibkr.wire.messages.session import StartApi
    from tests.system.live.careless import careless

    with ordering(between.handle), careless(between.handle.host, between.handle.port) as client:
        client.greet()
        client.ask(StartApi(client_id=0), ReqAutoOpenOrders(bind=True))
        client.drain()
        assert not gateway.suspicious()
        assert not gateway.frames(b"71")


def test_an_order_outside_a_test_that_places_orders_is_refused(between, gateway):
    with started(between.handle) as client:
        client.ask(order(next(between.numbers)))
        assert client.refused()
        with ordering(between.handle, places_orders=False):
            client.ask(order(next(between.numbers)))
            assert client.refused()
        client.ask(order(next(between.numbers)))
        assert client.refused()
        settle(client, gateway)
    assert not gateway.suspicious()


def test_a_client_that_comes_back_in_a_later_test_gets_no_orders(between, gateway):
    """A bot's thread of the test before reconnects by itself and goes on trading."""
    number = next(between.numbers)
    with ordering(between.handle, "one"), started(between.handle, client_id=7001) as client:
        client.ask(order(number))
        gateway.wait(lambda g: g.frames(b"3"), "of the order")
        between.handle.fault("cut")
        assert client.is_closed()
    for each in gateway.heard:
        each.frames[1:] = []
    with ordering(between.handle, "two"), started(between.handle, client_id=7001) as late:
        late.ask(order(next(between.numbers)))
        settle(late, gateway)
        assert not gateway.frames(b"3")


@pytest.mark.parametrize(
    "moment", [pytest.param(LAST_MINUTES, id="9 minutes to go"), pytest.param(NIGHT, id="at night")]
)
def test_orders_need_an_open_market_with_ten_minutes_left(moment, tmp_path):
    with (
        EvilGateway(Script(now=moment)) as gateway,
        relay(gateway, tmp_path) as handle,
        ordering(handle),
        started(handle) as client,
    ):
        client.ask(order(1))
        assert client.refused(1)
        settle(client, gateway)
        assert not gateway.suspicious()


def test_a_global_cancel_is_answered_with_this_sessions_cancels_only(between, gateway):
    first, second = next(between.numbers), next(between.numbers)
    with ordering(between.handle), started(between.handle) as client:
        client.ask(order(first), order(second))
        gateway.wait(lambda g: len(g.frames(b"3")) == 2, "of two orders")
        client.ask(ReqGlobalCancel())
        gateway.wait(lambda g: len(g.frames(b"4")) >= 2, "of two cancels")
        settle(client, gateway)
        wanted = {encode(cancel(first), VERSION), encode(cancel(second), VERSION)}
        assert set(gateway.frames(b"4")) >= wanted
        assert not gateway.frames(b"58")


def test_the_twenty_first_working_order_is_one_too_many(tmp_path):
    with (
        EvilGateway() as gateway,
        relay(gateway, tmp_path) as handle,
        ordering(handle),
        started(handle) as client,
    ):
        client.ask(*(order(n) for n in range(1, 22)))
        assert client.refused(21)
        settle(client, gateway)
        assert len(gateway.frames(b"3")) == 20


def test_an_order_allowed_for_its_limit_cannot_be_changed_beyond_it(between, gateway):
    number = next(between.numbers)
    with ordering(between.handle), started(between.handle) as client:
        client.ask(order(number))
        gateway.wait(lambda g: g.frames(b"3"), "of the order")
        for change in (
            {"quantity": Decimal(101)},
            {"quantity": Decimal(100), "limit_price": Decimal(251)},
            {"tif": "GTC"},
            {"account": LIVE},
            {"contract": CALL, "quantity": Decimal(11)},
        ):
            client.ask(order(number, **change))
            assert client.refused(number)
        settle(client, gateway)
        assert gateway.frames(b"3") == [encode(order(number), VERSION)]
