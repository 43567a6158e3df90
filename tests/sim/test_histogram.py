"""The histogram: what bars say was traded at which price."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.history import HistoricalData
from pytest_ibkr.wire.messages.history_queries import CancelHistogram, Histogram, ReqHistogram
from pytest_ibkr.wire.versions import SHARE_VOLUMES
from tests.sim.data_bench import (
    CAPTURED,
    SPY,
    TEN,
    VIX,
    errors,
    history,
    on_friday,
    only,
    option,
    peer,
)


def _ask(**changes: object) -> ReqHistogram:
    values: dict[str, object] = {"request_id": 4, "contract": SPY, "period": "3 days", **changes}
    return ReqHistogram(**values)  # type: ignore[arg-type]


def _steps(at_s: float = CAPTURED, *, version: int = 178, **changes: object):
    [found] = only(peer(at_s, version=version).send(_ask(**changes)), Histogram)
    assert found.request_id == 4
    return found.steps


def _bars(at_s: float, **asked: object):
    [answer] = only(peer(at_s).send(history(**asked)), HistoricalData)
    return answer.bars


@pytest.mark.parametrize(
    ("period", "duration"),
    [("1 day", "1 D"), ("3 days", "3 D"), ("1 week", "1 W")],
)
def test_its_sizes_are_the_volume_of_the_periods_bars(period: str, duration: str) -> None:
    bars = _bars(CAPTURED, bar_size="5 mins", duration=duration)
    steps = _steps(period=period)
    assert sum(step.size for step in steps) == sum(bar.volume for bar in bars)
    assert steps[0].price == pytest.approx(min(bar.low for bar in bars), abs=0.005)
    assert steps[-1].price == pytest.approx(max(bar.high for bar in bars), abs=0.005)


def test_prices_rise_in_ticks() -> None:
    prices = [step.price for step in _steps(period="1 day")]
    assert {round(b - a, 6) for a, b in pairwise(prices)} == {0.01}


def test_months_and_years_use_daily_bars_where_there_are_no_finer_ones() -> None:
    month = sum(step.size for step in _steps(period="1 month"))
    year = sum(step.size for step in _steps(period="1 year"))
    daily = sum(b.volume for b in _bars(CAPTURED, bar_size="1 day", duration="1 Y"))
    assert year > month
    assert year == pytest.approx(daily, rel=0.02)


def test_what_is_still_to_come_is_not_in_it() -> None:
    early, late = (
        sum(step.size for step in _steps(at_s, period="1 day")) for at_s in (TEN, on_friday(15, 0))
    )
    assert 0 < early < late


def test_sizes_of_stocks_are_lots_before_hmds_counted_shares() -> None:
    shares, lots = (_steps(version=v) for v in (SHARE_VOLUMES, SHARE_VOLUMES - 1))
    assert [step.size for step in lots] == [max(1, step.size // 100) for step in shares]


def test_options_have_one_too() -> None:
    assert sum(step.size for step in _steps(contract=option().contract(), period="1 day")) > 0


@pytest.mark.parametrize("period", ["", "3", "0 days", "3 D", "1 hour", "3  days", "x days"])
def test_a_period_that_is_none_is_refused(period: str) -> None:
    [(_, code, text)] = errors(peer(TEN).send(_ask(period=period)))
    assert code == 321
    assert "duration is invalid" in text


def test_without_volume_there_is_no_data() -> None:
    [(request_id, code, text)] = errors(peer(TEN).send(_ask(contract=VIX)))
    assert (request_id, code) == (4, 162)
    assert text.endswith("HMDS query returned no data: VIX@CBOE Trades")


def test_without_permission_it_is_refused() -> None:
    asker = peer(TEN)
    asker.engine.conditions.entitlement = "none"
    [(_, code, text)] = errors(asker.send(_ask()))
    assert code == 162
    assert "No market data permissions" in text


def test_an_unknown_contract_is_refused() -> None:
    nope = Contract(symbol="NOPE", sec_type="STK", exchange="SMART")
    assert [code for _, code, _ in errors(peer(TEN).send(_ask(contract=nope)))] == [200]


def test_a_cancel_in_time_leaves_nothing_to_answer() -> None:
    asker = peer(TEN)
    assert asker.send(_ask(), wait_s=0.0) == []
    assert asker.send(CancelHistogram(request_id=4), wait_s=5.0) == []
    assert asker.send(CancelHistogram(request_id=4)) == []
