"""Tick-by-tick data: every tick of the market, past ticks first, limits and refusals."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from pytest_ibkr.sim import trade_ticks
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.history_queries import (
    HistoricalBidAsk,
    HistoricalMidpoints,
    HistoricalTrades,
)
from pytest_ibkr.wire.messages.tick_by_tick import (
    ALL_LAST,
    BID_ASK,
    LAST,
    MID_POINT,
    CancelTickByTick,
    ReqTickByTick,
    TickByTick,
)
from tests.sim.data_bench import (
    SPY,
    TEN,
    errors,
    normal_world,
    on_friday,
    only,
    option,
    peer,
)

STOCK = normal_world().book.resolve(SPY)
HELP = (
    "Requested market data requires additional subscription for API. See link in 'Market Data"
    " Connections' dialog for more details."
)
FULL = "Max number of tick-by-tick requests has been reached"


def ticks(kind: str = "Last", request_id: int = 7, **terms: object) -> ReqTickByTick:
    """A request for ticks of SPY, with changes."""
    values: dict[str, object] = {"contract": SPY, **terms}
    return ReqTickByTick(request_id=request_id, kind=kind, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(("kind", "number"), [("Last", LAST), ("AllLast", ALL_LAST)])
def test_every_trade_of_the_market_is_sent_once(kind: str, number: int) -> None:
    client = peer()
    found = client.send(ticks(kind), wait_s=30.0)
    market = normal_world().market
    due = list(trade_ticks.trades(market, STOCK, from_s=TEN + 0.05, until_s=TEN + 30))
    sent = only(found, TickByTick)
    assert [(t.at_s, t.price, int(t.size), t.exchange) for t in sent] == [
        (int(t.at_s), t.price, t.size, t.exchange) for t in due
    ]
    assert len(sent) > 50
    assert {t.kind for t in sent} == {number}


def test_bid_ask_sends_every_quote_and_can_leave_out_sizes() -> None:
    found = only(peer().send(ticks("BidAsk"), wait_s=30.0), TickByTick)
    prices_only = only(peer().send(ticks("BidAsk", ignore_size=True), wait_s=30.0), TickByTick)
    assert {t.kind for t in found} == {BID_ASK}
    assert all(0 < t.bid < t.ask and t.bid_size > 0 and t.ask_size > 0 for t in found)
    assert len(prices_only) < len(found)
    assert all((a.bid, a.ask) != (b.bid, b.ask) for a, b in pairwise(prices_only))


def test_mid_points_lie_between_bid_and_ask() -> None:
    found = only(peer().send(ticks("MidPoint"), wait_s=10.0), TickByTick)
    quotes = only(peer().send(ticks("BidAsk", ignore_size=True), wait_s=10.0), TickByTick)
    assert {t.kind for t in found} == {MID_POINT}
    middles = {round((q.bid + q.ask) / 2, 6) for q in quotes}
    assert {t.mid_point for t in found} <= middles


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("Last", HistoricalTrades),
        ("AllLast", HistoricalTrades),
        ("BidAsk", HistoricalBidAsk),
        ("MidPoint", HistoricalMidpoints),
    ],
)
def test_past_ticks_come_first_and_the_stream_goes_on_after_them(kind: str, message: type) -> None:
    found = peer().send(ticks(kind, count=20), wait_s=5.0)
    past = found[0]
    assert isinstance(past, message)
    assert len(past.ticks) == 20  # type: ignore[attr-defined]
    moments = [tick.at_s for tick in past.ticks]  # type: ignore[attr-defined]
    assert moments == sorted(moments)
    assert moments[-1] <= TEN + 0.05
    stream = only(found, TickByTick)
    assert stream
    assert moments[-1] <= stream[0].at_s


def test_at_most_a_thousand_past_ticks() -> None:
    [past] = only(peer().send(ticks(count=5000), wait_s=0.1), HistoricalTrades)
    assert len(past.ticks) == 1000


def test_past_ticks_reach_back_over_the_night() -> None:
    [past] = only(peer(on_friday(9, 30, 2)).send(ticks(count=200), wait_s=0.06), HistoricalTrades)
    assert len(past.ticks) == 200
    assert past.ticks[0].at_s < on_friday(16, 0, day=9) < past.ticks[-1].at_s


def test_an_option_has_its_own_ticks() -> None:
    client = peer()
    call = option().contract()
    client.send(ticks("BidAsk", contract=call), wait_s=20)
    found = only(client.seen, TickByTick)
    assert found
    assert all(t.ask < 20 for t in found)


def test_five_requests_are_the_most_of_all_clients() -> None:
    first = peer()
    second = peer(engine=first.engine)
    strikes = [option(strike).contract() for strike in (750.0, 751.0, 752.0, 753.0, 754.0)]
    for number, contract in enumerate(strikes):
        asker = first if number % 2 else second
        assert not errors(asker.send(ticks("BidAsk", number, contract=contract)))
    assert errors(first.send(ticks(request_id=9))) == [(9, 10190, FULL)]
    first.engine.streams.max_lines = 120
    assert not errors(first.send(ticks(request_id=9)))


def test_a_contract_is_asked_once_in_fifteen_seconds_unless_the_rule_is_off() -> None:
    client = peer()
    client.send(ticks())
    assert errors(client.send(ticks("BidAsk", 8))) == [(8, 10190, FULL)]
    client.wait(14)
    assert not errors(client.send(ticks("BidAsk", 8)))
    lax = peer()
    lax.engine.conditions.tick_by_tick_pacing = False
    lax.send(ticks())
    assert not errors(lax.send(ticks("BidAsk", 8)))


@pytest.mark.parametrize(
    ("terms", "cause"),
    [
        ({"kind": "Trades"}, "Tick-by-tick data type is incorrect/not set."),
        ({"kind": ""}, "Tick-by-tick data type is incorrect/not set."),
        (
            {"kind": "Last", "contract": Contract(symbol="SPY", sec_type="BAG", exchange="SMART")},
            "'BAG' security type is not supported in ReqTickByTick(97) request",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_cause(
    terms: dict[str, object], cause: str
) -> None:
    [(_, code, text)] = errors(peer().send(ticks(**terms)))  # type: ignore[arg-type]
    assert code == 321
    assert text.endswith(f"cause - {cause}")


def test_without_live_rights_the_request_ends_with_10189() -> None:
    client = peer()
    client.engine.conditions.entitlement = "delayed"
    assert errors(client.send(ticks())) == [
        (
            *(7, 10189),
            f"Failed to request tick-by-tick data.No market data permissions for ARCA STK. {HELP}",
        )
    ]
    [(_, code, _)] = errors(client.send(CancelTickByTick(request_id=7)))
    assert code == 300


def test_ids_are_shared_with_market_data() -> None:
    client = peer()
    client.send(client.market_data(7))
    client.send(ticks(request_id=8))
    both = client.send(ticks(request_id=7)) + client.send(client.market_data(8))
    assert [(number, code) for number, code, _ in errors(both)] == [(7, 322), (8, 322)]


def test_a_cancel_is_silent_and_ends_the_ticks() -> None:
    client = peer()
    client.send(ticks())
    assert client.send(CancelTickByTick(request_id=7), wait_s=0) == []
    assert client.wait(10) == []


def test_a_lost_data_connection_ends_ticks_without_a_word() -> None:
    client = peer()
    client.send(ticks())
    client.engine.streams.drop_all()
    assert client.wait(10) == []


@pytest.mark.parametrize("how", ["frozen", "halted"])
def test_nothing_is_sent_or_made_up_for_while_a_symbol_stands_still(how: str) -> None:
    client = peer()
    client.send(ticks(), wait_s=2)
    if how == "frozen":
        fault = client.engine.faults.freeze("SPY")
    else:
        client.engine.halted.add("SPY")
    assert client.wait(10) == []
    thawed_s = client.engine.now_s
    if how == "frozen":
        client.engine.faults.disarm(fault)
    else:
        client.engine.halted.clear()
    found = only(client.wait(5), TickByTick)
    assert found
    assert min(t.at_s for t in found) >= int(thawed_s) - 1


def test_the_ticks_stop_at_the_close_and_go_on_at_the_open() -> None:
    client = peer(on_friday(15, 59, 57, day=9))
    assert only(client.send(ticks("BidAsk"), wait_s=3.1), TickByTick)
    assert client.wait(3600) == []
    client.wait(on_friday(9, 29, 59) - client.engine.now_s)
    assert only(client.wait(3), TickByTick)


def test_a_client_that_goes_away_frees_its_requests() -> None:
    client = peer()
    client.send(ticks())
    client.engine.gone(client.client, "")
    other = peer(engine=client.engine)
    assert not errors(other.send(ticks(contract=replace(SPY, exchange="ARCA"))))
