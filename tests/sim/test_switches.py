"""Points of gateway-behaviour.md, appendix D: each is a switch, and a client meets both sides."""

from __future__ import annotations

import dataclasses
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pytest_ibkr.sim.conditions import Conditions
from pytest_ibkr.sim.scripted_market import Change
from pytest_ibkr.sim.weather.catalogue import WEATHERS
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.account import CancelAccountSummary, ReqAccountSummary
from pytest_ibkr.wire.messages.market_data import ReqMarketDataType
from pytest_ibkr.wire.messages.order import CancelOrder, ReqGlobalCancel
from pytest_ibkr.wire.messages.session import StartApi
from tests.sim.data_bench import Peer, errors, history, peer
from tests.sim.weather_bench import codes, order, script, weather

PAGE = Path(__file__).parents[2] / "docs/reference/gateway-behaviour.md"
pytestmark = pytest.mark.req("XC-001")
UNKNOWN = b"9999\0" + b"1\0"
UNREADABLE = b"8\0" + b"1\0" + b"AAPL\0"  # a number is expected


def under(**conditions: Any) -> Peer:
    """A started client of a gateway with these conditions, at a version of text."""
    made = peer(version=200)
    for name, value in conditions.items():
        assert hasattr(made.engine.conditions, name)
        setattr(made.engine.conditions, name, value)
    return made


def sent(made: Peer, payload: bytes) -> list[Message]:
    """What comes back for a payload as it is."""
    made.engine.receive(made.client, payload)
    return made.wait(1.0)


@pytest.mark.parametrize(
    ("switch", "told", "ends"),
    [("error", [320], False), ("closed", [], True), ("silent", [], False)],
)
def test_an_unknown_message_is_an_error_the_end_or_nothing(
    switch: str, told: list[int], *, ends: bool
) -> None:
    made = under(unknown_message=switch)
    assert codes(sent(made, UNKNOWN)) == told
    assert bool(made.client.closing) is ends


@pytest.mark.parametrize(("switch", "ends"), [("stays", False), ("closes", True)])
def test_a_connection_may_end_after_a_message_that_cannot_be_read(
    switch: str, *, ends: bool
) -> None:
    made = under(after_unreadable=switch)
    assert codes(sent(made, UNREADABLE)) == [320]
    assert bool(made.client.closing) is ends


@pytest.mark.parametrize(("first", "start"), [(True, ["5:", "3:"]), (False, ["15", "9"])])
def test_open_orders_are_replayed_before_or_after_the_greeting(
    start: list[str], *, first: bool
) -> None:
    made = under(open_orders_first=first)
    made.send(order(1, limit_price=Decimal(700)))
    own_id = made.client.client_id
    made.engine.gone(made.client, "")
    again = made.engine.open(200)
    assert again is not None
    found = Peer(made.engine, again).send(StartApi(client_id=own_id), wait_s=0.0)
    assert [text[:2].rstrip() for text in script(found)[:2]] == start


@pytest.mark.parametrize(("freed", "told"), [(False, [322]), (True, [])])
def test_a_cancelled_summary_keeps_its_place_or_frees_it(told: list[int], *, freed: bool) -> None:
    made = under(summary_slots_freed=freed)
    for number in (1, 2):
        made.send(ReqAccountSummary(request_id=number, group="All", tags="NetLiquidation"))
    made.send(CancelAccountSummary(request_id=1))
    last = made.send(ReqAccountSummary(request_id=3, group="All", tags="NetLiquidation"))
    assert codes(last) == told


@pytest.mark.parametrize(("twice", "ids"), [(False, ["63", "64"]), (True, ["63", "64"] * 2)])
def test_a_summary_comes_once_or_twice(ids: list[str], *, twice: bool) -> None:
    made = under(summary_twice=twice)
    request = ReqAccountSummary(request_id=1, group="All", tags="NetLiquidation")
    assert script(made.send(request)) == ids


@pytest.mark.parametrize(("allowed", "told"), [(False, ["10147"]), (True, [])])
def test_another_clients_order_can_be_cancelled_or_not(told: list[str], *, allowed: bool) -> None:
    made = under(cross_client_cancel=allowed)
    other = peer(version=200, engine=made.engine)
    made.send(order(5, limit_price=Decimal(700)))
    assert script(other.send(CancelOrder(order_id=5))) == told


@pytest.mark.parametrize(
    ("switch", "stream", "snapshot"),
    [("snapshots", "81", "58"), ("always", "58", "58"), ("never", "81", "81")],
)
def test_58_and_81_come_in_either_order(switch: str, stream: str, snapshot: str) -> None:
    made = under(data_type_first=switch)
    first = script(made.send(made.market_data(7)))[0]
    assert first == stream
    assert script(made.send(made.market_data(8, snapshot=True)))[0] == snapshot


def test_the_history_farm_sleeps_as_early_as_its_weather_says() -> None:
    for idle_s in (360.0, 600.0):
        made = under()
        weather(made, "hmds_idle", idle_s=idle_s)
        assert codes(made.wait(0.1)) == [2107]
        assert codes(made.send(history())) == [2106]
        assert codes(made.wait(idle_s - 5.0)) == []
        assert codes(made.wait(10.0)) == [2107]


@pytest.mark.parametrize("switch", ["10148", "161"])
def test_a_filled_order_is_cancelled_in_vain_by_one_code_or_another(switch: str) -> None:
    made = under(cancel_filled=switch)
    made.send(order(1))
    [(number, code, text)] = errors(made.send(CancelOrder(order_id=1)))
    assert (number, code) == (1, int(switch))
    assert ("state: Filled." in text) is (switch == "10148")
    assert codes(made.send(ReqGlobalCancel())) == [161]


@pytest.mark.parametrize(("switch", "told"), [("silent", []), ("refused", [321])])
def test_a_type_of_data_there_is_not_is_ignored_or_refused(switch: str, told: list[int]) -> None:
    made = under(invalid_data_type=switch)
    assert codes(made.send(ReqMarketDataType(data_type=99))) == told
    assert codes(made.send(ReqMarketDataType(data_type=3))) == []


@pytest.mark.parametrize(("switch", "told"), [("silent", []), ("refused", [104])])
def test_a_change_of_a_filled_order_is_ignored_or_refused(switch: str, told: list[int]) -> None:
    made = under(modify_filled=switch)
    made.send(order(1))
    assert codes(made.send(order(1, quantity=20))) == told


@pytest.mark.parametrize("cap_s", [11.0, 5.0])
def test_a_snapshot_that_misses_something_ends_at_the_cap(cap_s: float) -> None:
    made = under(snapshot_end_s=cap_s)
    spy = made.engine.world.book.by_symbol("SPY")
    assert spy is not None
    made.engine.market.write(spy, Change(gone=frozenset({"bid"})), at_s=made.engine.now_s)
    made.send(made.market_data(7, snapshot=True), wait_s=cap_s - 0.5)
    assert "57" not in script(made.seen)
    assert "57" in script(made.wait(1.0))


@pytest.mark.parametrize(("switch", "number"), [("order", 4), ("none", -1)])
def test_a_read_only_gateway_names_the_order_or_nothing(switch: str, number: int) -> None:
    made = under(read_only=True, read_only_ids=switch)
    for message in (order(4), CancelOrder(order_id=4)):
        [(found, code, _text)] = errors(made.send(message))
        assert (found, code) == (number, 321)


@pytest.mark.parametrize("strikes", [1, 3])
def test_the_gateway_hangs_up_at_the_first_or_a_later_100(strikes: int) -> None:
    made = under(rate_strikes=strikes)
    told = []
    for _ in range(50 + strikes):
        told += codes(made.send(ReqMarketDataType(data_type=1), wait_s=0.0))
    assert told.count(100) == strikes
    assert made.client.closing == "message rate exceeded"


@pytest.mark.parametrize("name", ["bZ", "w"])
def test_the_class_name_in_321_is_that_of_the_build(name: str) -> None:
    made = under(error_class=name, invalid_data_type="refused")
    [(_id, _code, text)] = errors(made.send(ReqMarketDataType(data_type=99)))
    assert text == f"Error validating request.-'{name}' : cause - Invalid market data type"


def test_every_point_of_the_page_names_a_switch_and_its_default() -> None:
    page = PAGE.read_text("utf-8").split("## Appendix D.")[1]
    rows = [row.split("|")[2:4] for row in page.splitlines() if row.startswith("| ")][1:]
    known = {field.name: field.default for field in dataclasses.fields(Conditions)}
    for switch, default in rows:
        name, *parameter = re.findall(r"`(\w+)`", switch)
        values = {p.name: p.default for p in WEATHERS[name].parameters()} if parameter else known
        assert default.strip(" `") == str(values[parameter[0] if parameter else name]), name
    assert len(rows) > 20
