"""Masks account ids; imports the standard library only."""

from __future__ import annotations

import re

# Paper ids (DU…, DF…, DUM…), live ids (U…) and advisor ids (F…, I…), gateway-behaviour 4.1.
# A letter or digit on either side means that it is a part of something else (an ISIN).
ACCOUNT_ID = re.compile(r"(?<![A-Za-z0-9])(D[A-Z]{1,3}|[UFI])([0-9]{5,9})(?![A-Za-z0-9])")


def mask_account(account: str) -> str:
    """``DU0000017`` as ``DU*****17``: kind and last two digits stay, to tell two apart."""
    found = re.fullmatch(r"([A-Za-z]*)(.*?)(.{0,2})", account, re.DOTALL)
    assert found is not None  # noqa: S101 - the pattern matches every string
    return f"{found[1]}{'*' * len(found[2])}{found[3]}"


def mask_accounts(text: str) -> str:
    """``text`` with every account id in it masked."""
    return ACCOUNT_ID.sub(lambda found: mask_account(found[0]), text)
