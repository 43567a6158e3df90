"""The same day through every negotiated version: prices, shares and fills read alike."""

from __future__ import annotations

import pytest

from bot.broker.api_client import MAX_CLIENT_VER
from pytest_ibkr.wire.versions import NEWEST, OLDEST
from tests.system.bench import CALL, SPY, market, pass_time

VERSIONS = (OLDEST, 157, 158, 159, 163, 164, 174, 175, NEWEST)


@pytest.mark.ibkr_server_version(*VERSIONS)
def test_quotes_bars_and_fills_do_not_depend_on_the_version(ibkr, broker, ibkr_snapshot):
    assert broker.server_version == min(ibkr.engine.clients[0].version, MAX_CLIENT_VER)
    quote = broker.get_market_data(SPY)
    assert quote.bid_size >= 100
    assert quote.bid_size < 100_000
    assert quote.volume > 1_000_000
    bars = broker.get_historical_data(SPY, "2 D", "1 hour")
    first = next(
        bar for bar in ibkr_snapshot.symbols["SPY"].bars["1 hour"] if bar.start == bars[0].start
    )
    assert abs(bars[0].volume - first.volume) < 100
    order_id = broker.place_order(CALL, market("BUY", 2))
    assert broker.wait_for_order(order_id, {"Filled"}, 30).filled == 2
    pass_time(ibkr, broker, 1)
    state = broker.get_order_status(order_id)
    assert state.commission is not None
    assert state.executions[0].time.tzinfo is not None
    assert abs((state.executions[0].time - ibkr.clock.now()).total_seconds()) < 10
    [position] = broker.get_positions()
    assert (position.quantity, position.contract.multiplier) == (2, 100)
