"""Answers become a snapshot: nothing is filled in, everything is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from pytest_ibkr.capture import strict
from pytest_ibkr.capture.assemble import Source, build
from pytest_ibkr.capture.plan import plan_of, underlying
from pytest_ibkr.capture.symbol_parts import Origin, SymbolAnswers, parts_of
from pytest_ibkr.capture.ticks import Greeks, TickBoard
from pytest_ibkr.snapshot.errors import SnapshotInvalid
from pytest_ibkr.snapshot.trading_days import sessions_around
from pytest_ibkr.wire.messages.contract import ContractData, TagValue
from pytest_ibkr.wire.messages.history import HistoricalBar
from pytest_ibkr.wire.messages.session import ErrorNotice

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 7, 10, 15, 2, 3, 456789, tzinfo=NEW_YORK)
ACCOUNT = "DU" + "7654321"
SOURCE = Source(accounts=(ACCOUNT,), account_type="INDIVIDUAL", server_version=200, simulated=False)


def details(con_id=756733, **values) -> ContractData:
    usual = {
        "symbol": "SPY",
        "sec_type": "STK",
        "exchange": "SMART",
        "currency": "USD",
        "local_symbol": "SPY",
        "market_name": "SPY",
        "trading_class": "SPY",
        "min_tick": 0.01,
        "order_types": "LMT",
        "valid_exchanges": "SMART",
        "long_name": "SPDR S&P 500",
        "primary_exchange": "ARCA",
        "time_zone": "US/Eastern",
        "trading_hours": "",
        "liquid_hours": "",
        "market_rule_ids": "26",
        "stock_type": "ETF",
        "sec_ids": (TagValue(tag="ISIN", value="US78462F1030"),),
    }
    return ContractData(request_id=1, con_id=con_id, **(usual | values))


def board(data_type=1, greeks=None, **values) -> TickBoard:
    return TickBoard(values, greeks or Greeks(), data_type)


def option(number, expiry, strike, right, *, quoted=True):
    who = details(
        con_id=number, sec_type="OPT", strike=strike, right=right, multiplier="100", sec_ids=(),
        expiry=f"{expiry} 16:00:00 US/Eastern", last_trade_date=expiry,
    )  # fmt: skip
    delta = 0.5 if right == "C" else -0.5
    known = {"bid": 1.0, "ask": 1.1, "bid_size": 3, "ask_size": 4} if quoted else {}
    return who, board(greeks=Greeks(implied_vol=0.2, delta=delta), **known)


def chain():
    number = 0
    for expiry in ("20260717", "20260713"):
        for strike in range(748, 753):
            for right in "PC":
                number += 1
                yield option(2000 + number, expiry, float(strike), right)


def hours(count=30):
    start = datetime(2026, 7, 6, 10, tzinfo=NEW_YORK)
    found = []
    while len(found) < count:
        if 10 <= start.hour < 16 and start.weekday() < 5:
            date = f"{start:%Y%m%d %H:%M:%S} US/Eastern"
            found.append(
                HistoricalBar(date=date, open=750.0, high=751.0, low=749.0, close=750.5,
                              volume=100, wap=750.2, count=5)
            )  # fmt: skip
        start += timedelta(hours=1)
    return tuple(found)


def answers(**changes) -> SymbolAnswers:
    usual = {
        "details": details(),
        "board": board(bid=749.99, ask=750.01, last=750.0, close=748.0, volume=10),
        "bars": {"1 hour": hours()},
        "options": list(chain()),
        "done": True,
    }
    return SymbolAnswers(underlying("SPY"), **(usual | changes))


def built(*given, source=SOURCE, symbols=("SPY",), now=NOW):
    return build(plan_of(symbols=symbols), given, source, now=now)


# ------------------------------------------------------------------ the whole


def test_a_full_set_of_answers_is_a_complete_snapshot():
    found = built(answers())
    assert found.complete, found.issues
    assert found.issues == []
    assert found.name == "snapshot_normal_20260710_150203"
    assert (found.source, found.market_session, found.market_data_type) == ("gateway", "rth", 1)
    spy = found.symbols["SPY"]
    assert (spy.con_id, spy.isin, spy.time_zone) == (756733, "US78462F1030", "US/Eastern")
    assert (spy.price, spy.price_source, spy.close) == (750.0, "last", 748.0)
    assert [row.con_id for row in spy.option_chain] == [
        row.con_id for row in sorted(spy.option_chain, key=lambda r: (r.expiry, r.strike, r.right))
    ]
    assert spy.option_chain[0].expiry == "20260713"
    assert spy.option_chain[0].open_interest is None


def test_the_account_is_masked_and_its_type_recorded():
    found = built(answers())
    assert found.account == "DU*****21"
    assert "INDIVIDUAL" in found.provenance["account"].detail
    assert ACCOUNT not in str(found.to_dict())


def test_errors_are_kept_with_their_request_and_without_account_ids():
    notices = (
        ErrorNotice(request_id=7, code=200, text=f"No security\ndefinition for {ACCOUNT}"),
        ErrorNotice(request_id=-1, code=1100, text="lost"),
    )
    found = built(answers(), source=replace(SOURCE, errors=notices))
    assert found.errors == [
        {"requestId": 7, "code": 200, "text": "No security definition for DU*****21"},
        {"requestId": None, "code": 1100, "text": "lost"},
    ]
    assert found.complete


def test_a_symbol_that_was_not_begun_makes_it_incomplete():
    found = built(answers(), symbols=("SPY", "QQQ"))
    assert not found.complete
    assert found.issues == ["QQQ was not captured"]


def test_a_symbol_that_is_nobody_is_left_out_and_said():
    lost = SymbolAnswers(underlying("QQQ"), lacking=["QQQ: not found: error 200"])
    found = built(answers(), lost, symbols=("SPY", "QQQ"))
    assert list(found.symbols) == ["SPY"]
    assert not found.complete
    assert "QQQ: not found: error 200" in found.issues


def test_nothing_at_all_is_no_snapshot():
    with pytest.raises(SnapshotInvalid):
        built(SymbolAnswers(underlying("SPY")))


def test_options_without_a_quote_are_left_out():
    found = built(answers(options=[*chain(), option(9999, "20260713", 753.0, "C", quoted=False)]))
    assert len(found.symbols["SPY"].option_chain) == 20


def test_an_option_that_came_twice_is_kept_once():
    assert len(built(answers(options=[*chain(), *chain()])).symbols["SPY"].option_chain) == 20


def test_remarks_do_not_make_it_incomplete():
    found = built(answers(remarks=["SPY: no last trade came, the price is the mid"]))
    assert found.complete
    assert len(found.issues) == 1


def test_delayed_and_mixed_data_are_said_and_the_least_live_type_is_recorded():
    vix = SymbolAnswers(
        underlying("VIX"),
        details=details(con_id=13455763, symbol="VIX", sec_type="IND", exchange="CBOE"),
        board=board(3, last=15.0),
        bars={"1 hour": hours()},
    )
    found = built(answers(), vix, symbols=("SPY", "VIX"))
    assert found.market_data_type == 3
    assert found.vix == 15.0
    assert any("VIX: delayed market data" in text for text in found.issues)
    assert any("SPY live, VIX delayed" in text for text in found.issues)


def test_without_any_delivered_type_the_one_asked_for_is_noted_and_said():
    quiet = answers(board=TickBoard({"last": 750.0}), options=[])
    found = built(quiet, source=replace(SOURCE, wanted_type=2))
    assert found.market_data_type == 2
    assert any("no market data type was delivered" in text for text in found.issues)


def test_bars_that_contradict_themselves_are_left_out_and_make_it_incomplete():
    broken = replace(hours(1)[0], high=1.0)
    found = built(answers(bars={"1 hour": (broken, *hours()[1:])}))
    assert not found.complete
    assert any("1 bars of 1 hour contradict" in text for text in found.issues)


def test_a_zone_nobody_knows_is_the_exchanges():
    found = built(answers(details=details(time_zone="Moon/Sea")))
    assert found.symbols["SPY"].time_zone == "America/New_York"


@pytest.mark.parametrize(
    ("now", "session"),
    [
        (NOW.replace(hour=8), "pre"),
        (NOW.replace(hour=16, minute=0), "post"),
        (NOW + timedelta(days=1), "closed"),
    ],
)
def test_outside_regular_hours_it_says_that_quotes_may_be_stale(now, session):
    found = built(answers(), now=now)
    assert found.market_session == session
    assert "may be stale; the next session opens" in found.issues[-1]


# ------------------------------------------------------------------ strict rules


def parts(**changes):
    sessions = sessions_around(NOW.date())
    origin = Origin(simulated=False, server_version=200)
    given = answers(**changes)
    return parts_of(given, given.details, origin, sessions=sessions, now=NOW)


def rows(change):
    """The whole chain with every board changed."""
    found = list(chain())
    for who, each in found:
        change(who, each)
    return found


def one_sided(_who, each):
    del each.values["bid"]


def crossed(_who, each):
    each.values["bid"] = 2.0


def wrong_delta(_who, each):
    each.greeks = replace(each.greeks, delta=-each.greeks.delta)


def wild_vol(_who, each):
    each.greeks = replace(each.greeks, implied_vol=8.0)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"options": [each for each in chain() if each[0].last_trade_date == "20260713"]},
         "options of 1 expiry only"),
        ({"options": [each for each in chain() if each[0].strike < 752]}, "4 strikes only"),
        ({"board": board(last=760.0)}, "leave out the price 760"),
        ({"board": board(last=800.0), "options": []}, "far from the last bar's close"),
        ({"options": rows(one_sided)}, "0 of 20 options are quoted on both sides"),
        ({"options": rows(crossed)}, "0 of 20 options are quoted on both sides"),
        ({"options": rows(wrong_delta)}, "20 deltas have the wrong sign"),
        ({"options": rows(wild_vol)}, "20 implied volatilities are not between 0 and 5"),
    ],
    ids=["expiries", "strikes", "bracket", "price", "one-sided", "crossed", "delta", "volatility"],
)  # fmt: skip
def test_what_is_unfit_to_test_with_is_named(changes, says):
    [problem] = strict.problems(parts(**changes))
    assert problem.startswith("SPY: ")
    assert says in problem
    assert not built(answers(**changes)).complete


def test_what_is_fit_has_no_problem():
    assert strict.problems(parts()) == []
    assert strict.problems(parts(options=[])) == []
