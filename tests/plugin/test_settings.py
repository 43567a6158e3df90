"""Where a setting comes from, and which place wins."""

from __future__ import annotations

import datetime as dt
import re
from itertools import combinations
from pathlib import Path

import pytest

from pytest_ibkr.settings import PARSERS, RANK, Settings, read_config, resolve

PLACES = ("cli", "env", "ini", "file")
WRITTEN = {  # per setting: how each place writes a value of its own, and what it means
    "scenario": {place: (f"of_{place}", f"of_{place}") for place in PLACES},
    "server_version": {place: (str(160 + n), 160 + n) for n, place in enumerate(PLACES)},
    "clock_start": {place: (f"1{n}:30", dt.time(10 + n, 30)) for n, place in enumerate(PLACES)},
    "snapshot": {place: (f"name_{place}", f"name_{place}") for place in PLACES},
    "offline": {"cli": (True, True), "env": ("no", False), "ini": (True, True)},
}
CASES = [
    pytest.param(name, places, id=f"{name}-{'-'.join(places)}")
    for name, written in WRITTEN.items()
    for count in range(1, len(written) + 1)
    for places in combinations(written, count)
]


def settle(root: Path, given: dict[str, dict[str, object]]) -> Settings:
    """Settings from values per place."""
    if "file" in given:
        lines = "".join(f"  {name}: '{value}'\n" for name, value in given["file"].items())
        (root / "given.yaml").write_text(f"simulator:\n{lines}", "utf-8")
        given.setdefault("ini", {})["config"] = "given.yaml"
    environ = {f"IBKR_{name.upper()}": str(v) for name, v in given.get("env", {}).items()}
    return resolve(
        cli=given.get("cli", {}),
        environ=environ,
        ini=given.get("ini", {}),
        rootdir=root,
        cwd=root,
    )


@pytest.mark.parametrize(("name", "places"), CASES)
def test_the_highest_place_wins_and_is_remembered(
    name: str, places: tuple[str, ...], tmp_path: Path
) -> None:
    given = {place: {name: WRITTEN[name][place][0]} for place in places}
    settings = settle(tmp_path, given)

    winner = min(places, key=RANK.index)
    assert getattr(settings, name) == WRITTEN[name][winner][1]
    assert settings.origin(name) == winner


def test_nothing_given_means_the_defaults(tmp_path: Path) -> None:
    settings = settle(tmp_path, {})

    assert settings == Settings(snapshot_dir=tmp_path / "fixtures/ibkr_snapshots")
    assert {name: settings.origin(name) for name in PARSERS} == dict.fromkeys(PARSERS, "default")


def test_an_empty_value_is_not_given(tmp_path: Path) -> None:
    settings = settle(tmp_path, {"env": {"snapshot": ""}, "ini": {"snapshot": "normal"}})
    assert (settings.snapshot, settings.origin("snapshot")) == ("normal", "ini")


def test_paths_start_where_they_were_written(tmp_path: Path) -> None:
    root, here = tmp_path / "project", tmp_path / "project" / "sub"
    here.mkdir(parents=True)
    typed = resolve(
        cli={"report": "out"}, environ={}, ini={"snapshot_dir": "s"}, rootdir=root, cwd=here
    )
    assert (typed.report, typed.snapshot_dir) == (here / "out", root / "s")


def test_a_snapshots_path_is_found_from_where_it_was_written(tmp_path: Path) -> None:
    (tmp_path / "markets").mkdir()
    (tmp_path / "markets" / "mine.json").write_text("{}", "utf-8")
    here = tmp_path / "sub"
    here.mkdir()
    ini = {"snapshot": "markets/mine.json"}
    settings = resolve(cli={}, environ={}, ini=ini, rootdir=tmp_path, cwd=here)
    assert settings.snapshot == str(tmp_path / "markets" / "mine.json")


def test_the_usual_configuration_file_is_used_when_it_is_there(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    usual = tmp_path / "config" / "live_validation_config.yaml"
    usual.write_text("gateway: {port: 4002}\nsimulator: {clock_start: 15:45}\n", "utf-8")
    settings = settle(tmp_path, {})
    assert (settings.config, settings.clock_start) == (usual, dt.time(15, 45))
    assert read_config(usual)["gateway"] == {"port": 4002}


@pytest.mark.parametrize(
    ("higher", "lower", "market"),
    [
        pytest.param({"snapshot": "a"}, {"scenario": "b"}, ("a", None), id="snapshot-higher"),
        pytest.param({"scenario": "b"}, {"snapshot": "a"}, (None, "b"), id="scenario-higher"),
    ],
)
def test_of_snapshot_and_scenario_the_higher_place_counts(
    higher: dict[str, object],
    lower: dict[str, object],
    market: tuple[str | None, str | None],
    tmp_path: Path,
) -> None:
    settings = settle(tmp_path, {"cli": higher, "ini": lower})
    assert (settings.snapshot, settings.scenario) == market


@pytest.mark.parametrize(
    ("given", "text"),
    [
        pytest.param(
            {"env": {"offline": "maybe"}},
            "IBKR_OFFLINE: 'maybe' is none of 1, true, yes, on, 0, false, no, off",
            id="not-a-truth-value",
        ),
        pytest.param(
            {"cli": {"server_version": "new"}},
            "--ibkr-server-version: 'new' is not a server version",
            id="not-a-version",
        ),
        pytest.param(
            {"ini": {"clock_start": "quarter to four"}},
            "ini key ibkr_clock_start: 'quarter to four' is not a time of day such as '15:45'",
            id="not-a-time",
        ),
        pytest.param(
            {"cli": {"config": "nowhere.yaml"}}, "--ibkr-config: no file ", id="no-such-file"
        ),
        pytest.param(
            {"file": {"snapshotdir": "x"}},
            "unknown key 'snapshotdir'; known: snapshot, scenario, snapshot_dir,",
            id="unknown-key",
        ),
        pytest.param(
            {"cli": {"snapshot": "a", "scenario": "b"}},
            "--ibkr-snapshot and --ibkr-scenario both choose the market: give one of them",
            id="two-markets",
        ),
    ],
)
def test_a_bad_value_is_refused_with_its_place(
    given: dict[str, dict[str, object]], text: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        settle(tmp_path, given)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param("a: [", "is not YAML", id="broken"),
        pytest.param("- a\n- b\n", "a mapping is expected at its top", id="list"),
        pytest.param("simulator: 7\n", "simulator must be a mapping", id="section"),
    ],
)
def test_a_bad_configuration_file_is_refused(content: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(content, "utf-8")
    with pytest.raises(ValueError, match=text):
        settle(tmp_path, {"cli": {"config": "c.yaml"}})


def test_a_settings_value_cannot_be_changed(tmp_path: Path) -> None:
    settings = settle(tmp_path, {"env": {"scenario": "x"}})
    with pytest.raises(AttributeError):
        settings.scenario = "y"  # type: ignore[misc]
    with pytest.raises(TypeError):
        settings.origins["scenario"] = "cli"  # type: ignore[index]
