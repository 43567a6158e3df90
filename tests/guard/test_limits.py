"""The limits of a run: these, and a config file can make them stricter only."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.errors import SettingsError
from pytest_ibkr.guard.limits import Limits
from pytest_ibkr.guard.state import RunState

VALUES = {
    "option_contracts": 10,
    "shares": 100,
    "notional_usd": Decimal(25_000),
    "working": 20,
    "per_session": 200,
    "minutes_to_close": 10,
    "messages_per_s": 45,
    "quote_fresh_s": 15.0,
    "held_frames": 10_000,
    "held_bytes": 8_388_608,
}
STRICTER: dict[str, Any] = {
    "option_contracts": 9,
    "shares": 0,
    "notional_usd": Decimal("24999.99"),
    "working": 1,
    "per_session": 199,
    "minutes_to_close": 11,
    "messages_per_s": 44,
    "quote_fresh_s": 0.5,
}
LOOSER: dict[str, Any] = {
    "option_contracts": 11,
    "shares": 101,
    "notional_usd": Decimal("25000.01"),
    "working": 21,
    "per_session": 201,
    "minutes_to_close": 9,
    "messages_per_s": 46,
    "quote_fresh_s": 15.1,
}


def test_the_limits_are_the_specified_ones() -> None:
    assert dataclasses.asdict(Limits()) == VALUES
    assert RunState().limits == Limits()


@pytest.mark.parametrize("name", STRICTER)
def test_a_stricter_limit_is_taken_over(name: str) -> None:
    lowered = Limits().lowered({name: STRICTER[name]})
    assert dataclasses.asdict(lowered) == {**VALUES, name: STRICTER[name]}
    assert type(getattr(lowered, name)) is type(VALUES[name])


@pytest.mark.parametrize("name", STRICTER)
def test_the_limit_itself_is_taken_over(name: str) -> None:
    assert Limits().lowered({name: VALUES[name]}) == Limits()


@pytest.mark.parametrize("name", LOOSER)
def test_a_looser_limit_is_refused(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Limits().lowered({name: LOOSER[name]})
    assert str(caught.value) == (
        f"{name} cannot be {LOOSER[name]}: {VALUES[name]} is the limit and can only be made"
        " stricter\n  state: nothing was connected\n"
        f"  fix:   take {VALUES[name]} or leave it out"
    )


def test_a_limit_that_was_made_stricter_is_not_loosened_again() -> None:
    with pytest.raises(SettingsError, match="working cannot be 5: 4 is the limit"):
        Limits().lowered({"working": 4}).lowered({"working": 5})


def test_several_are_taken_over_together() -> None:
    lowered = Limits().lowered({"shares": 1, "notional_usd": 500, "quote_fresh_s": 2})
    assert (lowered.shares, lowered.notional_usd, lowered.quote_fresh_s) == (1, Decimal(500), 2.0)
    assert isinstance(lowered.notional_usd, Decimal)
    assert isinstance(lowered.quote_fresh_s, float)
    assert lowered.working == 20


@pytest.mark.parametrize("name", ["held_frames", "held_bytes", "contracts", "lowered", ""])
def test_what_is_no_matter_of_taste_is_no_setting(name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Limits().lowered({name: 0})
    assert str(caught.value) == (
        f"{name!r} is no limit of live runs; known: option_contracts, shares, notional_usd,"
        " working, per_session, messages_per_s, quote_fresh_s, minutes_to_close"
    )


@pytest.mark.parametrize(
    "value", ["5", None, True, -1, 1.5, float("nan"), float("inf"), Decimal("NaN"), [5]]
)
def test_a_limit_is_a_whole_number(value: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        Limits().lowered({"working": value})
    assert str(caught.value) == (
        f"working cannot be {value!r}: a whole number, 0 or more, is expected"
    )


@pytest.mark.parametrize("name", ["notional_usd", "quote_fresh_s"])
def test_dollars_and_seconds_may_have_fractions_and_are_finite(name: str) -> None:
    assert getattr(Limits().lowered({name: 2.5}), name) == Decimal("2.5")
    with pytest.raises(SettingsError, match="cannot be inf: a finite number, 0 or more, is exp"):
        Limits().lowered({name: float("inf")})
