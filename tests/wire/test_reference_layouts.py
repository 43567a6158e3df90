"""Bonds and symbol samples at each version where their layout changes."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.codec import decode_response, encode
from pytest_ibkr.wire.messages.bonds import BondData
from pytest_ibkr.wire.messages.contract import TagValue, Text
from pytest_ibkr.wire.messages.symbols import SymbolSample, SymbolSamples
from pytest_ibkr.wire.versions import BOND_HOURS, BOND_ISSUER_ID, NEWEST_TEXT, OLDEST, SIZE_RULES

BOND = BondData(
    request_id=5,
    symbol="US-T",
    sec_type="BOND",
    cusip="912SYN100",
    coupon=4.25,
    maturity="20350515",
    issue_date="20250515",
    ratings="Aaa",
    bond_type="US TREASURY",
    coupon_type="FIXED",
    description="UST 4.25%",
    exchange="SMART",
    currency="USD",
    market_name="US-T",
    trading_class="US-T",
    con_id=1057690682,
    min_tick=0.015625,
    order_types="LMT",
    valid_exchanges="SMART",
    long_name="United States Treasury",
    time_zone="US/Eastern",
    trading_hours="20260710:0930-20260710:1600",
    liquid_hours="20260710:0930-20260710:1600",
    sec_ids=(TagValue(tag="CUSIP", value="912SYN100"),),
    market_rule_ids="1015625",
)
_HEAD = "5|US-T|BOND|912SYN100|4.25|20350515|20250515|Aaa|US TREASURY|FIXED|0|0|0|UST 4.25%|"
_WHO = "SMART|USD|US-T|US-T|1057690682|0.015625|"
_NAME = "LMT|SMART|||0||United States Treasury|"
_HOURS = "US/Eastern|20260710:0930-20260710:1600|20260710:0930-20260710:1600|"
_TAIL = "||1|CUSIP|912SYN100|1|1015625|"


@pytest.mark.parametrize(
    ("version", "piped"),
    [
        pytest.param(OLDEST, f"18|6|{_HEAD}{_WHO}1|{_NAME}{_TAIL}", id="version-and-multiplier"),
        pytest.param(SIZE_RULES - 1, f"18|6|{_HEAD}{_WHO}1|{_NAME}{_TAIL}", id="163"),
        pytest.param(SIZE_RULES, f"18|{_HEAD}{_WHO}{_NAME}{_TAIL}1|1|1|", id="size-rules"),
        pytest.param(BOND_HOURS - 1, f"18|{_HEAD}{_WHO}{_NAME}{_TAIL}1|1|1|", id="no-hours"),
        pytest.param(BOND_HOURS, f"18|{_HEAD}{_WHO}{_NAME}{_HOURS}{_TAIL}1|1|1|", id="hours"),
    ],
)
def test_bond_layout(version, piped):
    raw = piped.replace("|", "\0").encode()
    assert encode(BOND, version) == raw
    assert encode(decode_response(raw, version), version) == raw


def _samples():
    derivatives = (Text(value="FUT"), Text(value="OPT"))
    head = {"con_id": 756733, "symbol": "SPY", "sec_type": "STK", "primary_exchange": "ARCA"}
    spy = SymbolSample(**head, currency="USD", derivatives=derivatives, description="SPDR")
    return SymbolSamples(request_id=4, samples=(spy,))


@pytest.mark.parametrize(
    ("version", "piped"),
    [
        (BOND_ISSUER_ID - 1, b"79|4|1|756733|SPY|STK|ARCA|USD|2|FUT|OPT|"),
        (BOND_ISSUER_ID, b"79|4|1|756733|SPY|STK|ARCA|USD|2|FUT|OPT|SPDR||"),
        (NEWEST_TEXT, b"79|4|1|756733|SPY|STK|ARCA|USD|2|FUT|OPT|SPDR||"),
    ],
)
def test_symbol_sample_layout(version, piped):
    raw = piped.replace(b"|", b"\0")
    assert encode(_samples(), version) == raw
    assert encode(decode_response(raw, version), version) == raw
