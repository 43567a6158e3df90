"""Single values: the spellings real gateways were seen to use, both ways."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.wire import scalars

SEEN_DOUBLES = [  # from gateway logs
    *("0.0", "292.79", "1.2E-4", "6.0E-5", "1.0002399999999998", "1.7976931348623157E308"),
    *("1.0E7", "9999999.5", "0.001", "9.99E-4", "-0.648813", "-1.0", "1.0E23"),
]


@pytest.mark.parametrize("text", SEEN_DOUBLES)
def test_doubles_are_printed_as_java_prints_them(text: str) -> None:
    assert scalars.java_double(float(text)) == text


@pytest.mark.parametrize("text", ["Infinity", "-Infinity", "NaN"])
def test_special_doubles_have_java_names(text: str) -> None:
    assert scalars.java_double(float(text)) == text
    assert scalars.plain_number(float(text)) == text


@given(st.floats(allow_nan=False))
def test_a_java_double_reads_back_as_itself(value: float) -> None:
    assert float(scalars.java_double(value)) == value
    assert float(scalars.short_number(value)) == value


def test_the_largest_double_stays_short() -> None:
    assert scalars.short_number(float(scalars.DBL_MAX_TEXT)) == scalars.DBL_MAX_TEXT


@pytest.mark.parametrize(
    ("value", "text"), [(0.00001, "0.00001"), (754.95, "754.95"), (1e16, "10000000000000000")]
)
def test_market_prices_have_no_exponent(value: float, text: str) -> None:
    assert scalars.plain_number(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_plain_numbers_read_back_without_an_exponent(value: float) -> None:
    for render in (scalars.plain_number, scalars.bar_price):
        text = render(value)
        assert float(text) == value
        assert "e" not in text.lower()


@pytest.mark.parametrize(
    ("value", "strike", "bar"),
    [
        (0.0, "0", "0.00"),
        (600.0, "600", "600.00"),
        (2.5, "2.5", "2.50"),
        (681.793,) + ("681.793",) * 2,
    ],
)
def test_strikes_are_short_and_bars_have_cents(value: float, strike: str, bar: str) -> None:
    assert (scalars.short_number(value), scalars.bar_price(value)) == (strike, bar)


@pytest.mark.parametrize(
    ("value", "text"),
    [("100", "100"), ("100.0", "100"), ("0.50", "0.5"), ("1E+2", "100"), ("0", "0"), ("0.00", "0")],
)
def test_quantities_have_neither_exponent_nor_trailing_zero(value: str, text: str) -> None:
    assert scalars.plain_decimal(Decimal(value)) == text


UNSET = ["", "2147483647", "9223372036854775807", "-9223372036854775808", "1.7976931348623157E308"]


@pytest.mark.parametrize("text", [*UNSET, "1.7976931348623157e+308", "-1.7976931348623157E308"])
def test_every_spelling_of_unset_is_none(text: str) -> None:
    assert scalars.read_opt_decimal(text) is None
    assert scalars.read_decimal(text) == 0


def test_unset_ints_floats_and_flags_are_none() -> None:
    assert scalars.read_opt_int("") is scalars.read_opt_int("2147483647") is None
    assert scalars.read_opt_float("") is scalars.read_opt_float("1.7976931348623157E308") is None
    assert scalars.read_opt_bool("") is scalars.read_opt_bool("2147483647") is None
    assert (scalars.read_opt_int("0"), scalars.read_opt_float("0.0")) == (0, 0.0)
    assert scalars.read_opt_bool("0") is False


@pytest.mark.parametrize("text", ["2", "yes", "TRUE", " 1"])
def test_a_flag_is_zero_or_one(text: str) -> None:
    with pytest.raises(ValueError, match="For input string"):
        scalars.read_bool(text)


@pytest.mark.parametrize("text", ["x", "NaN", "sNaN", "Infinity", "1E-401", "0E-999999999", "1e"])
def test_a_decimal_that_cannot_be_held_or_printed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="For input string"):
        scalars.read_opt_decimal(text)


def test_a_long_text_is_quoted_in_part() -> None:
    with pytest.raises(ValueError, match=r"^.{1,80}$"):
        scalars.read_opt_decimal("0." + "0" * 5000 + "1E-900")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\\")))
def test_escaped_text_is_ascii_and_comes_back(text: str) -> None:
    escaped = scalars.escape_ascii7(text)
    assert escaped.isascii()
    assert scalars.unescape_ascii7(escaped) == text


def test_a_character_beyond_16_bits_travels_as_a_surrogate_pair() -> None:
    assert scalars.escape_ascii7("A😀é") == "A\\ud83d\\ude00\\u00e9"
    assert scalars.unescape_ascii7("\\uD83D\\uDE00") == "😀"


def test_half_a_surrogate_pair_is_replaced_and_can_be_written() -> None:
    assert scalars.unescape_ascii7("x\\ud83d!").encode("utf-8") == "x\ufffd!".encode()
