"""Options that choose the market and the server version; each also as ini key and variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ibkr.plugin import INI_ONLY, TYPED
from pytest_ibkr.settings import PARSERS, env_name, ini_name, option_name
from pytest_ibkr.wire.versions import NEWEST
from tests.plugin.pack_snapshot import TARGET

SEES = """
    def test_it(ibkr, ibkr_snapshot, ibkr_server_version, pytestconfig):
        assert ibkr.engine.world.snapshot == ibkr_snapshot
        print("sees", ibkr_snapshot.name, ibkr_server_version)
"""
OWN = "snapshot_wild_20260601_100000"


@pytest.fixture
def markets(pytester: pytest.Pytester) -> Path:
    """A project with a snapshot of its own beside the packaged one."""
    folder = pytester.path / "fixtures" / "ibkr_snapshots"
    folder.mkdir(parents=True)
    (folder / f"{OWN}.json.gz").write_bytes(TARGET.read_bytes())
    return folder


def given(monkeypatch: pytest.MonkeyPatch, place: str, name: str, value: str) -> tuple[str, str]:
    """Arguments and ini text that set ``name`` in a place."""
    if place == "env":
        monkeypatch.setenv(env_name(name), value)
    return (
        f"{option_name(name)}={value}" if place == "cli" else "-v",
        f"{ini_name(name)} = {value}\n" if place == "ini" else "",
    )


USUAL = "snapshot_normal_20260710_160000"
HEARD = [
    ("snapshot", "normal", f"{USUAL} {NEWEST}"),
    ("snapshot", f"fixtures/ibkr_snapshots/{OWN}.json.gz", f"{OWN} {NEWEST}"),
    ("scenario", "wild", f"{OWN} {NEWEST}"),
    ("snapshot_dir", "nowhere", f"{USUAL} {NEWEST}"),
    ("server_version", "157", f"{OWN} 157"),
]


@pytest.mark.usefixtures("markets")
@pytest.mark.parametrize(
    ("place", "name", "value", "sees"),
    [
        pytest.param(place, *case, id=f"{place}-{case[0]}-{number}")
        for place in ("cli", "env", "ini")
        for number, case in enumerate(HEARD)
        if (place, case[0]) != ("cli", "snapshot_dir")  # a property of the project: no option
    ],
)
def test_every_place_is_heard(
    run, monkeypatch: pytest.MonkeyPatch, place: str, name: str, value: str, sees: str
) -> None:
    arg, ini = given(monkeypatch, place, name, value)
    result = run(SEES, "-rP", arg, ini=ini)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines([f"sees {sees}"])


@pytest.mark.usefixtures("markets")
def test_of_all_places_the_command_line_wins(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IBKR_SERVER_VERSION", "160")
    result = run(SEES, "-rP", "--ibkr-server-version=157", ini="ibkr_server_version = 165\n")
    result.stdout.fnmatch_lines([f"sees {OWN} 157"])


def test_the_configuration_file_is_heard_too(run, pytester: pytest.Pytester) -> None:
    (pytester.path / "mine.yaml").write_text("simulator: {server_version: 170}\n", "utf-8")
    result = run(SEES, "-rP", "--ibkr-config=mine.yaml")
    result.stdout.fnmatch_lines(["sees snapshot_normal_20260710_160000 170"])


@pytest.mark.parametrize(
    ("arg", "text"),
    [
        (
            "--ibkr-server-version=150",
            "--ibkr-server-version: 150 is not a server version the simulated gateway",
        ),
        ("--ibkr-server-version=new", "--ibkr-server-version: 'new' is not a server version"),
        ("--ibkr-config=none.yaml", "--ibkr-config: no file "),
    ],
)
def test_a_bad_value_ends_the_run_before_it_begins(run, arg: str, text: str) -> None:
    result = run("def test_it():\n    pass\n", arg)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0].startswith(f"ERROR: {text}")


@pytest.mark.parametrize(
    ("arg", "text"),
    [
        ("--ibkr-snapshot=nowhere", "no snapshot 'nowhere' in "),
        ("--ibkr-snapshot=/no/where.json", "no snapshot file /no/where.json"),
        ("--ibkr-scenario=panic", "no snapshot of a scenario 'panic' in "),
        ("--ibkr-config=mine.yaml", "*mine.yaml is not acceptable:"),
    ],
)
@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["here", "xdist"])
def test_what_no_test_could_use_ends_the_run_without_a_traceback(
    run, pytester: pytest.Pytester, arg: str, text: str, workers: tuple[str, ...]
) -> None:
    (pytester.path / "mine.yaml").write_text("gatway: {}\n", "utf-8")
    result = run(SEES + "\n    def test_other():\n        pass\n", arg, *workers)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = result.stdout if workers else result.stderr
    said.fnmatch_lines([f"ERROR: {text}*"])
    assert "Traceback" not in result.stdout.str() + result.stderr.str()
    result.assert_outcomes()


def test_a_run_that_uses_none_of_it_does_not_mind(run) -> None:
    run("def test_it():\n    pass\n", "--ibkr-snapshot=nowhere").assert_outcomes(passed=1)


def test_a_report_that_cannot_be_written_is_a_usage_error(run, pytester: pytest.Pytester) -> None:
    (pytester.path / "taken").write_text("", "utf-8")
    result = run(SEES, "--ibkr-report=taken")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: cannot write the report into *taken*", "*state: no test*"])
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


def test_every_setting_has_the_names_it_should(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfig()
    without_option = {name for name, _ in INI_ONLY}
    for name in PARSERS:
        assert config.getini(ini_name(name)) is None
        assert hasattr(config.option, ini_name(name)) is (name not in without_option)


def test_help_lists_the_options(run) -> None:
    result = run("", "--help")
    without_option = {option_name(name) for name, _ in INI_ONLY}
    typed = [option for option, _ in TYPED]
    for option in {*typed, *map(option_name, PARSERS)} - without_option:
        result.stdout.fnmatch_lines([f"*{option}*"])
    for option in without_option:
        assert f"  {option} " not in result.stdout.str()
    result.stdout.fnmatch_lines(["*ibkr_snapshot_dir*", "*ibkr_clock_start*"])


@pytest.mark.parametrize(
    ("arg", "text"),
    [
        ("--ibkr-record=never", "--ibkr-record: 'never' is none of none, once, all"),
        ("-oibkr_recording_max_age=0", "ini key ibkr_recording_max_age: '0' is not a number of d"),
        ("-oibkr_recording_too_old=ask", "ini key ibkr_recording_too_old: 'ask' is none of warn"),
    ],
)
def test_what_is_said_about_recordings_is_checked(run, arg: str, text: str) -> None:
    result = run("def test_it():\n    pass\n", arg)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines[0].startswith(f"ERROR: {text}")


def test_a_report_directory_is_filled(run, pytester: pytest.Pytester) -> None:
    run(SEES, "--ibkr-report=out").assert_outcomes(passed=1)
    assert list(pytester.path.joinpath("out").rglob("results.json"))


def test_without_a_report_directory_nothing_is_written(run, pytester: pytest.Pytester) -> None:
    run(SEES).assert_outcomes(passed=1)
    written = {path.name for path in pytester.path.iterdir()} - {"__pycache__"}
    assert {name for name in written if not name.endswith(".py")} == {"tox.ini"}
