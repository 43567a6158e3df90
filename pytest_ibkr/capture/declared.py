"""What messages declare to be an account or somebody's name; imports wire only."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Final

from pytest_ibkr.wire.declare import Message

ACCOUNTS: Final = frozenset({"account", "accounts"})
NAMES: Final = frozenset(
    {
        *("submitter", "white_branding_id", "ext_operator", "customer_account"),
        *("clearing_account", "dn_clearing_account", "mifid_decision_maker"),
    }
)
_FAMILY: Final = ("FamilyCode", "code")  # names a household
_GROUPS: Final = ("all", "core")  # words that stand where an account may stand


def accounts(messages: Iterable[Message]) -> Iterator[str]:
    """Account ids of messages, in their order; lists of them are joined by commas."""
    for message in messages:
        for _owner, name, text in _texts(message):
            if name in ACCOUNTS:
                yield from (each for each in text.split(",") if each.lower() not in _GROUPS)


def names(messages: Iterable[Message]) -> Iterator[str]:
    """Names of people and households in messages, in their order."""
    for message in messages:
        for owner, name, text in _texts(message):
            if name in NAMES or (owner, name) == _FAMILY:
                yield text


def _texts(value: object, owner: str = "", name: str = "") -> Iterator[tuple[str, str, str]]:
    """Every non-empty text inside a message: its record's class, its field, itself."""
    if isinstance(value, str):
        if value:
            yield owner, name, value
    elif isinstance(value, tuple):
        for each in value:
            yield from _texts(each, owner, name)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _texts(getattr(value, field.name), type(value).__name__, field.name)
