"""A snapshot made of generated tables is used in tests as the documents say."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pytest_ibkr.cli import main
from tests.plugin.conftest import NO_ASYNC, QUIET

SPOT, STRIKES = 600.5, range(590, 612, 2)
SAMPLES = """
    import pytest


    @pytest.fixture
    def real_spy_data(ibkr_snapshot):
        return ibkr_snapshot["symbols"]["SPY"]


    def test_the_price_is_a_price(real_spy_data):
        assert 100 < real_spy_data["currentPrice"] < 1000


    def test_there_are_hourly_bars_in_order(real_spy_data):
        bars = real_spy_data["historicalBars"]
        assert len(bars) >= 20
        assert [bar["date"] for bar in bars] == sorted({bar["date"] for bar in bars})
        for bar in bars:
            assert bar["low"] <= min(bar["open"], bar["close"])
            assert max(bar["open"], bar["close"]) <= bar["high"]
            assert bar["volume"] >= 0


    def test_options_surround_the_price(real_spy_data):
        chain = real_spy_data["optionChain"]
        strikes = sorted({row["contract"]["strike"] for row in chain})
        assert strikes[0] < real_spy_data["currentPrice"] < strikes[-1]
        assert {row["contract"]["right"] for row in chain} == {"C", "P"}


    def test_quotes_and_greeks_are_numbers_or_none(real_spy_data):
        for row in real_spy_data["optionChain"]:
            quote = row["marketData"]
            assert 0 <= quote["bid"] <= quote["ask"]
            delta = row["greeks"]["delta"]
            assert delta is None or -1 <= delta <= 1


    def test_the_same_is_there_with_types(ibkr_snapshot, real_spy_data):
        spy = ibkr_snapshot.symbols["SPY"]
        assert spy.price == real_spy_data["currentPrice"]
        assert spy.bars["1 hour"][-1].start.tzinfo is not None


    def test_the_gateway_trades_it(ibkr, real_spy_data):
        ibkr.account.add_position("SPY", 7, average_cost=int(real_spy_data["currentPrice"]))
        assert ibkr.account.position("SPY") == 7


    @pytest.mark.ibkr_snapshot("generated")
    def test_the_marker_chooses_it(ibkr_snapshot):
        assert ibkr_snapshot.scenario == "generated"
        assert ibkr_snapshot.complete
"""


def generate(place: Path) -> None:
    """Four days of bars and one expiry of options around the price, as tables."""
    with (place / "chains.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["underlying", "expiry", "strike", "right", "bid", "ask", "delta"])
        for strike in STRIKES:
            for right, sign in (("C", 1), ("P", -1)):
                value = max(0.05, sign * (SPOT - strike))
                row = [f"{value:.2f}", f"{value + 0.1:.2f}", sign * 0.5]
                rows.writerow(["SPY", "2026-07-17", strike, right, *row])
    with (place / "bars.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["symbol", "start", "open", "high", "low", "close", "volume"])
        for day in range(4):
            for number in range(78):
                at = datetime(2026, 7, 7 + day, 9, 30) + timedelta(minutes=5 * number)  # noqa: DTZ001
                prices = [SPOT - 0.5, SPOT + 0.2, SPOT - 0.7, SPOT]
                rows.writerow(["SPY", f"{at:%Y-%m-%dT%H:%M}-04:00", *prices, 1000])


@pytest.mark.req("SC-043")
def test_generated_snapshots_serve_tests_as_documented(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    generate(pytester.path)
    monkeypatch.chdir(pytester.path)
    words = ["--chains", "chains.csv", "--bars", "bars.csv", "--at", "2026-07-10T16:00"]
    assert main(["snapshot", "import", *words, "--scenario", "generated"]) == 0, capsys.readouterr()
    pytester.makeini("[pytest]\nibkr_scenario = generated\n")
    pytester.makepyfile(SAMPLES)
    done = pytester.runpytest_inprocess(*QUIET, *NO_ASYNC)
    done.assert_outcomes(passed=7)
