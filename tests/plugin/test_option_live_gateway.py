"""Whoever asks for a live run must not pass on the simulator: this version refuses."""

from __future__ import annotations

import pytest

PASSES = """
    import pytest

    @pytest.mark.live
    def test_it():
        pass
"""
NOT_YET = "needs the live side of pytest-ibkr, which is not part of this version"


@pytest.mark.parametrize(
    ("args", "named"),
    [
        pytest.param(("--live-gateway",), "--live-gateway", id="option"),
        pytest.param(("-m", "live"), "-m 'live'", id="live"),
        pytest.param(("-m", "live and market_hours"), "-m 'live and market_hours'", id="both"),
        pytest.param(("--capture-snapshot",), "--capture-snapshot", id="capture"),
    ],
)
def test_a_live_run_is_a_usage_error(run, args: tuple[str, ...], named: str) -> None:
    result = run(PASSES, *args)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    [first, state, fix] = result.errlines[:3]
    assert first.startswith(f"ERROR: {named}")
    assert first.endswith(NOT_YET)
    assert state.strip() == "state: nothing was connected and no test ran"
    # a capture of the simulator would be refused too: that advice would lead in a circle
    assert ("--ibkr-offline" in fix) is (named != "--capture-snapshot")


@pytest.mark.parametrize("expression", ["not live", "live or slow"])
def test_an_expression_that_other_tests_can_match_runs_offline(run, expression: str) -> None:
    source = PASSES + "\n    def test_other():\n        pass\n"
    result = run(source, "-m", expression)
    assert result.ret == pytest.ExitCode.OK


@pytest.mark.parametrize("args", [("-m", "live"), ("--live-gateway",)])
def test_offline_wins_and_the_run_is_a_rehearsal(run, args: tuple[str, ...]) -> None:
    source = """
        import pytest

        @pytest.mark.live
        def test_it(ibkr):
            assert ibkr.account.id == "DU0000001"
    """
    result = run(source, *args, "--ibkr-offline")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["ibkr tests: 0 for the simulator, 1 live (REHEARSAL: *"])


def test_offline_does_not_make_a_capture_of_the_simulator(run) -> None:
    result = run(PASSES, "--capture-snapshot", "--ibkr-offline")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


@pytest.mark.parametrize("args", [("-m", "live"), ("--live-gateway",)])
def test_where_ci_is_set_the_reason_is_another(
    run, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CI", "true")
    result = run(PASSES, *args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *is refused where CI is set: *"])


def test_an_ini_file_cannot_start_a_live_run(run) -> None:
    result = run(PASSES, ini="addopts = -m live\n")
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_under_xdist_it_is_refused_before_any_worker_starts(run) -> None:
    result = run(PASSES, "-n", "1", "-m", "live")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "workers" not in result.stdout.str()
