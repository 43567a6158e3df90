"""Moments as clients write them: which forms are read, which are refused."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.sim.times import FIRST_YEAR, LAST_YEAR, names_zone, read_moment

pytestmark = pytest.mark.req("XC-001")
NEW_YORK = ZoneInfo("America/New_York")
TEN_IN_NEW_YORK = datetime(2026, 7, 10, 14, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "says_its_zone"),
    [
        ("20260710-14:00:00", True),
        ("20260710 10:00:00", False),
        ("20260710  10:00:00", False),
        ("20260710 10:00:00 US/Eastern", True),
        ("20260710 09:00:00 US/Central", True),
        ("20260710 16:00:00 Europe/Berlin", True),
        ("20260710 14:00:00 UTC", True),
    ],
)
def test_one_moment_is_read_in_every_form(text: str, says_its_zone: bool) -> None:
    assert read_moment(text, zone=NEW_YORK) == TEN_IN_NEW_YORK
    assert names_zone(text) is says_its_zone


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "20260710",
        "10:00:00",
        "20260710T10:00:00",
        "20261310 10:00:00",
        "20260710 24:00:00",
        "20260710   10:00:00",
        "00010101-00:00:00",
        "99991231-23:59:59",
        f"{FIRST_YEAR - 1}1231-23:59:59",
        f"{LAST_YEAR + 1}0101-00:00:00",
        "20260710 10:00:00 America",
        "20260710 10:00:00 US",
        "20260710 10:00:00 Nowhere/City",
        "20260710 10:00:00 ../../etc/passwd",
        "20260710 10:00:00 /etc",
        "20260710 10:00:00 a\0b",
        "20260710 10:00:00 " + "A" * 5000,
        "٢٠٢٦٠٧١٠-14:00:00",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read_moment(text, zone=NEW_YORK)


@given(text=st.from_regex(r"[0-9]{8}[- ][0-9:]{6,9}( .{0,20})?", fullmatch=True) | st.text())
def test_a_moment_is_a_number_or_a_value_error_and_nothing_else(text: str) -> None:
    try:
        found = read_moment(text, zone=NEW_YORK)
    except ValueError:
        return
    assert datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp() - 86400 <= found
    assert found <= datetime(LAST_YEAR + 1, 1, 2, tzinfo=UTC).timestamp()
