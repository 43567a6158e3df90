"""Read-only views of parsed JSON; imports the standard library only.

A snapshot is shared by every test of a run: a test that could write into it would
change the market under its neighbours. Views are made on access, so that reading one
price of a chain with 20,000 rows costs one price.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload


def view(value: Any) -> Any:
    """``value`` itself, or a read-only view of it when it is a dict or a list."""
    if isinstance(value, dict):
        return MappingView(value)
    if isinstance(value, list):
        return SequenceView(value)
    return value


def plain(value: Any) -> Any:
    """A deep copy of ``value`` as ordinary dicts and lists."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | SequenceView):
        return [plain(item) for item in value]
    return value


class MappingView(Mapping[str, Any]):
    """A JSON object that cannot be written to; equal to the dict it shows."""

    __slots__ = ("_data",)

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def __getitem__(self, key: str) -> Any:
        return view(self._data[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __eq__(self, other: object) -> bool:
        return self._data == (other._data if isinstance(other, MappingView) else other)

    __hash__ = None  # type: ignore[assignment]  # as for dict

    def __repr__(self) -> str:
        return repr(self._data)


class SequenceView(Sequence[Any]):
    """A JSON array that cannot be written to; equal to the list it shows."""

    __slots__ = ("_data",)

    def __init__(self, data: list[Any]) -> None:
        self._data = data

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> SequenceView: ...
    def __getitem__(self, index: int | slice) -> Any:
        return view(self._data[index])

    def __len__(self) -> int:
        return len(self._data)

    def __eq__(self, other: object) -> bool:
        return self._data == (other._data if isinstance(other, SequenceView) else other)

    __hash__ = None  # type: ignore[assignment]  # as for list

    def __repr__(self) -> str:
        return repr(self._data)
