"""Market data as it should not be, each by name: what a client is shown, and what fires it."""

from __future__ import annotations

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.market_data import (
    MarketDataType,
    ReqMarketDataType,
    TickOptionComputation,
    TickPrice,
)
from tests.sim.data_bench import SPY, Peer, errors, history, only, option, peer
from tests.sim.weather_bench import codes, in_weather, order, script, weather

QQQ = Contract(symbol="QQQ", sec_type="STK", exchange="SMART", currency="USD")


def asked_option(client: Peer, request_id: int = 7) -> list:
    contract = Contract(con_id=option().con_id, exchange="SMART")
    return client.send(client.market_data(request_id, contract))


def prices(found: list) -> dict[int, float]:
    return {tick.tick: tick.price for tick in only(found, TickPrice)}


def test_competing_session_tells_every_stream_then_silence_then_data() -> None:
    client = peer()
    for number in (7, 8, 9):
        client.send(client.market_data(number))
    other = weather(client, "competing_session", for_s=20.0)
    text = "No market data during competing live session"
    first = client.wait(19.0)
    assert errors(first) == [(number, 10197, text) for number in (7, 8, 9)]
    assert len(first) == 3
    assert {tick.request_id for tick in only(client.wait(3.0), TickPrice)} == {7, 8, 9}
    assert other.fired == 3


def test_competing_session_tells_a_stream_that_begins_meanwhile() -> None:
    client, _other = in_weather("competing_session", for_s=20.0)
    begun = client.send(client.market_data())
    assert codes(begun) == [10197]
    assert only(begun, TickPrice) == []
    assert prices(client.wait(21.0)).keys() >= {1, 2, 4}


@pytest.mark.parametrize(("answer", "code"), [("354", 354), ("10168", 10168)])
def test_no_entitlement_refuses_and_says_nothing_else(answer, code) -> None:
    client, rights = in_weather("no_entitlement", answer=answer)
    found = client.send(client.market_data())
    assert codes(found) == [code]
    assert len(found) == 1
    assert rights.fired == 1


def test_no_entitlement_may_be_of_one_symbol() -> None:
    client, rights = in_weather("no_entitlement", symbol="QQQ")
    assert prices(client.send(client.market_data(7)))
    assert rights.fired == 0
    assert codes(client.send(client.market_data(8, QQQ))) == [354]
    client.engine.weather.disarm(rights)
    assert prices(client.send(client.market_data(9, QQQ)))


def test_delayed_data_warns_who_asked_for_it_and_refuses_who_did_not() -> None:
    client, delayed = in_weather("delayed_data")
    assert codes(client.send(client.market_data(7))) == [10089]
    client.send(ReqMarketDataType(data_type=3))
    found = client.send(client.market_data(8))
    assert codes(found) == [10167]
    assert only(found, MarketDataType)[0].data_type == 3
    assert {66, 67, 68} <= prices(found).keys()
    assert delayed.fired == 3


def test_frozen_feed_stands_still_without_a_word() -> None:
    client = peer()
    client.send(client.market_data())
    frozen = weather(client, "frozen_feed", symbol="SPY", for_s=60.0)
    assert client.wait(59.0) == []
    assert prices(client.wait(10.0))
    assert frozen.fired


def test_frozen_feed_may_begin_later() -> None:
    client, frozen = in_weather("frozen_feed", after_s=30.0)
    assert prices(client.send(client.market_data(), wait_s=29.0))
    assert frozen.fired == 0
    client.wait(2.0)
    assert client.wait(60.0) == []
    assert frozen.fired


@pytest.mark.parametrize(("side", "gone", "there"), [("ask", 2, 1), ("bid", 1, 2)])
def test_one_sided_has_minus_one_where_the_side_was(side, gone, there) -> None:
    client, sided = in_weather("one_sided", symbol="SPY", side=side)
    found = prices(client.send(client.market_data()))
    assert found[gone] == -1.0
    assert found[there] > 0
    assert sided.fired
    client.engine.weather.disarm(sided)
    assert prices(client.wait(1.0))[gone] > 0


def test_one_sided_option_has_no_greeks() -> None:
    client, _sided = in_weather("one_sided", con_id=option().con_id, side="bid")
    assert only(asked_option(client), TickOptionComputation) == []


def test_crossed_has_its_bid_above_its_ask_and_fills_nothing() -> None:
    client, crossed = in_weather("crossed", symbol="SPY", ticks=3)
    found = prices(client.send(client.market_data()))
    assert found[1] == pytest.approx(found[2] + 0.03)
    assert "11 10" not in script(client.send(order(1), wait_s=30.0))
    client.engine.weather.disarm(crossed)
    assert "11 10" in script(client.wait(2.0))


def test_never_greeks_sends_quotes_alone() -> None:
    client, never = in_weather("never_greeks")
    found = asked_option(client) + client.wait(60.0)
    assert prices(found)
    assert only(found, TickOptionComputation) == []
    assert never.fired


def test_late_greeks_come_after_the_quote() -> None:
    client, late = in_weather("late_greeks", delay_s=8.0)
    assert only(asked_option(client) + client.wait(6.5), TickOptionComputation) == []
    assert only(client.wait(1.0), TickOptionComputation)
    assert late.fired


def test_greeks_are_on_time_again_after_it_whatever_was_composed() -> None:
    client = peer()
    late, never = weather(client, "late_greeks"), weather(client, "never_greeks")
    client.engine.weather.disarm(late)
    assert only(asked_option(client, 7), TickOptionComputation) == []
    client.engine.weather.disarm(never)
    assert only(asked_option(client, 8), TickOptionComputation)


@pytest.mark.parametrize("name", ["frozen_feed", "one_sided", "crossed", "no_entitlement"])
def test_a_symbol_that_is_not_there_is_refused(name) -> None:
    client = peer()
    with pytest.raises(UsageError, match="no symbol 'XYZ' here; known: "):
        weather(client, name, symbol="XYZ")
    assert client.engine.weather.active == []


def test_a_quote_that_nobody_has_cannot_be_crossed() -> None:
    client = peer()
    with pytest.raises(UsageError, match="nothing of it has a bid and an ask now"):
        weather(client, "crossed", symbol="VIX")


def test_history_without_rights_is_refused_too() -> None:
    client, rights = in_weather("no_entitlement")
    assert codes(client.send(history(contract=SPY), wait_s=5.0)) == [162]
    assert rights.fired == 1
