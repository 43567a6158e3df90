"""Account ids in reports: the simulator's reserved range is shown, every other id is masked.

Imports ``snapshot.redact`` only.
"""

from __future__ import annotations

import re

from pytest_ibkr.snapshot.redact import ACCOUNT_ID, mask_account

RESERVED_RANGE = "DU0000001..DU0000999"
_RESERVED = re.compile(r"DU0000(?!000)[0-9]{3}", re.ASCII)


def is_reserved(account: str) -> bool:
    """Whether an id lies in the range that no real account can have."""
    return _RESERVED.fullmatch(account) is not None


def shown(account: str) -> str:
    """Return an id as a report may print it."""
    return account if is_reserved(account) else mask_account(account)


def masked(text: str) -> str:
    """Return ``text`` with every id outside the reserved range masked."""
    return ACCOUNT_ID.sub(lambda found: shown(found[0]), text)
