"""History of made-up instruments: continuous and expired futures, currency pairs."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.history import HistoricalData
from pytest_ibkr.wire.messages.history_queries import (
    HeadTimestamp,
    Histogram,
    HistoricalTrades,
    ReqHeadTimestamp,
    ReqHistogram,
    ReqHistoricalTicks,
)
from tests.sim.added_bench import ES, EURO, added_peer
from tests.sim.data_bench import errors, history, only

OVER = Contract(symbol="ES", sec_type="FUT", exchange="CME", expiry="202606")
CONTINUOUS = Contract(symbol="ES", sec_type="CONTFUT", exchange="CME")
HMDS = "Historical Market Data Service error message:"
LIFETIME = {"end": "20260612-20:00:00", "bar_size": "1 day", "duration": "5 D"}


def _bars(client, **changes):
    [answer] = only(client.send(history(**changes)), HistoricalData)
    return answer.bars


def test_a_continuous_future_has_the_next_ones_history_up_to_now_only():
    client = added_peer("ES")
    whole = _bars(client, contract=CONTINUOUS)[:-1]
    assert whole == _bars(client, request_id=13, contract=ES)[: len(whole)]
    assert whole
    asked = history(request_id=14, contract=CONTINUOUS, end="20260709-20:00:00")
    assert errors(client.send(asked)) == [
        (
            *(14, 10339),
            "Setting end date/time for continuous future security type is not allowed.",
        )
    ]


def test_an_expired_future_has_a_history_for_who_includes_it():
    bars = _bars(added_peer("ES"), contract=OVER, include_expired=True, **LIFETIME)
    assert [bar.date for bar in bars][-1] == "20260612"
    assert len(bars) == 5


def test_an_expired_future_is_unknown_to_who_does_not():
    found = errors(added_peer("ES").send(history(contract=OVER, **LIFETIME)))
    assert [code for _, code, _ in found] == [200]


def test_after_its_last_day_an_expired_future_has_no_data():
    asked = history(contract=OVER, include_expired=True)
    [(_, code, text)] = errors(added_peer("ES").send(asked))
    assert (code, text) == (162, f"{HMDS}HMDS query returned no data: ESM6@CME Trades")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (ReqHeadTimestamp, HeadTimestamp),
        (ReqHistogram, Histogram),
        (ReqHistoricalTicks, HistoricalTrades),
    ],
)
def test_the_other_questions_about_the_past_include_it_alike(asked, answer):
    rest = {
        ReqHeadTimestamp: {"what_to_show": "TRADES"},
        ReqHistogram: {"period": "3 months"},
        ReqHistoricalTicks: {"what_to_show": "TRADES", "end": "20260709-20:00:00", "count": 5},
    }[asked]
    client = added_peer("ES")
    found = client.send(asked(request_id=3, contract=OVER, include_expired=True, **rest))
    assert errors(found) == []
    assert only(found, answer)
    assert [code for _, code, _ in errors(client.send(asked(request_id=4, contract=OVER, **rest)))]


@pytest.mark.parametrize(
    ("bar_size", "width"), [("1 min", "60"), ("5 mins", "300"), ("1 day", "1d")]
)
def test_a_currency_pair_has_no_trades(bar_size, width):
    [(_, code, text)] = errors(
        added_peer("EUR.USD").send(history(contract=EURO, bar_size=bar_size))
    )
    says = f"{HMDS}No historical market data for EUR/CASH@FXSUBPIP Last {width}"
    assert (code, text) == (162, says)


def test_a_currency_pairs_trades_have_no_beginning():
    asked = ReqHeadTimestamp(request_id=3, contract=EURO, what_to_show="TRADES")
    assert errors(added_peer("EUR.USD").send(asked)) == [
        (3, 162, f"{HMDS}No historical market data for EUR/CASH@IDEALPRO Last 0")
    ]


@pytest.mark.parametrize("what", ["MIDPOINT", "BID", "ASK", "BID_ASK"])
def test_a_currency_pairs_quotes_have_a_history(what):
    bars = _bars(added_peer("EUR.USD"), contract=EURO, what_to_show=what)
    assert bars
    assert {(bar.volume, bar.wap, bar.count) for bar in bars} == {(-1, -1.0, -1)}
