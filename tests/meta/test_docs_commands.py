"""Every command of README.md, CONTRIBUTING.md and docs/ does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.meta import house
from tests.meta.docs_runner import Page, blocks, scratch_copy

pytestmark = [pytest.mark.ci, pytest.mark.timeout(900)]

RUNBOOK = "docs/live_validation_runbook.md"


def pages() -> list[pytest.ParameterSet]:
    """One case per page; a page that a requirement names speaks for it."""
    names = [path.relative_to(house.ROOT).as_posix() for path in house.repository_files()]
    return [
        pytest.param(name, id=name, marks=[pytest.mark.req("LV-050")] if name == RUNBOOK else [])
        for name in names
        if name in ("README.md", "CONTRIBUTING.md") or re.fullmatch(r"docs/.*\.md", name)
    ]


@pytest.mark.req("XC-010")
@pytest.mark.parametrize("name", pages())
def test_the_page_does_what_it_says(name: str, tmp_path: Path) -> None:
    copy = scratch_copy(house.repository_files(), house.ROOT, tmp_path / "copy")
    with Page(copy) as page:
        for block in blocks(name, (house.ROOT / name).read_text("utf-8")):
            page.run(block)
