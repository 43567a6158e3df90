"""Historical ticks: which ones a request gets, in which message, and why it is refused."""

from __future__ import annotations

from collections import Counter

import pytest

from pytest_ibkr.sim.trade_ticks import quotes, trades
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.history_queries import (
    CancelHistoricalTicks,
    HistoricalBidAsk,
    HistoricalMidpoints,
    HistoricalTrades,
    ReqHistoricalTicks,
)
from pytest_ibkr.wire.versions import NEWEST, OLDEST, SHARE_VOLUMES
from tests.sim.data_bench import CAPTURED, SPY, TEN, errors, normal_world, on_friday, option, peer

NOON = on_friday(12, 0)
UTC_TEN = "20260710-14:00:00"  # ten o'clock in New York
MARKET = normal_world().market
STOCK = normal_world().book.by_symbol("SPY")
assert STOCK is not None


def _request(**changes: object) -> ReqHistoricalTicks:
    values: dict[str, object] = {
        "request_id": 5,
        "contract": SPY,
        "start": UTC_TEN,
        "count": 10,
        "what_to_show": "TRADES",
        **changes,
    }
    return ReqHistoricalTicks(**values)  # type: ignore[arg-type]


def _answer(at_s: float = NOON, *, version: int = NEWEST, **changes: object):
    [found] = peer(at_s, version=version).send(_request(**changes))
    assert found.request_id == 5
    assert found.done
    return found


def _refusals(**changes: object) -> list[tuple[int, str]]:
    found = peer(NOON).send(_request(**changes))
    assert [each for each in found if hasattr(each, "ticks")] == []
    return [(code, text) for _, code, text in errors(found)]


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("TRADES", HistoricalTrades),
        ("BID_ASK", HistoricalBidAsk),
        ("MIDPOINT", HistoricalMidpoints),
    ],
)
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_each_source_has_its_message(what: str, kind: type, version: int) -> None:
    found = _answer(what_to_show=what, version=version)
    assert isinstance(found, kind)
    assert len(found.ticks) >= 10
    assert all(tick.at_s >= TEN for tick in found.ticks)


@pytest.mark.parametrize("count", [1, 10, 999])
def test_a_start_brings_the_first_ticks_and_the_whole_last_second(count: int) -> None:
    found = _answer(count=count).ticks
    real = list(trades(MARKET, STOCK, from_s=TEN - 0.001, until_s=TEN + 600))
    last = int(real[count - 1].at_s)
    expected = [trade for trade in real if int(trade.at_s) <= last]
    assert len(expected) >= count
    assert [(tick.at_s, tick.price, tick.size, tick.exchange) for tick in found] == [
        (int(trade.at_s), trade.price, trade.size, trade.exchange) for trade in expected
    ]


@pytest.mark.parametrize("count", [1, 10, 999])
def test_an_end_brings_the_last_ticks_and_the_whole_first_second(count: int) -> None:
    found = _answer(start="", end=UTC_TEN, count=count).ticks
    real = list(trades(MARKET, STOCK, from_s=TEN - 600, until_s=TEN))
    first = int(real[-count].at_s)
    assert [(tick.at_s, tick.size) for tick in found] == [
        (int(trade.at_s), trade.size) for trade in real if int(trade.at_s) >= first
    ]


def test_more_than_a_thousand_are_a_thousand_and_the_rest_of_a_second() -> None:
    found = _answer(count=5000).ticks
    in_last = Counter(tick.at_s for tick in found)[found[-1].at_s]
    assert 1000 <= len(found) < 1000 + in_last


def test_nothing_is_later_than_the_moment_of_asking() -> None:
    found = _answer(TEN + 5.0, count=1000).ticks
    assert found
    assert max(tick.at_s for tick in found) <= TEN + 5


def test_an_end_to_come_means_now() -> None:
    found = _answer(TEN + 5.0, start="", end="20260710-20:00:00", count=1000).ticks
    assert max(tick.at_s for tick in found) <= TEN + 5


def test_an_end_on_a_saturday_reaches_back_to_fridays_close() -> None:
    found = _answer(CAPTURED + 86400, start="", end="20260711-12:00:00").ticks
    assert CAPTURED - 10 < found[-1].at_s < CAPTURED


def test_a_start_to_come_finds_nothing_and_is_done() -> None:
    assert _answer(start="20260710-18:00:00").ticks == ()


def test_seldom_traded_options_are_searched_for_over_days() -> None:
    found = _answer(
        on_friday(9, 45), contract=option(765.0).contract(), start="", end="20260710-13:31:00"
    )
    assert len(found.ticks) >= 10
    assert found.ticks[0].at_s < on_friday(9, 30)


def test_sizes_can_be_ignored() -> None:
    every = _answer(what_to_show="BID_ASK", count=100).ticks
    prices = _answer(what_to_show="BID_ASK", count=100, ignore_size=True).ticks
    assert prices[-1].at_s > every[-1].at_s
    real = quotes(MARKET, STOCK, from_s=TEN - 0.001, until_s=TEN + 60, ignore_size=True)
    assert [(tick.bid, tick.ask) for tick in prices] == [
        (tick.bid, tick.ask) for tick, _ in zip(real, prices, strict=False)
    ]


def test_sizes_of_stocks_are_lots_before_hmds_counted_shares() -> None:
    shares = _answer(version=SHARE_VOLUMES).ticks
    lots = _answer(version=SHARE_VOLUMES - 1).ticks
    assert [tick.size for tick in lots] == [max(1, tick.size // 100) for tick in shares]
    call = option().contract()
    before, after = (
        _answer(version=version, contract=call) for version in (SHARE_VOLUMES - 1, SHARE_VOLUMES)
    )
    assert before == after


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        pytest.param({"count": 0}, "Number of ticks must be > 0", id="none asked for"),
        pytest.param({"count": -1}, "Number of ticks must be > 0", id="less than none"),
        pytest.param({"what_to_show": ""}, "Source price must not be empty", id="no source"),
        pytest.param({"what_to_show": "LAST"}, "Invalid source price", id="unknown source"),
        pytest.param({"end": UTC_TEN}, "Please enter either", id="start and end"),
        pytest.param({"start": ""}, "Please enter either", id="neither start nor end"),
    ],
)
def test_a_request_that_cannot_be_meant_is_refused(changes: dict[str, object], cause: str) -> None:
    [(code, text)] = _refusals(**changes)
    assert code == 321
    assert f"cause - {cause}" in text


def test_an_unreadable_date_is_refused() -> None:
    [(code, _)] = _refusals(start="yesterday")
    assert code == 10314


def test_an_unknown_contract_is_refused() -> None:
    [(code, _)] = _refusals(contract=Contract(symbol="NOPE", sec_type="STK", exchange="SMART"))
    assert code == 200


def test_a_date_without_zone_is_the_exchanges_with_a_warning() -> None:
    found = peer(NOON).send(_request(start="20260710 10:00:00"))
    assert [code for _, code, _ in errors(found)] == [2174]
    assert found[-1].ticks == _answer().ticks


def test_aggregated_trades_are_trades_with_a_warning() -> None:
    found = peer(NOON).send(_request(what_to_show="AGGTRADES"))
    assert [code for _, code, _ in errors(found)] == [10299]
    assert found[-1].ticks == _answer().ticks


@pytest.mark.parametrize("entitlement", ["delayed", "none", "not_enabled"])
@pytest.mark.parametrize(("symbol", "where"), [("SPY", "ARCA STK"), ("QQQ", "ISLAND STK")])
def test_without_live_data_there_are_no_ticks(entitlement, symbol: str, where: str) -> None:
    asker = peer(NOON)
    asker.engine.conditions.entitlement = entitlement
    contract = Contract(symbol=symbol, sec_type="STK", exchange="SMART", currency="USD")
    assert errors(asker.send(_request(contract=contract))) == [
        (5, 10187, f"Failed to request historical ticks:No market data permissions for {where}")
    ]


def test_a_start_before_there_are_ticks_finds_the_first() -> None:
    found = _answer(start="20200102-14:30:00").ticks
    assert on_friday(9, 30) - 10 * 86400 <= found[0].at_s < on_friday(9, 31) - 10 * 86400


def test_long_after_the_capture_the_last_ticks_are_those_before_it() -> None:
    found = _answer(CAPTURED + 20 * 86400, start="", end="20260729-12:00:00").ticks
    assert CAPTURED - 10 < found[-1].at_s < CAPTURED


@pytest.mark.parametrize(
    ("asked", "label"),
    [({"start": "x"}, "Start Date/Time: "), ({"start": "", "end": "x"}, "End Date/Time: ")],
)
def test_an_unreadable_moment_is_refused_under_its_own_label(
    asked: dict[str, str], label: str
) -> None:
    [(code, text)] = _refusals(**asked)
    assert code == 10314
    assert text.startswith(f"{label}The date, time, or time-zone entered is invalid.\n")


def test_a_cancel_takes_back_the_ticks_of_its_request_and_is_silent():
    client = peer(NOON)
    for request_id in (5, 6):
        client.send(_request(request_id=request_id), wait_s=0)
    found = client.send(CancelHistoricalTicks(request_id=5))
    assert [each.request_id for each in found] == [6]
    assert client.send(CancelHistoricalTicks(request_id=6)) == []
    assert client.send(CancelHistoricalTicks(request_id=99)) == []
