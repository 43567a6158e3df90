"""Going live is typed, watched, and of one process: whoever asks otherwise is refused.

What a run does once it is live: test_live_run.py.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.live_run.asked import CAPTURE, LIVE, YES, Going, Told, decide, key_of
from pytest_ibkr.live_run.start import workers_of

NOTHING = Told(environ={}, ini={})


def told(*typed: str, **changes: object) -> Told:
    """A run with these arguments; flags and expression follow from them unless given."""
    flags = frozenset(flag for flag in (LIVE, CAPTURE, YES) if flag in typed)
    return replace(NOTHING, **({"typed": typed, "flags": flags} | changes))


GOES = [
    pytest.param(told(), None, id="nothing asked"),
    pytest.param(told(LIVE), Going("live", LIVE), id="the option"),
    pytest.param(told(LIVE, "-x", "tests"), Going("live", LIVE), id="among others"),
    pytest.param(told(CAPTURE), Going("capture", CAPTURE), id="a capture"),
    pytest.param(told(CAPTURE, YES), Going("capture", CAPTURE), id="a capture, confirmed"),
    pytest.param(told("-m", "slow", expression="slow"), None, id="another marker"),
    pytest.param(told("-m", "not live", expression="not live"), None, id="-m not live"),
    pytest.param(told("-m", "live or a", expression="live or a"), None, id="-m live or a"),
    pytest.param(told(LIVE, offline=True), None, id="offline wins"),
    pytest.param(told("-m", "live", expression="live", offline=True), None, id="over -m too"),
    pytest.param(
        told(flags=frozenset({LIVE}), offline=True, environ={"CI": "1"}), None, id="also in CI"
    ),
    pytest.param(told(environ={"IBKR_LIVE_GATEWAY": "0"}), None, id="a variable that says no"),
    pytest.param(told(LIVE, dist="load", workers=1), Going("live", LIVE, True), id="one worker"),
    pytest.param(
        told(LIVE, dist="loadgroup", workers=4), Going("live", LIVE, True), id="grouped workers"
    ),
]
TYPED_EXPRESSIONS = [
    ("-m", "live"),
    ("-mlive",),
    ("-m=live",),
    ("-qm", "live"),
    ("-qmlive",),
    ("-x", "-m", "live", "tests"),
    ("-m", "slow", "-m", "live"),
]
REFUSED = [
    pytest.param(told(flags=frozenset({LIVE})), f"{LIVE} was not typed", id="addopts"),
    pytest.param(told(flags=frozenset({CAPTURE})), f"{CAPTURE} was not typed", id="a capture"),
    pytest.param(
        told(CAPTURE, flags=frozenset({CAPTURE, YES})), f"{YES} was not typed", id="the yes to it"
    ),
    pytest.param(told("--", LIVE, flags=frozenset({LIVE})), "was not typed", id="a file's name"),
    pytest.param(
        told("-o", f"addopts={LIVE}", flags=frozenset({LIVE})), "was not typed", id="-o addopts"
    ),
    pytest.param(told("@args", flags=frozenset({LIVE})), "was not typed", id="argument file"),
    pytest.param(told(expression="live"), "-m 'live', which selects live tests", id="-m live"),
    pytest.param(told("-m", "slow", expression="live"), "was not typed", id="another -m was typed"),
    pytest.param(told("-k", "live", expression="live"), "was not typed", id="-k is not -m"),
    pytest.param(
        told(environ={"IBKR_LIVE_GATEWAY": "1"}),
        "the environment variable IBKR_LIVE_GATEWAY does not count",
        id="variable",
    ),
    pytest.param(
        told(LIVE, environ={"IBKR_LIVE_GATEWAY": "1"}), "does not count", id="variable and typed"
    ),
    pytest.param(told(environ={"IBKR_YES": "true"}), "IBKR_YES does not count", id="IBKR_YES"),
    pytest.param(
        told(environ={"IBKR_CAPTURE_SNAPSHOT": "y"}), "does not count", id="capture by variable"
    ),
    pytest.param(
        told(ini={"ibkr_live_gateway": "true"}),
        "the ini key ibkr_live_gateway does not count",
        id="ini key",
    ),
    pytest.param(told(LIVE, environ={"CI": "true"}), "is refused where CI is set", id="CI"),
    pytest.param(told(LIVE, environ={"CI": "false"}), "is refused where CI is set", id="CI=false"),
    pytest.param(
        told(CAPTURE, environ={"CI": "1"}), "is refused where CI is set", id="capture, CI"
    ),
    pytest.param(told(YES), f"{YES} answers the question of {CAPTURE}", id="a yes to nothing"),
    pytest.param(told(LIVE, CAPTURE), f"{CAPTURE} and {LIVE} in one run", id="both"),
    pytest.param(told(CAPTURE, offline=True), "--ibkr-offline lets nothing", id="offline capture"),
    pytest.param(
        told(LIVE, dist="load", workers=2), "with 2 workers and --dist load", id="two workers"
    ),
    pytest.param(told(LIVE, dist="each", workers=2), "--dist each", id="each"),
    pytest.param(
        told(CAPTURE, dist="load", workers=1), "which workers cannot", id="capture by workers"
    ),
]


@pytest.mark.parametrize(("given", "expected"), GOES)
def test_a_run_goes_where_it_was_asked_to_go(given: Told, expected: Going | None) -> None:
    assert decide(given) == expected


@pytest.mark.parametrize("typed", TYPED_EXPRESSIONS, ids=" ".join)
def test_an_expression_counts_however_it_was_typed(typed: tuple[str, ...]) -> None:
    going = decide(told(*typed, expression="live"))
    assert going is not None
    assert going.what == "live"


@pytest.mark.parametrize(("given", "reason"), REFUSED)
def test_what_may_not_be_is_refused_and_says_what_to_do(given: Told, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        decide(given)
    first, state, *fix = str(caught.value).splitlines()
    assert reason in first
    assert state == "  state: nothing was connected and no test ran"
    assert fix[0].startswith("  fix:   ")


@pytest.mark.parametrize(
    ("specs", "count"), [((), 0), (("popen",) * 3, 3), (("3*popen", "ssh=host"), 4)]
)
def test_workers_are_counted_as_xdist_starts_them(specs: tuple[str, ...], count: int) -> None:
    assert workers_of(specs) == count


def test_the_three_flags_have_the_keys_that_are_refused(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfig()
    for flag in (LIVE, CAPTURE, YES):
        assert config.getini(key_of(flag)) is None


# ---- the same, through pytest

PASSES = """
    import pytest

    @pytest.mark.live
    def test_it():
        pass
"""


@pytest.mark.parametrize(
    ("args", "ini", "environ", "text"),
    [
        pytest.param((), "addopts = --live-gateway", {}, "--live-gateway was not typed", id="ini"),
        pytest.param((), "addopts = -m live", {}, "-m 'live', which*was not typed", id="ini -m"),
        pytest.param(
            (), "ibkr_live_gateway = true", {}, "the ini key ibkr_live_gateway does not", id="key"
        ),
        pytest.param(
            (), "", {"PYTEST_ADDOPTS": "--live-gateway"}, "--live-gateway was not*", id="variable"
        ),
        pytest.param(
            (), "", {"IBKR_LIVE_GATEWAY": "1"}, "the environment variable IBKR_LIVE_*", id="own"
        ),
        pytest.param(("--live-gateway",), "", {"CI": "1"}, "*where CI is set: nobody*", id="CI"),
        pytest.param(
            ("--live-gateway",), "", {}, "--live-gateway needs a configuration file*", id="no file"
        ),
        pytest.param(("-m", "live"), "", {}, "-m 'live'*needs a configuration file*", id="-m"),
        pytest.param(("--live-gateway", "-n2"), "", {}, "*with 2 workers and*load:*", id="xdist"),
        pytest.param(("--ibkr-yes",), "", {}, "--ibkr-yes answers the question*", id="yes"),
    ],
)
def test_a_refused_run_ends_with_4_before_anything_is_collected(
    run, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...], ini: str, environ, text: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    result = run(PASSES, *args, ini=f"{ini}\n")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {text}*", "*state: nothing was connected*", "*fix: *"])
    assert "collected" not in result.stdout.str()


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


def test_the_address_comes_from_below_the_root_directory(run, pytester, tmp_path) -> None:
    elsewhere = tmp_path / "gateway.yaml"
    elsewhere.write_text("gateway: {port: 4002}\n", "utf-8")
    result = run(PASSES, "--live-gateway", f"--ibkr-config={elsewhere}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *from below the root directory only*"])
