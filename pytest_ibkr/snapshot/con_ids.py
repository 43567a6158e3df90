"""Contract ids: the real ones of our underlyings, made-up ones for options; standard library only.

Public data does not carry the broker's option contract ids, so :func:`option_con_id`
makes one from what identifies the contract. It is the same in every snapshot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

UNDERLYING_CON_IDS = {
    "SPY": 756733,
    "QQQ": 320227571,
    "IWM": 9579970,
    "AAPL": 265598,
    "VIX": 13455763,
}

FIRST_MADE_UP = 2**30  # ids the broker gives out in 2026 are well below 2**30
_SPACE = 2**30  # the wire's ids are signed 32-bit: the last made-up one is 2**31 - 1


class OptionKey(NamedTuple):
    """What identifies an option: ``expiry`` is ``YYYYMMDD``, ``right`` ``C`` or ``P``."""

    symbol: str
    expiry: str
    right: str
    strike: float
    trading_class: str


def option_con_id(key: OptionKey) -> int:
    """A contract id for an option, in ``[2**30, 2**31)``.

    BLAKE2b over ``symbol|expiry|right|strike in thousandths|trading class``, the first 8
    bytes modulo 2**30. Two options can meet in one id (one chance in six among 20,000):
    :func:`assign` looks for that.
    """
    thousandths = round(key.strike * 1000)
    text = f"{key.symbol}|{key.expiry}|{key.right}|{thousandths}|{key.trading_class}"
    digest = hashlib.blake2b(text.encode(), digest_size=8, person=b"ibkr-option").digest()
    return FIRST_MADE_UP + int.from_bytes(digest, "big") % _SPACE


def assign(keys: Iterable[OptionKey]) -> dict[OptionKey, int]:
    """An id for every option.

    Raises:
        ValueError: two different options would get the same id; names both.
    """
    ids: dict[OptionKey, int] = {}
    taken: dict[int, OptionKey] = {}
    for key in keys:
        con_id = option_con_id(key)
        other = taken.setdefault(con_id, key)
        if other != key:
            raise ValueError(f"{key} and {other} would both be contract {con_id}")
        ids[key] = con_id
    return ids
