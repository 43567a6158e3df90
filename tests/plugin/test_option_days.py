"""--ibkr-snapshot with a directory: a market of many days, by option, variable, ini and marker."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SUMMER = Path(__file__).parents[2] / "fixtures/ibkr_snapshots/days_summer_2026"
ROLLS = """
    import pytest

    @pytest.mark.market_hours(at="15:59")
    def test_it(ibkr, ibkr_clock, ibkr_snapshot):
        assert ibkr_snapshot.captured_at.isoformat() == "2026-06-15T16:00:00-04:00"
        assert ibkr_clock.now().isoformat()[:16] == "2026-06-15T19:59"
        assert ibkr.engine.rollover.date == "20260615"
        ibkr_clock.sleep(10 * 3600)
        assert ibkr.engine.rollover.date == "20260616"
"""


@pytest.mark.parametrize(
    "place", ["cli", *(pytest.param(each, marks=pytest.mark.ci) for each in ("env", "ini"))]
)
def test_a_directory_is_a_market_that_rolls(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    if place == "env":
        monkeypatch.setenv("IBKR_SNAPSHOT", str(SUMMER))
    pytester.makeini(f"[pytest]\nibkr_snapshot = {SUMMER}\n" if place == "ini" else "[pytest]\n")
    pytester.makepyfile(ROLLS)
    arguments = ("--ibkr-snapshot", str(SUMMER)) if place == "cli" else ()
    pytester.runpytest(*arguments).assert_outcomes(passed=1)


def test_the_header_says_which_days_and_where_they_come_from(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(ibkr):\n    pass\n")
    result = pytester.runpytest("--ibkr-snapshot", str(SUMMER))
    result.stdout.fnmatch_lines(
        [
            "ibkr snapshot: days_summer_2026 (*), 38 trading days 2026-06-15 to*; 1 imported",
        ]
    )
    result.assert_outcomes(passed=1)


@pytest.mark.ci
def test_a_test_may_ask_for_days_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.ibkr_snapshot({str(SUMMER)!r})
        def test_days(ibkr):
            assert ibkr.engine.rollover.days is not None

        def test_one(ibkr):
            assert ibkr.engine.rollover.days is None
        """
    )
    pytester.runpytest("-p", "no:randomly").assert_outcomes(passed=2)


@pytest.mark.ci
def test_the_report_names_every_stretch_of_days(pytester: pytest.Pytester, tmp_path: Path) -> None:
    pytester.makepyfile("def test_it(ibkr):\n    pass\n")
    asked = ("--ibkr-snapshot", str(SUMMER), "--ibkr-report", str(tmp_path))
    pytester.runpytest(*asked).assert_outcomes(passed=1)
    results = json.loads((tmp_path / "results.json").read_text("utf-8"))
    [gateway] = results["gateways"]
    days = gateway["snapshot"]["days"]
    assert (len(days), days["20260710"]) == (38, "imported")
    assert days["20260713"].startswith("synthetic: options from a surface")
    assert "Days 20260713 to" in (tmp_path / "report.html").read_text("utf-8")


@pytest.mark.ci
def test_a_directory_without_days_is_refused(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(ibkr):\n    pass\n")
    pytester.mkdir("empty.d")
    result = pytester.runpytest("--ibkr-snapshot", "empty.d")
    assert result.ret != 0
    told = result.stdout.str() + result.stderr.str()
    assert "it is a directory, and" in told
    assert "has no day of a market" in told
