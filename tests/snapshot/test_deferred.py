"""Deferred objects: what is read is made, and to a reader they are like any other."""

from __future__ import annotations

import json

import pytest

from pytest_ibkr.snapshot.deferred import Deferred


def lazy() -> tuple[Deferred, list[str]]:
    made: list[str] = []

    def make() -> list[int]:
        made.append("late")
        return [1, 2]

    return Deferred({"soon": 1}, {"late": make}), made


def test_nothing_is_made_before_it_is_read() -> None:
    found, made = lazy()
    assert found["soon"] == 1
    assert "late" in found
    assert len(found) == 2
    assert made == []
    assert found["late"] == [1, 2]
    assert found["late"] == [1, 2]
    assert made == ["late"]


@pytest.mark.parametrize(
    "whole",
    [dict, lambda d: json.loads(json.dumps(d)), lambda d: dict(d.items()), lambda d: {**d}],
    ids=["copied", "as JSON", "items", "unpacked"],
)
def test_read_as_a_whole_it_is_whole(whole: object) -> None:
    found, _ = lazy()
    assert callable(whole)
    assert whole(found) == {"soon": 1, "late": [1, 2]}


def test_an_unknown_key_is_one() -> None:
    found, _ = lazy()
    with pytest.raises(KeyError, match="never"):
        found["never"]


def test_it_equals_the_dict_it_becomes() -> None:
    found, _ = lazy()
    assert found == {"soon": 1, "late": [1, 2]}
    assert lazy()[0] == lazy()[0]
    assert list(found.keys()) == ["soon", "late"]
    assert list(found.values()) == [1, [1, 2]]
