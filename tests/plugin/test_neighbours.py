"""Beside other plugins: xdist, freezegun, no autoload, other people's strictness."""

from __future__ import annotations

import pytest

from tests.plugin.conftest import NO_ASYNC, QUIET

TESTS = """
    import pytest

    @pytest.mark.parametrize("n", range(6))
    def test_it(ibkr, ibkr_gateway, worker_id, n):
        assert ibkr.journal.entries() == []
        print("served", worker_id, ibkr.port)
"""


def test_each_xdist_worker_has_its_own_gateway(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess(*QUIET, *NO_ASYNC, "-n", "2", "-rP", "-W", "error")
    result.assert_outcomes(passed=6)
    served = {tuple(line.split()[1:]) for line in result.outlines if line.startswith("served")}
    assert len({worker for worker, _ in served}) == 2
    assert len({port for _, port in served}) == len(served) == 2
    result.stdout.fnmatch_lines(["ibkr gateway: *", "ibkr snapshot: *", "ibkr tests: 6 for *"])


def test_freezegun_tests_run_beside_ours(run) -> None:
    result = run(
        """
        import datetime as dt
        from freezegun import freeze_time

        @freeze_time("2020-01-02 03:04:05")
        def test_frozen():
            assert dt.datetime.now() == dt.datetime(2020, 1, 2, 3, 4, 5)

        def test_ours(ibkr):
            assert dt.datetime.now(dt.UTC).year == 2026
            assert dt.datetime.now(dt.UTC).strftime("%H:%M") == "14:00"

        @freeze_time("2021-01-02")
        def test_frozen_again():
            assert dt.date.today() == dt.date(2021, 1, 2)

        def test_real():
            assert dt.date.today() > dt.date(2026, 7, 13)
        """
    )
    result.assert_outcomes(passed=4)


def test_it_works_without_autoload(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile("def test_it(ibkr):\n    assert ibkr.port\n")
    args = ("-p", "pytest_ibkr.plugin", "-W", "error", "--strict-markers", "--strict-config")
    pytester.runpytest_subprocess(*args).assert_outcomes(passed=1)


def test_it_works_as_a_pytest_plugins_entry(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "pytest_ibkr.plugin")
    pytester.makepyfile("def test_it(ibkr):\n    assert ibkr.port\n")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_it_can_be_switched_off(run) -> None:
    result = run("def test_it(request):\n    request.getfixturevalue('ibkr')\n", "-p", "no:ibkr")
    result.stdout.fnmatch_lines(["*fixture 'ibkr' not found*"])


@pytest.mark.parametrize(
    "args",
    [
        (),
        pytest.param(("-p", "no:randomly"), marks=pytest.mark.ci),
        pytest.param(("-p", "no:xdist"), marks=pytest.mark.ci),
    ],
)
def test_warnings_are_errors_and_none_comes(
    pytester: pytest.Pytester, args: tuple[str, ...]
) -> None:
    pytester.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.market_hours

        def test_it(ibkr, ibkr_clock, ibkr_snapshot, ibkr_gateway_factory):
            ibkr_gateway_factory()
            ibkr_clock.sleep(1)
        """
    )
    result = pytester.runpytest_subprocess(*NO_ASYNC, *args, "-W", "error", "--strict-markers")
    result.assert_outcomes(passed=1)
