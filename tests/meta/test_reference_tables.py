"""Tables of the reference pages are those of the code."""

from __future__ import annotations

from inspect import signature
from pathlib import Path

import pytest

from pytest_ibkr.gateway import Gateway
from tests.meta import reference_tables

REWRITE = "run: python -m tests.meta.reference_tables --write"


def test_every_table_is_on_a_page() -> None:
    on_pages = set().union(*reference_tables.pages().values())
    assert on_pages == set(reference_tables.TABLES)


@pytest.mark.parametrize("path", reference_tables.pages(), ids=lambda path: path.stem)
def test_the_tables_are_current(path: Path) -> None:
    text = path.read_text("utf-8")
    assert reference_tables.current(text) == text, REWRITE


def test_a_table_that_is_behind_is_rewritten() -> None:
    page = "<!-- table: latencies -->\nold\n<!-- end of table -->\nrest\n"
    assert "| `details_s` |" in reference_tables.current(page)
    assert reference_tables.current(page).endswith("<!-- end of table -->\nrest\n")


def test_no_meaning_is_left_over() -> None:
    rows = "\n".join([*reference_tables.conditions(), *reference_tables.latencies()])
    named = {*reference_tables.MEANING, *reference_tables.LATENCIES}
    assert [name for name in named if f"| `{name}` |" not in rows] == []


def test_every_argument_of_the_factory_is_one_of_the_gateway() -> None:
    assert set(reference_tables.FACTORY) <= {*signature(Gateway.__init__).parameters, "client_id"}
