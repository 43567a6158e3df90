"""Our declarations against bytes of real gateways: read whole, written back identically."""

from __future__ import annotations

import pytest

from pytest_ibkr.errors import WireError
from pytest_ibkr.wire import codec
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.contract import ContractData
from pytest_ibkr.wire.messages.executions import ExecutionData
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.versions import BOND_ISSUER_ID, PENDING_PRICE_REVISION
from tests.wire.golden import HOURS, LOGS, OPEN_ORDER_178, OPEN_ORDER_200, REPORTED, Logged, logged

UNDECLARED = {10, 11}  # market depth, which the log's client asked for and was refused
LOGGED_AT = range(BOND_ISSUER_ID, PENDING_PRICE_REVISION + 1)  # the logs fit these and no others


def read(frame: Logged, version: int) -> Message | codec.Raw:
    decode = codec.decode_request if frame.upward else codec.decode_response
    return decode(frame.payload, version)


@pytest.mark.parametrize("version", LOGGED_AT)
@pytest.mark.parametrize("name", LOGS)
def test_every_logged_frame_is_read_and_written_back_identically(name: str, version: int) -> None:
    frames = logged(name)
    assert len(frames) > 150
    for frame in frames:
        message = read(frame, version)
        if isinstance(message, codec.Raw):
            assert frame.upward
            assert message.msg_id in UNDECLARED
        else:
            assert codec.encode(message, version) == frame.payload, frame.line


@pytest.mark.parametrize("name", LOGS)
def test_the_logs_are_of_176_or_later(name: str) -> None:
    lookups = [f for f in logged(name) if f.upward and f.payload.startswith(b"9\0")]
    assert lookups
    for frame in lookups:
        with pytest.raises(WireError, match="ReqContractDetails: 19 fields, 18 expected at 175"):
            read(frame, BOND_ISSUER_ID - 1)


def test_the_hours_of_a_contract_keep_their_semicolons() -> None:
    rows = [f for name in LOGS for f in logged(name) if f.payload[:3] == b"10\0"]
    details = [read(f, PENDING_PRICE_REVISION) for f in rows]
    spy = [one for one in details if isinstance(one, ContractData)]
    assert len(spy) == 2
    for one in spy:
        assert (one.symbol, one.con_id, one.min_tick, one.time_zone) == (
            *("SPY", 756733, 0.01),
            "US/Eastern",
        )
        for hours in (one.trading_hours, one.liquid_hours):
            days = hours.split(";")
            assert len(days) >= 4
            assert all(map(HOURS.fullmatch, days))
        assert [(i.tag, i.value) for i in one.sec_ids] == [("ISIN", "US78462F1030")]
        assert (one.stock_type, one.suggested_size_increment) == ("ETF", 40)


@pytest.mark.parametrize(("joined", "version"), REPORTED)
def test_a_reported_frame_is_read_and_written_back(joined: str, version: int) -> None:
    payload = joined.replace(";", "\0").encode()
    message = codec.decode_response(payload, version)
    assert not isinstance(message, codec.Raw)
    assert codec.encode(message, version) == payload


@pytest.mark.parametrize(("joined", "version"), [(OPEN_ORDER_178, 178), (OPEN_ORDER_200, 200)])
def test_the_annotated_open_order_means_what_its_report_says(joined: str, version: int) -> None:
    order = codec.decode_response(joined.replace(";", "\0").encode(), version)
    assert isinstance(order, OpenOrder)
    assert (order.order_id, order.contract.symbol, order.quantity) == (371, "AAPL", 100)
    assert (order.order_ref, order.client_id, order.perm_id) == ("ref", 1, 9000000371)
    assert (order.status, order.dn_order_type, order.dn_open_close) == ("PreSubmitted", "None", "?")
    assert order.init_margin_after is order.commission is order.trigger_price is None
    assert (order.clearing_intent, order.dont_use_auto_price_for_hedge) == ("IB", True)
    assert (order.min_compete_size, order.compete_offset) == (100, 0.02)
    if version == 200:
        assert order.equity_after_outside_rth is order.suggested_size is None
        assert (order.manual_order_indicator, order.submitter) == (0, "papertrader01")


def test_the_annotated_open_order_has_156_fields() -> None:
    assert OPEN_ORDER_200.count(";") == 156


def test_an_unset_commission_field_is_none() -> None:
    executions = [
        codec.decode_response(joined.replace(";", "\0").encode(), version)
        for joined, version in REPORTED
        if joined.startswith("11;")
    ]
    assert len(executions) == 2
    for execution in executions:
        assert isinstance(execution, ExecutionData)
        assert (execution.ev_multiplier, execution.last_liquidity) == (None, 2)
        assert execution.pending_price_revision is False
