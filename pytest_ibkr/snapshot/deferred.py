"""A JSON object whose larger parts are made when somebody looks; standard library only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any


class Deferred(dict[str, Any]):
    """A dict with parts to come: reading one key makes that part, reading all makes all.

    Args:
        known: what is there.
        later: makes the rest, key by key; keys stand behind those of ``known``.
    """

    def __init__(self, known: Mapping[str, Any], later: Mapping[str, Callable[[], Any]]) -> None:
        super().__init__(known)
        self._later = dict(later)

    def __missing__(self, key: str) -> Any:
        make = self._later.pop(key, None)
        if make is None:
            raise KeyError(key)
        made = self[key] = make()
        return made

    def _all(self) -> None:
        for key in list(self._later):
            self[key]

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or key in self._later

    def __iter__(self) -> Iterator[str]:
        self._all()
        return super().__iter__()

    def __len__(self) -> int:
        return super().__len__() + len(self._later)

    def __eq__(self, other: object) -> bool:
        self._all()
        if isinstance(other, Deferred):
            other._all()
        return super().__eq__(other)

    __hash__ = None

    def keys(self) -> Any:
        """As of a dict; makes everything."""
        self._all()
        return super().keys()

    def values(self) -> Any:
        """As of a dict; makes everything."""
        self._all()
        return super().values()

    def items(self) -> Any:
        """As of a dict; makes everything."""
        self._all()
        return super().items()
