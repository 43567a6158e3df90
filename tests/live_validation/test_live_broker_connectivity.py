"""Connection, account, positions, and coming back after a loss."""

from __future__ import annotations

import re
import time
from decimal import Decimal

import pytest

from bot.broker import GatewayConnectionError
from tests.live_validation.policy import waits_s

pytestmark = pytest.mark.live
PAPER_ID = re.compile(r"D[A-Z]{1,3}[0-9]{5,9}", re.ASCII)


@pytest.mark.req("LV-003", "LV-008")
def test_the_gateway_authenticates_us_on_a_paper_account(
    broker, clock, measure, connection_latency_ms, ibkr_config
):
    info = broker.get_account_info()
    assert broker.is_authenticated()
    assert PAPER_ID.fullmatch(info.account_id)
    assert all(PAPER_ID.fullmatch(account) for account in broker.accounts)
    assert info.next_order_id >= 1
    assert ibkr_config.paper_trading.account in (None, info.account_id)
    drift_s = abs((broker.server_time() - clock.now()).total_seconds())
    assert drift_s <= 2, "gateway and local clock disagree: check NTP"
    for latency_ms in connection_latency_ms:
        measure("connection_latency_ms", latency_ms)


@pytest.mark.req("LV-009")
def test_balances_come_from_a_completed_summary(broker, ibkr_config):
    balance = broker.get_account_balance()
    assert balance.currency
    assert balance.total_cash_value is not None
    assert balance.total_cash_value >= 0
    assert balance.buying_power is not None
    assert balance.buying_power > 0
    assert balance.net_liquidation is not None
    assert balance.net_liquidation > 0
    if ibkr_config.paper_trading.safety_checks.verify_virtual_capital:
        expected = Decimal(str(ibkr_config.paper_trading.initial_capital))
        assert expected / 2 <= balance.net_liquidation <= expected * 2


@pytest.mark.req("LV-010")
def test_every_position_is_whole_and_empty_is_an_answer(broker):
    for position in broker.get_positions():
        assert position.contract.symbol
        assert position.contract.con_id > 0
        assert position.quantity != 0
        assert position.avg_cost is None or position.avg_cost >= 0
        assert position.account in broker.accounts


@pytest.mark.req("LV-011")
def test_a_lost_connection_comes_back_within_three_tries(connect, clock, ibkr_config, measure):
    with connect() as own:
        own.disconnect()
        assert not own.is_connected()
        with pytest.raises(GatewayConnectionError):
            own.server_time()
        before_s = time.perf_counter()
        tries = own.reconnect(waits_s=waits_s(ibkr_config.validation))
        measure("connection_latency_ms", (time.perf_counter() - before_s) * 1000)
        assert 1 <= tries <= ibkr_config.validation.max_retry_attempts
        assert own.is_authenticated()


@pytest.mark.req("LV-024")
def test_account_info_names_the_account_and_its_legal_form(broker):
    info = broker.get_account_info()
    assert info.account_id in info.accounts
    assert info.account_type, "the legal form is recorded, whatever it is"
    assert info.server_version == broker.server_version


@pytest.mark.req("LV-024")
def test_the_connection_holds_for_a_minute(broker, clock):
    for _check in range(12):
        clock.sleep(5)
        assert broker.is_connected()
    assert broker.is_authenticated()
