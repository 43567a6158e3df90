"""Compares a declared response with the callbacks a client's decoder made of its bytes.

A field is looked up among the callback's arguments and their attributes by its own name; a family's
table says where it is otherwise. A field found nowhere, and an argument no field accounts for,
are failures.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pytest_ibkr.wire import codec
from pytest_ibkr.wire.declare import Message, specs
from pytest_ibkr.wire.scalars import escape_ascii7
from pytest_ibkr.wire.versions import ASCII7
from tests.conformance.wire_official.values import Draws, same
from tests.conformance.wire_official.vocabulary import attributes, find, follow
from tests.wire.strategies import absent_fields, as_carried


class Call(NamedTuple):
    """One callback: its name and its arguments by parameter name."""

    name: str
    args: dict[str, Any]


Judge = Callable[[Any, dict[str, Any], Any], bool]


@dataclass(frozen=True)
class Heard:
    """How clients hear a response.

    Attributes:
        calls: Names the callback can have.
        places: Field to dotted path where its name does not lead there; ``rows.field`` in rows.
        dropped: Field to the reason why no client passes it on.
        unsaid: Arguments no field stands for, which is also their reason to be listed.
        rows: The field whose rows come as one call each, before a call of the others.
        judge: Field to its own comparison of (value, arguments, message).
        draw: Field to the values the clients can hold.
    """

    calls: tuple[str, ...]
    places: Mapping[str, str] = field(default_factory=dict)
    dropped: Mapping[str, str] = field(default_factory=dict)
    unsaid: tuple[str, ...] = ()
    rows: str = ""
    judge: Mapping[str, Judge] = field(default_factory=dict)
    draw: Draws = field(default_factory=dict)


def heard(*calls: str, **more: Any) -> Heard:
    """A shorter way to write a table row."""
    return Heard(calls, **more)


class Reader:
    """Checks messages of one class against one client; finds the places of fields once."""

    def __init__(
        self,
        cls: type[Message],
        how: Heard,
        hear: Callable[[bytes, int], list[Call]],
        *,
        dropped: Collection[str] = (),
        escaped: Collection[str] = (),
    ) -> None:
        self._cls, self._how, self._hear = cls, how, hear
        self._dropped, self._escaped = {*how.dropped, *dropped}, escaped
        self._places: dict[tuple[type, str, str], str] = {}
        self._accounted: set[tuple[str, ...]] = set()

    def check(self, message: Any, version: int) -> None:
        """Encode, let the client decode, compare everything frames of the version carry."""
        calls = self._hear(codec.encode(message, version), version)
        where = f"{self._cls.__name__} at {version}: {[call.name for call in calls]}"
        meant = as_carried(message, version)
        if self._how.rows:
            calls = self._rows(getattr(meant, self._how.rows), calls, version, where)
            if calls is None:  # no row and no end
                return
        assert calls, f"{where}: the client's decoder called nothing"
        assert calls[0].name in self._how.calls, where
        args = {name: value for call in reversed(calls) for name, value in call.args.items()}
        used = self._fields(meant, args, "", version)
        shape = (*(call.name for call in calls), str(version))
        if shape not in self._accounted:
            left = {a for a in args if a not in used} - set(self._how.unsaid)
            assert not left, f"{where}: no field of ours gives {sorted(left)}"
            self._accounted.add(shape)

    def _rows(
        self, rows: Sequence[Any], calls: list[Call], version: int, where: str
    ) -> list[Call] | None:
        """Compare rows that come as calls; return the call that speaks for the message."""
        name, end = self._how.calls
        each = [call for call in calls if call.name == name]
        assert len(each) == len(rows), where
        for row, call in zip(rows, each, strict=True):
            self._fields(row, call.args, self._how.rows + ".", version)
        last = calls[len(each) :]
        assert all(call.name == end for call in last), where
        return last or each[:1] or None

    def _fields(self, ours: Any, args: dict[str, Any], prefix: str, version: int) -> set[str]:
        """Compare one record; return the arguments that were looked at."""
        absent, used = absent_fields(ours, version), set()
        for name, spec in specs(type(ours)):
            key = prefix + name
            left_out = name == "layout" or name in absent or key in self._dropped
            if left_out or name == self._how.rows:
                continue
            value = getattr(ours, name)
            if key in self._how.judge:
                assert self._how.judge[key](value, args, ours), (
                    f"{type(ours).__name__}.{key} at {version}: {value!r} became {args!r}"
                )
                used.update(args)
                continue
            if spec.embedded is not None and (path := self._owner(key, args)) is not None:
                used.add(path.partition(".")[0])
                inner = attributes(follow(args, path))
                for part in spec.names:
                    self._scalar(type(ours), f"{key}.{part}", getattr(value, part), inner, version)
                continue
            if spec.embedded is not None:  # its fields are arguments of their own
                for part in spec.names:
                    at = self._scalar(type(ours), part, getattr(value, part), args, version)
                    used.add(at.partition(".")[0])
            elif spec.row is not None:
                used.add(self._list(type(ours), key, value, args, version).partition(".")[0])
            else:
                used.add(self._scalar(type(ours), key, value, args, version).partition(".")[0])
        return used

    def _owner(self, key: str, args: dict[str, Any]) -> str | None:
        """Where the object is that stands for an embedded record."""
        if key in self._how.places:
            return self._how.places[key]
        found = find(key.rpartition(".")[2], args)
        return found[0] if found else None

    def _place(self, owner: type, key: str, args: dict[str, Any]) -> str:
        """The path of a field, found once for arguments of the same names."""
        known = (owner, key, ",".join(args))
        if known not in self._places:
            if key in self._how.places:
                paths = [self._how.places[key]]
            else:
                paths = find(key.rpartition(".")[2], args)
            assert len(paths) == 1, (
                f"{owner.__name__}.{key}: found {paths or 'nothing'} in {sorted(args)};"
                " add the field to `places` or `dropped` of its family's table"
            )
            self._places[known] = paths[0]
        return self._places[known]

    def _scalar(self, owner: type, key: str, ours: Any, args: dict[str, Any], version: int) -> str:
        path = self._place(owner, key, args)
        theirs = follow(args, path)
        if key in self._escaped and version >= ASCII7:
            ours = escape_ascii7(ours)
        assert same(ours, theirs), (
            f"{owner.__name__}.{key} at {version}: {ours!r} became {path} = {theirs!r}"
        )
        return path

    def _list(self, owner: type, key: str, ours: Any, args: dict[str, Any], version: int) -> str:
        path = self._place(owner, key, args)
        theirs = follow(args, path)
        where = f"{owner.__name__}.{key} at {version}: {ours!r} became {path} = {theirs!r}"
        if isinstance(theirs, set | frozenset):
            assert {row.value for row in ours} == theirs, where
            return path
        assert len(ours) == len(theirs or ()), where
        for row, item in zip(ours, theirs or (), strict=True):
            inner = attributes(item)
            if inner:
                self._fields(row, inner, key + ".", version)
            else:
                assert same(_only(row), item), where
        return path


def _only(row: Any) -> Any:
    [(name, _)] = specs(type(row))
    return getattr(row, name)


def boundaries(cls: type, versions: Sequence[int]) -> list[int]:
    """The first and last version, and both sides of every gate of a layout."""
    changes = gates(cls)
    edges = {versions[0], versions[-1], *changes, *(gate - 1 for gate in changes)}
    return sorted(edge for edge in edges if edge in versions)


def gates(cls: type, seen: frozenset[type] = frozenset()) -> set[int]:
    """Every version from which something in a layout is written otherwise."""
    found: set[int] = set()
    for _, spec in specs(cls):
        found |= {spec.since, spec.until}
        inner = spec.row or spec.embedded
        if inner is not None and inner not in seen:
            found |= gates(inner, seen | {cls})
        if spec.kind is not None and spec.kind.name == "text7":
            found.add(ASCII7)
    return found
