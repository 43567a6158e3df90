"""Stable names for accounts, logins and aliases: one name each, everywhere in a recording."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pytest_ibkr.snapshot.redact import ACCOUNT_ID

_MOST = 999  # DU0000001 to DU0000999: no real account can have them (design.md)
# What looks like an account and was never declared as one: texts write ids in any case.
_LIKELY = re.compile(ACCOUNT_ID.pattern, re.IGNORECASE)
# Advisors call accounts as they like: their XML is free text of people's names.
_ALIAS = re.compile(r"(<alias>)([^<]*)(</alias>)", re.IGNORECASE)
_SHORTEST = 4  # a declared name of fewer letters would be found inside ordinary words


class Pseudonyms:
    """Replaces account ids by those of the simulator's reserved range, logins by ``login1``, …

    Ids that messages declare are replaced wherever they occur, in any case and inside longer
    words; beyond them, whatever has the form of an account id. The first account is always the
    same pseudonym, so that what is recorded again differs in what happened only.
    """

    def __init__(self, *, accounts: Iterable[str] = (), logins: Iterable[str] = ()) -> None:
        self._given: dict[str, str] = {}
        self._aliases: dict[str, str] = {}
        for account in dict.fromkeys(accounts):
            if len(account) >= _SHORTEST:
                self.of(account)
        named = dict.fromkeys(name for name in logins if len(name) >= _SHORTEST)
        known = {name.upper(): f"login{n}" for n, name in enumerate(named, 1)} | self._given
        longest_first = sorted(map(re.escape, known), key=len, reverse=True)
        self._known = known
        self._declared = re.compile("|".join(longest_first), re.IGNORECASE) if known else None

    def of(self, account: str) -> str:
        """Return an account's pseudonym; the 1000th and later ones share the last."""
        number = min(len(self._given) + 1, _MOST)
        return self._given.setdefault(account.upper(), f"DU{number:07d}")

    def mask(self, fields: Sequence[str]) -> tuple[str, ...]:
        """Return fields with every account id and login in them replaced."""
        return tuple(map(self.masked, fields))

    @property
    def count(self) -> int:
        """How many accounts were met."""
        return len(self._given)

    def masked(self, text: str) -> str:
        """Return one text with every account id, login and alias in it replaced."""
        return _ALIAS.sub(self._alias, self._masked(text))

    def _alias(self, found: re.Match[str]) -> str:
        name = self._aliases.setdefault(found[2], f"alias{len(self._aliases) + 1}")
        return f"{found[1]}{name if found[2] else ''}{found[3]}"

    def _masked(self, text: str) -> str:
        if self._declared is None:
            return _LIKELY.sub(lambda found: self.of(found[0]), text)
        parts = self._declared.split(text)
        found = self._declared.findall(text)
        masked = [_LIKELY.sub(lambda each: self.of(each[0]), part) for part in parts]
        names = [*(self._known[each.upper()] for each in found), ""]
        return "".join(part + name for part, name in zip(masked, names, strict=True))
