"""Stable names for account ids: the same id gets the same one everywhere in a recording."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ibkr.snapshot.redact import ACCOUNT_ID

_MOST = 999  # DU0000001 to DU0000999: no real account can have them (design.md)


class Pseudonyms:
    """Replaces account ids by those of the simulator's reserved range, in order of appearance."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def of(self, account: str) -> str:
        """Return an account's pseudonym; the 1000th and later ones share the last."""
        number = min(len(self._given) + 1, _MOST)
        return self._given.setdefault(account, f"DU{number:07d}")

    def mask(self, fields: Sequence[str]) -> tuple[str, ...]:
        """Return fields with every account id in them replaced."""
        return tuple(ACCOUNT_ID.sub(lambda found: self.of(found[0]), text) for text in fields)

    @property
    def count(self) -> int:
        """How many accounts were met."""
        return len(self._given)
