"""What can go wrong with a snapshot file; imports only the root of the tree.

SnapshotError (pytest_ibkr.errors)
├── SnapshotNotFound      no file for this name
│   ├── ScenarioNotFound  no capture of this scenario
│   └── SnapshotFileMissing  no file at this path
├── SnapshotUnreadable    not JSON, damaged, or larger than allowed
├── SnapshotVersion       another schema version
├── SnapshotInvalid       JSON, but not of the published shape
├── SnapshotExists        a capture never overwrites a capture
└── BadScenarioName       the name would become part of a path
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from pytest_ibkr.errors import SnapshotError

__all__ = [
    "BadScenarioName",
    "ScenarioNotFound",
    "SnapshotError",
    "SnapshotExists",
    "SnapshotFileMissing",
    "SnapshotInvalid",
    "SnapshotNotFound",
    "SnapshotUnreadable",
    "SnapshotVersion",
]

DOCS = "docs/reference/snapshot-schema.md"


class _StatedError(SnapshotError):
    """Keeps what it was made from.

    Subclasses list in ``_fields`` the attributes their constructor takes, so that they
    survive pickling: the default would pass the formatted text back in.
    """

    _fields: ClassVar[tuple[str, ...]] = ()

    def __reduce__(self) -> tuple[type[_StatedError], tuple[Any, ...]]:
        return type(self), tuple(getattr(self, field) for field in self._fields)


class SnapshotNotFound(_StatedError):
    """No file answers to the name; ``available`` lists the names that would."""

    _fields = ("wanted", "directory", "available")

    def __init__(self, wanted: str, directory: Path, available: Sequence[str]) -> None:
        self.wanted, self.directory, self.available = wanted, directory, tuple(available)
        super().__init__(self._text("\n         ".join(self.available) or "no snapshot at all"))

    def _text(self, there: str) -> str:
        return (
            f"no snapshot {self.wanted!r} in {self.directory}\n"
            f"  there: {there}\n"
            "  fix:   name one of these (with or without 'snapshot_' and the suffix), or a path"
        )


class ScenarioNotFound(SnapshotNotFound):
    """No capture of the scenario; ``available`` lists the snapshots there are."""

    def _text(self, there: str) -> str:
        return (
            f"no snapshot of a scenario {self.wanted!r} in {self.directory}\n"
            f"  there: {there}\n"
            "  fix:   name the scenario of one of these: what stands between 'snapshot_' and the"
            " date"
        )


class SnapshotFileMissing(SnapshotNotFound):
    """The path leads to no file; relative ones were looked for in ``directory`` too."""

    def _text(self, there: str) -> str:
        return (
            f"no snapshot file {self.wanted}\n"
            f"  known: {there}\n"
            "  fix:   give the path of a file that exists, or the name of one of these"
        )


class SnapshotUnreadable(_StatedError):
    """The file is there, but its bytes are no JSON document within the size limit."""

    _fields = ("path", "reason")

    def __init__(self, path: Path, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"cannot read snapshot {path}: {reason}\n"
            "  state: nothing was loaded\n"
            "  fix:   restore the file, or capture or build it again"
        )


class SnapshotVersion(_StatedError):
    """The file has another schema version than this release reads."""

    _fields = ("path", "found", "supported")

    def __init__(self, path: Path, found: object, supported: int) -> None:
        self.path, self.found, self.supported = path, found, supported
        said = "has no schemaVersion" if found is None else f"has schemaVersion {found!r}"
        super().__init__(
            f"snapshot {path} {said}; this release reads version {supported}\n"
            "  state: nothing was loaded\n"
            "  fix:   convert an older file, or install a release that reads it\n"
            f"  docs:  {DOCS}"
        )


class SnapshotInvalid(_StatedError):
    """The document is JSON of the right version, but keys or values are not as published."""

    _fields = ("path", "problems")

    def __init__(self, path: Path, problems: Sequence[str]) -> None:
        self.path, self.problems = path, tuple(problems)
        shown = "\n  - ".join(self.problems[:10])
        more = len(self.problems) - 10
        super().__init__(
            f"snapshot {path} does not follow the schema ({len(self.problems)} problems):\n"
            f"  - {shown}" + (f"\n  and {more} more" if more > 0 else "") + f"\n  docs: {DOCS}"
        )


class SnapshotExists(_StatedError):
    """A file of this name is already there; captures are never overwritten."""

    _fields = ("path",)

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path} already exists and a capture never overwrites a capture\n"
            "  state: nothing was written\n"
            "  fix:   wait a second and capture again, or move the old file away"
        )


class BadScenarioName(_StatedError):
    """The scenario name cannot become part of a file name."""

    _fields = ("name", "pattern")

    def __init__(self, name: str, pattern: str) -> None:
        self.name, self.pattern = name, pattern
        super().__init__(
            f"scenario name {name!r} is not allowed\n"
            f"  rule: {pattern} (it becomes part of a file name)\n"
            "  fix:  use lower-case letters, digits, '_' and '-', for example high_vix"
        )
