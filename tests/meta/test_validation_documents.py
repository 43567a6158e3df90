"""Files and documents of live validation are in their places, and say what the report says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_ibkr.report import checklist
from tests.meta import house

SUITE = {
    "conftest.py",
    "test_live_broker_connectivity.py",
    "test_live_market_data.py",
    "test_live_order_execution.py",
    "test_live_resilience.py",
}
DOCUMENTS = (
    "docs/live_validation_runbook.md",
    "docs/deployment_validation_checklist.md",
    "config/live_validation_config.yaml",
)


@pytest.mark.req("LV-001")
def test_files_and_documents_are_where_the_layout_says() -> None:
    names = {path.relative_to(house.ROOT).as_posix() for path in house.repository_files()}
    assert {f"tests/live_validation/{name}" for name in SUITE} <= names
    assert set(DOCUMENTS) <= names


def test_no_page_has_a_box_that_somebody_could_tick() -> None:
    for name in DOCUMENTS[:2]:
        text = (house.ROOT / name).read_text("utf-8")
        outside_commands = re.sub(r"```.*?```", "", text, flags=re.S)
        assert re.findall(r"^\s*[-*] \[.\]", outside_commands, re.M) == [], name


def test_the_checklist_page_quotes_a_box_that_is_rendered() -> None:
    page = (house.ROOT / DOCUMENTS[1]).read_text("utf-8")
    [quoted] = re.findall(r"\\\[ \\\] (Market: [\w ]+)", page)
    assert any(item.startswith(quoted) for item in checklist.BEFORE)


def test_every_link_between_pages_leads_somewhere() -> None:
    pages = {
        path: path.read_text("utf-8")
        for path in house.repository_files()
        if path.suffix == ".md" and (path.parent == house.ROOT or "docs" in path.parts)
    }
    broken = [
        f"{path.relative_to(house.ROOT)}: {target}"
        for path, text in pages.items()
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.S))
        if not re.match(r"https?:|<", target) and not leads_somewhere(path, target, pages)
    ]
    assert broken == []


def leads_somewhere(path: Path, target: str, pages: Mapping[Path, str]) -> bool:
    """Whether a relative link names a file and, of a page, one of its headings."""
    file, _hash, anchor = target.partition("#")
    linked = (path.parent / file).resolve() if file else path
    if not anchor or linked.suffix != ".md":
        return linked.exists()
    text = re.sub(r"```.*?```", "", pages.get(linked, ""), flags=re.S)
    headings = [re.sub(r"[^\w\- ]", "", h.lower()) for h in re.findall(r"^#+ (.+)$", text, re.M)]
    return anchor in {heading.replace(" ", "-") for heading in headings}
