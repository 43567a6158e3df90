"""What a run says about the gateway it uses, and that it is silent when it uses none."""

from __future__ import annotations

import json
import sys

import pytest

USES = """
    import pytest

    def test_one(ibkr):
        pass

    @pytest.mark.live
    def test_two(ibkr_clock):
        pass
"""


def test_a_run_says_which_gateway_and_market_its_tests_meet(run) -> None:
    result = run(USES)
    result.stdout.re_match_lines(
        [
            r"ibkr gateway: simulated, 127\.0\.0\.1, server versions 151 to \d+",
            r"ibkr snapshot: snapshot_normal_20260710_160000 \(packaged with the plugin\), .*",
            r"ibkr tests: 1 for the simulator, 1 live \(REHEARSAL: they meet the simulated .*",
        ]
    )
    result.stdout.fnmatch_lines(["*imported*, captured 2026-07-10 16:00 EDT, * days old"])


def test_a_run_without_our_fixtures_says_nothing(run) -> None:
    result = run("def test_it():\n    pass\n")
    assert "ibkr " not in result.stdout.str()


def test_a_quiet_run_says_nothing(run) -> None:
    assert "ibkr gateway" not in run(USES, "-q").stdout.str()


def test_collecting_starts_no_gateway(run) -> None:
    result = run(USES, "--collect-only")
    result.stdout.fnmatch_lines(["ibkr gateway: *", "ibkr snapshot: *"])
    result.assert_outcomes()


@pytest.mark.parametrize("args", [(), ("--ibkr-server-version", "157")])
def test_the_server_version_asked_for_is_named(run, args: tuple[str, ...]) -> None:
    from pytest_ibkr.wire.versions import NEWEST

    result = run(USES, *args)
    result.stdout.fnmatch_lines([f"*server versions 151 to {args[1] if args else NEWEST}"])


LOADED = """
import json, sys, pytest
code = pytest.main(sys.argv[1:])
heavy = {"yaml", "pydantic", "asyncio", "time_machine", "zoneinfo"}
print("\\n" + json.dumps([int(code), sorted(
    name for name in sys.modules
    if name.partition(".")[0] in heavy or name.startswith("pytest_ibkr")
)]))
"""


def test_a_run_without_our_fixtures_loads_nothing_of_ours(pytester, monkeypatch) -> None:
    """Markers, other fixtures and -m included: only what somebody asks for is loaded."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini("[pytest]\nmarkers =\n    slow\n")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.slow
        def test_it(tmp_path):
            pass
        """
    )
    args = ("-p", "pytest_ibkr.plugin", "-p", "no:cacheprovider", "-m", "slow")
    result = pytester.run(sys.executable, "-c", LOADED, *args)
    code, modules = json.loads(result.outlines[-1])
    assert code == 0
    assert modules == ["pytest_ibkr", "pytest_ibkr.fixtures", "pytest_ibkr.plugin"]
