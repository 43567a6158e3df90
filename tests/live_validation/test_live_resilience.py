"""Slow answers, limits, unknown symbols, long sessions: the connection survives all of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.broker import ContractNotFoundError, RequestTimeoutError
from bot.domain.contracts import stock

pytestmark = pytest.mark.live
GATEWAYS_LIMIT, OWN_LIMIT = 50, 45  # messages a second
RAPID_REQUESTS, THREADS = 120, 4  # a thread that is scheduled late adds one to a second


@pytest.mark.req("LV-020")
def test_a_short_deadline_gives_data_or_a_timeout_and_keeps_the_connection(broker):
    spy = broker.qualify_contract(stock("SPY"))
    try:
        bars = broker.get_historical_data(spy, "1 D", "5 mins", timeout_s=1)
    except RequestTimeoutError:
        bars = None
    assert bars is None or len(bars) > 0
    assert broker.is_authenticated()
    assert broker.get_historical_data(spy, "2 D", "1 hour"), "a later request is not confused"


@pytest.mark.req("LV-021")
def test_rapid_requests_stay_within_the_message_limit(connect, live_gateway, clock, patiently):
    told = []
    with connect() as own:
        own.on_event(lambda _event, text: told.append(text))
        ask, began_s = patiently(own.executions), clock.monotonic()
        with ThreadPoolExecutor(THREADS) as pool:
            answers = list(pool.map(lambda _n: ask(), range(RAPID_REQUESTS)))
        took_s = clock.monotonic() - began_s
        assert len(answers) == RAPID_REQUESTS
        assert own.is_authenticated()
        peak = own.peak_messages_per_s
    assert took_s > RAPID_REQUESTS // OWN_LIMIT - 1, "they never came near the limit"
    assert peak <= OWN_LIMIT + THREADS, "more left at once than this client allows itself"
    assert not [text for text in told if text.startswith("100:")]
    if hasattr(live_gateway, "pacing"):  # the gateway's own count, where it can be asked
        assert live_gateway.pacing()["peak_messages_per_s"] <= GATEWAYS_LIMIT


@pytest.mark.req("LV-023")
def test_an_unknown_symbol_is_an_error_that_leaves_the_rest_working(broker):
    with pytest.raises(ContractNotFoundError, match=r"(?i)not found|no security definition"):
        broker.qualify_contract(stock("INVALID_SYMBOL_XYZ"))
    assert broker.is_connected()
    assert broker.get_market_data(broker.qualify_contract(stock("SPY"))).last


@pytest.mark.req("LV-024")
@pytest.mark.timeout(420)  # five minutes live
def test_a_session_of_five_minutes_stays_healthy(broker, clock):
    spy = broker.qualify_contract(stock("SPY"))
    for _check in range(10):
        clock.sleep(30)
        assert broker.is_authenticated()
        assert broker.get_market_data(spy).last
