"""Masking of account ids."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.snapshot.redact import ACCOUNT_ID, mask_account, mask_accounts


@pytest.mark.parametrize(
    ("account", "masked"),
    [
        ("DU0000017", "DU*****17"),
        ("DUM1234567", "DUM*****67"),
        ("U1234567", "U*****67"),
        ("DU*****17", "DU*****17"),
        ("17", "17"),
        ("", ""),
    ],
)
def test_kind_and_last_two_digits_stay(account: str, masked: str) -> None:
    assert mask_account(account) == masked


@given(before=st.text(max_size=5), digits=st.from_regex(r"[0-9]{5,9}", fullmatch=True))
def test_no_id_survives_in_any_text(before: str, digits: str) -> None:
    text = f"{before} DU{digits}, U{digits}; (F{digits})"
    masked = mask_accounts(text)
    assert ACCOUNT_ID.search(masked) is None
    assert re.findall(r"[0-9]{5,}", masked) == re.findall(r"[0-9]{5,}", before)
    assert mask_accounts(masked) == masked


@pytest.mark.parametrize(
    "text", ["US0378331005", "SPY   260717C00755000", "conId 320227571", "XDU1234567", "U1234"]
)
def test_what_only_looks_like_an_account_stays(text: str) -> None:
    assert mask_accounts(text) == text
