"""A whole session under watch, and the file it is run with against the bot's own settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.broker import GatewayEvent
from bot.settings import load_settings

pytestmark = pytest.mark.live
ROOT = Path(__file__).parents[2]
CHECKS = 24
TEST_CLIENT_IDS = range(7000, 8000)
CRITICAL = {GatewayEvent.DISCONNECTED, GatewayEvent.CONNECTIVITY_LOST}


@pytest.mark.req("LV-046")
def test_the_bot_uses_the_same_gateway_under_another_client_id(ibkr_config):
    mine, config = ibkr_config.gateway, ROOT / "config" / "bot.yaml"
    bots = load_settings(config if config.exists() else None, env={}, env_file=None).broker
    assert bots.host == mine.host
    assert bots.port in (mine.port, *mine.extra_paper_ports)
    assert bots.timeout_s == mine.timeout
    assert bots.client_id not in TEST_CLIENT_IDS, "the bot's own connection would be taken away"


@pytest.mark.req("LV-048")
@pytest.mark.timeout(0)  # two hours live: `--deselect` this file for a short run
def test_a_session_of_the_configured_length_has_no_critical_failure(
    broker, clock, ibkr_config, measure, stocks
):
    length_s, critical = ibkr_config.validation.min_session_duration, []
    remove = broker.on_event(
        lambda event, text: critical.append(f"{event}: {text}") if event in CRITICAL else None
    )
    spy, began_s = broker.qualify_contract(stocks["spy"]), clock.monotonic()
    try:
        for _check in range(CHECKS):
            clock.sleep(length_s / CHECKS)
            assert broker.is_authenticated()
            assert broker.get_market_data(spy).last
            assert broker.get_account_balance().net_liquidation
    finally:
        remove()
        watched_s = clock.monotonic() - began_s
        measure("session_watched_s", watched_s)
        measure("critical_failures", len(critical))
    assert critical == []
    assert watched_s >= length_s
