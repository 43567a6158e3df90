"""What a run was told, and where: command line, environment, ini, configuration file.

Precedence is that order, then the default. Imports the standard library, and yaml where a
configuration file is read; nothing of the harness. Whatever is wrong is a ``ValueError``
whose text names the place, the value and what is accepted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

Origin = Literal["cli", "env", "ini", "file", "default"]
RANK: Final[tuple[Origin, ...]] = ("cli", "env", "ini", "file", "default")

DEFAULT_CONFIG: Final = "config/live_validation_config.yaml"
DEFAULT_SNAPSHOT_DIR: Final = "fixtures/ibkr_snapshots"
FILE_SECTION: Final = "simulator"  # of the configuration file; the rest of it is the tests' own
# Needed before the file is read, or no matter of the simulator's.
NOT_IN_FILE: Final = frozenset({
    *("config", "offline", "report"),
    *("record", "recording_dir", "recording_max_age", "recording_too_old"),
})  # fmt: skip
RECORD: Final = ("none", "once", "all")
TOO_OLD: Final = ("warn", "fail")
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything the plugin was told. Paths are absolute.

    Attributes:
        offline: nothing may meet a real gateway, whatever else asks for it.
        config: the configuration file; None when there is none.
        snapshot: a snapshot's name or path, or that of a directory of days; None to choose by
            ``scenario``.
        scenario: the newest capture of this scenario; None for the project's default one.
        snapshot_dir: where names of snapshots are looked up.
        report: where to write the run's report; None for no report.
        server_version: the simulated gateway's; None for its newest.
        clock_start: exchange time a test begins at.
        record: ``none``; ``once``: live tests without a recording; ``all``: every live test.
        recording_dir: where recordings are; None: beside each test file.
        recording_max_age: days after which a recording is too old, > 0.
        recording_too_old: what then: ``warn`` or ``fail``.
        origins: where each of them was set.
    """

    offline: bool = False
    config: Path | None = None
    snapshot: str | None = None
    scenario: str | None = None
    snapshot_dir: Path
    report: Path | None = None
    server_version: int | None = None
    clock_start: dt.time = dt.time(10)
    record: str = "none"
    recording_dir: Path | None = None
    recording_max_age: int = 180
    recording_too_old: str = "warn"
    origins: Mapping[str, Origin] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def report_dir(self) -> Path:
        """The report directory of a run that has one."""
        if self.report is None:
            raise ValueError("this run writes no report")
        return self.report

    def origin(self, name: str) -> Origin:
        """Where a setting comes from."""
        return self.origins.get(name, "default")


@dataclass(frozen=True, slots=True)
class _Given:
    """One value as somebody wrote it."""

    origin: Origin
    place: str  # as messages name it
    raw: Any
    base: Path  # what a relative path is relative to


def env_name(name: str) -> str:
    """The environment variable of a setting."""
    return f"IBKR_{name.upper()}"


def ini_name(name: str) -> str:
    """The ini key, and the option's name inside pytest, of a setting."""
    return f"ibkr_{name}"


def option_name(name: str) -> str:
    """The command-line option of a setting."""
    return f"--ibkr-{name.replace('_', '-')}"


def resolve(
    *,
    cli: Mapping[str, Any],
    environ: Mapping[str, str],
    ini: Mapping[str, Any],
    rootdir: Path,
    cwd: Path,
    versions: range | None = None,
    option: Callable[[str], str] = option_name,
) -> Settings:
    """Bring all places together.

    Args:
        cli: values by setting name; None is not given.
        environ: environment variables, all of them.
        ini: values by setting name; None and ``""`` are not given.
        rootdir: relative paths of ini and configuration file start here.
        cwd: relative paths of command line and environment start here.
        versions: server versions the gateway speaks; None accepts every number.
        option: how the command line calls a setting.

    Raises:
        ValueError: a value is not acceptable, or two of one rank contradict each other.
    """
    early = [_from_cli(cli, cwd, option), _from_env(environ, cwd), _from_ini(ini, rootdir)]
    config = _config_path(early, rootdir)
    given = _merged([*early, _from_file(config, rootdir)])
    _refuse_two_markets(given)
    values = {name: PARSERS[name](one) for name, one in given.items()}
    number = values.get("server_version")
    if number is not None and versions is not None and number not in versions:
        raise ValueError(
            f"{given['server_version'].place}: {number} is not a server version the simulated"
            f" gateway speaks: {versions[0]} to {versions[-1]}"
        )
    values.setdefault("snapshot_dir", rootdir / DEFAULT_SNAPSHOT_DIR)
    return Settings(
        **(values | {"config": config}),
        origins=MappingProxyType({name: one.origin for name, one in given.items()}),
    )


def read_config(path: Path) -> dict[str, Any]:
    """The configuration file as plain data; empty when the file is.

    Raises:
        ValueError: it cannot be read, is not YAML, or is not a mapping.
    """
    import yaml

    try:
        data = yaml.safe_load(path.read_text("utf-8"))
    except OSError as exc:
        raise ValueError(f"configuration file {path}: {exc.strerror or exc}") from exc
    except (UnicodeDecodeError, yaml.YAMLError) as exc:
        raise ValueError(f"configuration file {path} is not YAML: {exc}") from exc
    if data is not None and not isinstance(data, dict):
        raise ValueError(f"configuration file {path}: a mapping is expected at its top")
    return data or {}


# -- the places --------------------------------------------------------------------------


def _from_cli(cli: Mapping[str, Any], cwd: Path, option: Callable[[str], str]) -> dict[str, _Given]:
    return {
        name: _Given("cli", option(name), raw, cwd)
        for name, raw in cli.items()
        if raw not in (None, "")
    }


def _from_env(environ: Mapping[str, str], cwd: Path) -> dict[str, _Given]:
    return {
        name: _Given("env", env_name(name), raw, cwd)
        for name in PARSERS
        if (raw := environ.get(env_name(name), ""))
    }


def _from_ini(ini: Mapping[str, Any], rootdir: Path) -> dict[str, _Given]:
    return {
        name: _Given("ini", f"ini key {ini_name(name)}", raw, rootdir)
        for name, raw in ini.items()
        if raw not in (None, "")
    }


def _from_file(config: Path | None, rootdir: Path) -> dict[str, _Given]:
    section = {} if config is None else read_config(config).get(FILE_SECTION) or {}
    if not isinstance(section, dict):
        raise ValueError(f"{config}: {FILE_SECTION} must be a mapping")
    known = [name for name in PARSERS if name not in NOT_IN_FILE]
    if unknown := [key for key in section if key not in known]:
        raise ValueError(f"{config}: unknown key {unknown[0]!r}; known: {', '.join(known)}")
    return {
        name: _Given("file", f"{config}: {FILE_SECTION}.{name}", raw, rootdir)
        for name, raw in section.items()
        if raw is not None
    }


def _merged(places: list[dict[str, _Given]]) -> dict[str, _Given]:
    merged: dict[str, _Given] = {}
    for place in reversed(places):
        merged |= place
    return merged


def _config_path(early: list[dict[str, _Given]], rootdir: Path) -> Path | None:
    given = _merged(early).get("config")
    if given is None:
        usual = rootdir / DEFAULT_CONFIG
        return usual if usual.is_file() else None
    path = _path(given)
    if not path.is_file():
        raise ValueError(f"{given.place}: no file {path}")
    return path


def _refuse_two_markets(given: dict[str, _Given]) -> None:
    """A snapshot and a scenario: the higher-ranking one counts, of one rank neither may."""
    snapshot, scenario = given.get("snapshot"), given.get("scenario")
    if snapshot is None or scenario is None:
        return
    if snapshot.origin == scenario.origin:
        raise ValueError(
            f"{snapshot.place} and {scenario.place} both choose the market: give one of them"
        )
    ranks = RANK.index(snapshot.origin), RANK.index(scenario.origin)
    given.pop("scenario" if ranks[0] < ranks[1] else "snapshot")


# -- values ------------------------------------------------------------------------------


def parse_time(text: object) -> dt.time:
    """``"15:45"`` or ``"15:45:30"`` as a time of day.

    Raises:
        ValueError: anything else.
    """
    if isinstance(text, dt.time) and text.tzinfo is None:
        return text
    if isinstance(text, str) and len(text) in (5, 8):
        try:
            return dt.time.fromisoformat(text)
        except ValueError:
            pass
    raise ValueError(f"{text!r} is not a time of day such as '15:45' or '09:30:05'")


def _path(given: _Given) -> Path:
    return (given.base / Path(_text(given)).expanduser()).resolve()


def _text(given: _Given) -> str:
    if not isinstance(given.raw, str | Path):
        raise ValueError(f"{given.place}: {given.raw!r} is not text")
    return str(given.raw)


def _bool(given: _Given) -> bool:
    if isinstance(given.raw, bool):
        return given.raw
    word = str(given.raw).strip().lower()
    if word not in _TRUE + _FALSE:
        accepted = ", ".join(_TRUE + _FALSE)
        raise ValueError(f"{given.place}: {given.raw!r} is none of {accepted}")
    return word in _TRUE


def _version(given: _Given) -> int:
    try:
        return int(str(given.raw))
    except ValueError:
        raise ValueError(f"{given.place}: {given.raw!r} is not a server version") from None


def _one_of(*words: str) -> Callable[[_Given], str]:
    def parse(given: _Given) -> str:
        if given.raw not in words:
            raise ValueError(f"{given.place}: {given.raw!r} is none of {', '.join(words)}")
        return str(given.raw)

    return parse


def _days(given: _Given) -> int:
    text = str(given.raw)
    if not (text.isascii() and text.isdigit() and int(text)):
        raise ValueError(f"{given.place}: {given.raw!r} is not a number of days, 1 or more")
    return int(text)


def _time(given: _Given) -> dt.time:
    # YAML reads 15:45 without quotes as 945 minutes.
    raw = given.raw
    if isinstance(raw, int) and not isinstance(raw, bool) and 0 <= raw < 24 * 60:
        return dt.time(raw // 60, raw % 60)
    try:
        return parse_time(raw)
    except ValueError as exc:
        raise ValueError(f"{given.place}: {exc}") from None


def _name_or_path(given: _Given) -> str:
    """A name as it is; a path made absolute when it is one of a file or a directory."""
    text = _text(given)
    path = _path(given)
    is_one = path.is_file() or path.is_dir()
    return str(path) if ("/" in text or "\\" in text or "." in text) and is_one else text


PARSERS: Final[Mapping[str, Callable[[_Given], Any]]] = MappingProxyType(
    {
        "offline": _bool,
        "config": _path,
        "snapshot": _name_or_path,
        "scenario": _text,
        "snapshot_dir": _path,
        "report": _path,
        "server_version": _version,
        "clock_start": _time,
        "record": _one_of(*RECORD),
        "recording_dir": _path,
        "recording_max_age": _days,
        "recording_too_old": _one_of(*TOO_OLD),
    }
)
