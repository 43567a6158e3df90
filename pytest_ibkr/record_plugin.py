"""The pytest plugin of recordings: makes them in live runs, replays them offline, reports on them.

What it needs from whoever registers it: ``register(config)`` before tests run where
``--ibkr-record`` asks for recordings, ``register(config, items)`` once tests are collected, and in
the controller of xdist ``register(config).merge(said)`` for each worker's
``workeroutput["ibkr_recordings"]``.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from pytest_ibkr.capture.recording_files import (
    FAILED,
    SUFFIX,
    directory_of,
    name_of,
    orphaned,
    save,
    unowned,
)
from pytest_ibkr.errors import UsageError

if TYPE_CHECKING:
    from pytest_ibkr.session.tape_listener import TapeListener

NAME: Final = "ibkr-recordings"
SAID: Final = "ibkr_recordings"
MARKER: Final = "ibkr_recording"
_KINDS: Final = ("made", "kept", "failed", "replayed", "unused")
_FIXTURES: Final = ("ibkr", "live_gateway")
_PARTIAL_OPTIONS: Final = ("keyword", "markexpr", "lf", "last_failed")


def register(config: pytest.Config, items: Sequence[pytest.Item] = ()) -> RecordPlugin:
    """Return the run's plugin, made and registered on first use; tell it the collected tests."""
    plugin = config.pluginmanager.get_plugin(NAME)
    if not isinstance(plugin, RecordPlugin):
        plugin = RecordPlugin(config)
        config.pluginmanager.register(plugin, NAME)
    plugin.expect(items)
    return plugin


class RecordPlugin:
    """Records tests that meet a real gateway, and answers others from what was recorded."""

    def __init__(self, config: pytest.Config) -> None:
        from pytest_ibkr.run_settings import settings_of

        self._config, self._settings = config, settings_of(config)
        self._listener: TapeListener | None = None
        self._failed: set[str] = set()
        self._passed: set[str] = set()
        self._sessions: list[Any] = []  # simulated ones of the running test
        self._said: dict[str, list[str]] = {kind: [] for kind in _KINDS}

    def expect(self, items: Sequence[pytest.Item]) -> None:
        """Look for recordings that none of these tests has; only a whole collection tells."""
        option = self._config.option
        partial = any(getattr(option, name, None) for name in _PARTIAL_OPTIONS)
        if not items or partial or any("::" in str(arg) for arg in self._config.args):
            return
        owned: dict[Path, set[Path]] = {}
        for item in items:
            path = self.path_of(item)
            owned.setdefault(path.parent, set()).add(path)
            if (named := _named(item)) is not None:
                owned[path.parent].add(named)
        everything = set[Path]().union(*owned.values())
        found = {each for place in owned for each in unowned(place, everything)}
        found |= {each for place in {p.parent for p in owned} for each in orphaned(place)}
        self._said["unused"] = sorted(map(str, found))

    def path_of(self, item: pytest.Item) -> Path:
        """Return where a test's recording is, or would be."""
        given = self._settings.recording_dir
        place = directory_of(item.path, root=self._config.rootpath, given=given)
        return place / f"{name_of(item.nodeid.partition('::')[2] or item.name)}{SUFFIX}"

    # -- one test ------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Listen to a relay; let a marked test's recording answer instead of the simulator."""
        value = yield
        if fixturedef.argname in _FIXTURES:
            if (relay := getattr(value, "relay", None)) is not None:
                self._listen(relay)
            elif hasattr(value, "engine"):
                self._sessions.append(value)
                if fixturedef.argname == "ibkr":
                    self._replay(request.node, value)
        return value

    def _replay(self, item: pytest.Item, session: Any) -> None:
        if item.get_closest_marker(MARKER) is None:
            return
        path = _named(item) or self.path_of(item)
        if not path.is_file():
            raise UsageError(
                f"{item.nodeid} has no recording\n"
                f"  state: there is no file {_shown(path, self._config)}\n"
                "  fix:   pytest --live-gateway --ibkr-record once, with a paper gateway; or take"
                f" the marker {MARKER} away: the simulated gateway answers then"
            )
        session.replay(path)

    def _listen(self, relay: Any) -> None:
        if self._settings.record == "none":
            return
        from pytest_ibkr.session.tape_listener import TapeListener

        if self._listener is None or self._listener.relay is not relay:
            self._listener = TapeListener(relay)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Begin a test's share of the wire before its fixtures, so that connecting is in it."""
        self._sessions.clear()
        if self._listener is not None:
            self._listener.begin()
        yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note how a test's phases ended, as everybody else sees it."""
        report = yield
        if report.failed:
            self._failed.add(item.nodeid)
        elif report.when == "call" and report.passed and not hasattr(report, "wasxfail"):
            self._passed.add(item.nodeid)
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Write the recording once everything of the test is over; an error is the test's."""
        self._note_replayed()
        try:
            yield
        except BaseException:
            self._failed.add(item.nodeid)
            self._write(item)
            raise
        self._write(item)

    def _note_replayed(self) -> None:
        for session in self._sessions:
            if (replay := session.engine.replay) is not None and replay.path:
                self._note("replayed", Path(replay.path))

    def _write(self, item: pytest.Item) -> None:
        met = set(_FIXTURES) & set(getattr(item, "fixturenames", ()))
        if self._listener is None or not met or item.get_closest_marker("live") is None:
            return
        failed, passed = item.nodeid in self._failed, item.nodeid in self._passed
        path = self.path_of(item)
        if not failed and (not passed or self._is_kept(path)):
            return
        recorder = self._listener.end()
        if not recorder.asked:
            return
        if failed:
            path = path.with_name(path.name.removesuffix(SUFFIX) + FAILED)
        marks = [mark.name for mark in item.iter_markers()]
        recording = self._listener.recording(recorder, item.nodeid, tuple(dict.fromkeys(marks)))
        try:
            save(recording, path)
        except OSError as exc:
            raise UsageError(
                f"the recording of {item.nodeid} cannot be written: {exc.strerror or exc}\n"
                "  state: an earlier recording of this test is as it was\n"
                f"  fix:   make room or rights for {_shown(path, self._config)}"
            ) from None
        if not failed:
            path.with_name(path.name.removesuffix(SUFFIX) + FAILED).unlink(missing_ok=True)
        self._note("failed" if failed else "made", path)

    def _is_kept(self, path: Path) -> bool:
        kept = self._settings.record == "once" and path.exists()
        if kept:
            self._note("kept", path)
        return kept

    def _note(self, kind: str, path: Path) -> None:
        if str(path) not in self._said[kind]:
            self._said[kind].append(str(path))

    # -- the run -------------------------------------------------------------------------

    def merge(self, said: Mapping[str, Sequence[str]]) -> None:
        """Take over what an xdist worker said."""
        for kind, paths in said.items():
            for path in paths:
                self._note(kind, Path(path))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand on to the controller; fail a run whose recordings are too old, if it is to."""
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[SAID] = self._said
        elif self._settings.recording_too_old == "fail" and self._too_old():
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was recorded, what is too old and what nobody needs."""
        if lines := self._summary():
            terminalreporter.section("ibkr recordings", sep="-")
            for line in lines:
                terminalreporter.write_line(line)

    def _summary(self) -> list[str]:
        said, config = self._said, self._config
        words = (
            ("made", "recorded"),
            ("failed", "of a test that failed, kept beside the recording"),
            ("unused", "belongs to no test: delete it, or rename it with its test"),
        )
        lines = [
            f"{_shown(Path(path), config)}: {text}" for kind, text in words for path in said[kind]
        ]
        if said["kept"]:
            lines.append(f"{len(said['kept'])} kept: --ibkr-record all records them anew")
        lines += [
            f"{_shown(path, config)}: {days} days old, more than"
            f" {self._settings.recording_max_age}: record it anew with --ibkr-record all"
            for path, days in self._too_old()
        ]
        wanted = self._settings.record != "none" and self._settings.origin("record") == "cli"
        if wanted and self._listener is None and not (said["made"] or said["kept"]):
            lines.append("nothing was recorded: no test met a real gateway (--live-gateway)")
        return lines

    def _too_old(self) -> list[tuple[Path, int]]:
        """Recordings this run relied on, and their age in days."""
        from pytest_ibkr.capture.recording import load

        # A person reads how old they are; no test sees this clock.
        today = datetime.now(UTC).date()  # noqa: TID251
        found: list[tuple[Path, int]] = []
        for path in map(Path, sorted({*self._said["replayed"], *self._said["kept"]})):
            try:
                age = load(path).age_days(today)
            except UsageError:
                continue
            if age is not None and age > self._settings.recording_max_age:
                found.append((path, age))
        return found


def _named(item: pytest.Item) -> Path | None:
    """The file a test's marker names, relative to the test's own."""
    mark = item.get_closest_marker(MARKER)
    if mark is None:
        return None
    given = [*mark.args, *mark.kwargs.values()]
    if len(given) > 1 or set(mark.kwargs) - {"path"}:
        raise UsageError(f"{item.nodeid}: accepted: {MARKER}(path=None)")
    return item.path.parent / given[0] if given and given[0] is not None else None


def _shown(path: Path, config: pytest.Config) -> str:
    return os.path.relpath(path, config.rootpath)
