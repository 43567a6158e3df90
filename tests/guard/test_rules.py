"""Every rule has a case, a place on the page, and words that can be acted on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_ibkr import guard
from tests.guard.paper_only_page import PAGE, render
from tests.guard.rules import RULES, said

SOURCES = sorted(Path(guard.__file__).parent.glob("*.py"))
NAME = re.compile(r'"((?:endpoint|account|frame|session|message|run|order|cancel)\.[a-z-]+)"')


@pytest.mark.parametrize("name", RULES)
def test_a_rule_refuses_its_case_and_says_what_to_do(name: str) -> None:
    rule, reason, fix = said(RULES[name])
    assert rule == name
    assert reason
    assert fix


def test_every_rule_of_the_guard_is_in_the_table() -> None:
    written = {name for source in SOURCES for name in NAME.findall(source.read_text("utf-8"))}
    assert written == set(RULES)


def test_the_page_says_what_the_guard_says() -> None:
    hint = "run: python -m tests.guard.paper_only_page, and read what changed"
    assert PAGE.read_text(encoding="utf-8") == render(), hint
