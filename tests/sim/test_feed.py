"""What a client is shown: rights, delayed and frozen data, the closed market."""

from __future__ import annotations

import pytest

from pytest_ibkr.sim.feed import DELAY_S
from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    MarketDataType,
    ReqMarketDataType,
    TickOptionComputation,
    TickPrice,
    TickSnapshotEnd,
    TickString,
)
from tests.sim.data_bench import (
    CAPTURED,
    SPY,
    errors,
    normal_world,
    on_friday,
    only,
    option,
    peer,
)

CALL = option().contract()
EVENING = CAPTURED + 2 * 3600


def _shape(messages):
    """Message id and, for ticks, the tick type."""
    return [(m.MSG_ID, getattr(m, "tick", None)) for m in messages]


def _prices(messages):
    """Tick type to price and size of the last price tick of each type."""
    return {t.tick: (t.price, t.size) for t in only(messages, TickPrice)}


def test_without_live_rights_a_live_request_ends_with_10089_and_is_no_stream():
    client = peer()
    client.engine.conditions.entitlement = "delayed"
    found = client.send(client.market_data())
    [(request_id, code, text)] = errors(found)
    assert (request_id, code) == (7, 10089)
    assert text == (
        "Requested market data requires additional subscription for API. See link in 'Market"
        " Data Connections' dialog for more details.Delayed market data is available."
        "SPY ARCA/TOP/ALL"
    )
    assert len(found) == 1
    [(_, code, _)] = errors(client.send(CancelMarketData(request_id=7)))
    assert code == 300


def test_delayed_data_announces_itself_and_uses_the_delayed_ids():
    client = peer()
    client.engine.conditions.entitlement = "delayed"
    assert client.send(ReqMarketDataType(data_type=3)) == []
    found = client.send(client.market_data(), wait_s=0.06)
    assert _shape(found) == [
        *((81, None), (58, None), (4, None), (1, 76), (1, 72), (1, 73), (2, 74), (1, 75)),
        *((1, 68), (46, 88), (1, 66), (1, 67), (45, 90)),
    ]
    assert only(found, MarketDataType)[0].data_type == 3
    assert errors(found)[0][1] == 10167
    [stamp] = only(found, TickString)
    assert int(stamp.value) == pytest.approx(client.engine.now_s - DELAY_S, abs=1.5)
    quarter_ago = normal_world().market.quote(
        normal_world().book.by_symbol("SPY"), client.engine.now_s - DELAY_S - 0.01
    )
    assert {t.tick: t.price for t in only(found, TickPrice)}[68] == quarter_ago.last


@pytest.mark.parametrize(
    ("entitlement", "code", "text"),
    [("none", 354, "is not available."), ("not_enabled", 10168, "is not enabled.")],
)
def test_other_missing_rights_have_their_own_codes(entitlement, code, text):
    client = peer()
    client.engine.conditions.entitlements["SPY"] = entitlement
    client.send(ReqMarketDataType(data_type=3))
    [(request_id, found, words)] = errors(client.send(client.market_data()))
    assert (request_id, found) == (7, code)
    assert words.endswith(text)


def test_asking_for_delayed_data_with_live_rights_gives_live_data():
    client = peer()
    client.send(ReqMarketDataType(data_type=3))
    found = client.send(client.market_data())
    assert only(found, MarketDataType)[0].data_type == 1
    assert {1, 2, 4} <= {t.tick for t in only(found, TickPrice)}


def test_a_new_data_type_leaves_running_streams_alone():
    client = peer()
    client.send(client.market_data())
    client.send(ReqMarketDataType(data_type=3))
    client.engine.conditions.entitlement = "delayed"
    assert {t.tick for t in only(client.wait(5), TickPrice)} <= {1, 2, 4, 6, 7}


@pytest.mark.parametrize("contract", [SPY, CALL], ids=["stock", "option"])
@pytest.mark.parametrize("data_type", [1, 3])
def test_after_the_close_nobody_bids_or_asks(contract, data_type):
    client = peer(EVENING)
    client.send(ReqMarketDataType(data_type=data_type))
    found = client.send(client.market_data(contract=contract))
    quote = normal_world().market.quote(normal_world().book.resolve(contract), CAPTURED)
    prices = _prices(found)
    assert prices[1] == prices[2] == (-1.0, 0)
    assert (prices[4][0], prices[9][0]) == (quote.last, quote.close)
    assert only(found, MarketDataType)[0].data_type == 1
    assert not only(found, TickOptionComputation)


@pytest.mark.parametrize(
    ("at_s", "quoted_s"),
    [(EVENING, CAPTURED), (on_friday(8, 0), on_friday(15, 59, 59.999, day=9))],
    ids=["evening", "morning"],
)
@pytest.mark.parametrize("data_type", [2, 4])
def test_frozen_data_outside_the_session_are_the_last_quotes_and_say_so(at_s, quoted_s, data_type):
    client = peer(at_s)
    client.send(ReqMarketDataType(data_type=data_type))
    found = client.send(client.market_data(snapshot=True), wait_s=1.0)
    quote = normal_world().market.quote(normal_world().book.resolve(SPY), quoted_s)
    prices = _prices(found)
    assert (prices[1], prices[2]) == ((quote.bid, quote.bid_size), (quote.ask, quote.ask_size))
    assert only(found, MarketDataType)[0].data_type == 2
    assert isinstance(found[-1], TickSnapshotEnd)


def test_a_stream_loses_its_quotes_at_the_close_and_has_them_again_at_the_open():
    client = peer(CAPTURED - 5)
    client.send(client.market_data(), wait_s=4.9)
    assert _prices(client.seen)[1][0] > 0
    assert {t: p for t, p in _prices(client.wait(0.1)).items() if t < 3} == {
        1: (-1.0, 0),
        2: (-1.0, 0),
    }
    assert client.wait(3600) == []
    monday_s = on_friday(9, 30, day=13)
    assert client.wait(monday_s - 1 - client.engine.now_s) == []
    assert _prices(client.wait(2))[1][0] > 0


def test_delayed_data_close_a_quarter_of_an_hour_late():
    client = peer(CAPTURED + DELAY_S - 5)
    client.engine.conditions.entitlement = "delayed"
    client.send(ReqMarketDataType(data_type=3), wait_s=0)
    client.send(client.market_data(), wait_s=4.9)
    assert _prices(client.seen)[66][0] > 0
    prices = _prices(client.wait(0.2))
    assert prices[66] == prices[67] == (-1.0, 0)


def test_a_frozen_stream_ends_the_day_on_the_captured_quote_and_then_rests():
    for contract in (SPY, CALL):
        client = peer(CAPTURED - 3)
        client.send(ReqMarketDataType(data_type=2), wait_s=0)
        client.send(client.market_data(contract=contract), wait_s=4)
        instrument = normal_world().book.resolve(contract)
        captured = normal_world().market.quote(instrument, CAPTURED)
        latest = {t.tick: t.price for t in only(client.seen, TickPrice)}
        assert (latest[1], latest[2], latest[4]) == (captured.bid, captured.ask, captured.last)
        assert client.wait(600) == []
