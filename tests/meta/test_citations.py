"""Sources cite sections of two reference pages; those sections exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.meta import house
from tests.meta.matrix import ROWS

PAGES = ("gateway-behaviour.md", "measured.md")
THIS = "tests/meta/test_citations.py"
CITATION = re.compile(rf"(?<!/)\b(?P<page>{'|'.join(map(re.escape, PAGES))})")
SECTION = r"(?:appendix [A-Z]|\d+(?:\.\d+)?(?![\d.]*\d))"
REMARK = r"(?: [A-Z]\d+)?(?:,? ?\([^)]*\)|, \"[^\"]*\")?"
SECTIONS = re.compile(rf",? (?P<list>{SECTION}{REMARK}(?:(?:, (?:and )?| and ){SECTION}{REMARK})*)")
LABEL = re.compile(r"\b[OS]\d+\b")


def citations(text: str) -> Iterator[tuple[str, list[str]]]:
    """(page, sections and row labels named) of every citation; an empty list names nothing."""
    # A sentence may go on in the next line of a comment or docstring.
    flat = re.sub(r"\n[ \t]*#?[ \t]*", " ", text)
    for found in CITATION.finditer(flat):
        named = SECTIONS.match(flat, found.end())
        listed = named["list"] if named else ""
        before = re.search(r"([OS]\d+) of $", flat[: found.start()])
        labels = LABEL.findall(listed) + ([before[1]] if before else [])
        bare = re.sub(rf"\([^)]*\)|\"[^\"]*\"|{LABEL.pattern}", "", listed)
        yield found["page"], re.findall(SECTION, bare) + labels


def headings(page: str) -> set[str]:
    """Numbers and letters of a page's sections, and the labels its tables begin rows with."""
    text = (house.ROOT / "docs" / "reference" / page).read_text("utf-8")
    numbers = re.findall(r"^#{2,3} (\d+(?:\.\d+)?)\.? ", text, re.M)
    letters = re.findall(r"^## (Appendix [A-Z])\.", text, re.M)
    labels = re.findall(r"^\| ([OS]\d+) ", text, re.M)
    return {*numbers, *(letter.replace("A", "a", 1) for letter in letters), *labels}


def cited() -> list[tuple[str, str, list[str]]]:
    """(file, page, sections) of every citation in code and tests."""
    found = []
    for path in house.repository_files():
        name = path.relative_to(house.ROOT).as_posix()
        ours = name.startswith(("pytest_ibkr/", "bot/", "tests/")) and name.endswith(".py")
        if ours and name != THIS:
            for page, sections in citations(path.read_text("utf-8")):
                found.append((name, page, sections))
    return found


def evidence() -> list[tuple[str, str, list[str]]]:
    """The same of the page of messages: what the row of each request rests on."""
    return [
        (name, PAGES[0], re.findall(r"(?<![\d.])\d(?:\.\d)?(?![\d.])", row.evidence))
        for name, row in ROWS.items()
    ]


def test_every_cited_section_exists() -> None:
    known = {page: headings(page) for page in PAGES}
    every = cited() + evidence()
    assert len(every) > 30, "the citations are no longer found"
    assert [where for where in every if not where[2] or not set(where[2]) <= known[where[1]]] == []


def test_no_section_is_there_that_nobody_cites() -> None:
    named = {
        (page, section) for _file, page, sections in cited() + evidence() for section in sections
    }
    numbers = {(page, one) for page in PAGES for one in headings(page) if "." in one}
    assert numbers - named == set()


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        ("(gateway-behaviour.md 2.1 and 4.3, live log of 2026)", ["2.1", "4.3"]),
        ('(gateway-behaviour.md 5, "Response timing")', ["5"]),
        ('gateway-behaviour.md 2.3 ("Streams", "Field facts").', ["2.3"]),
        ("gateway-behaviour.md 2.5 (321 causes) and 2.0 (dates)", ["2.5", "2.0"]),
        ("gateway-behaviour.md 3.1 O13 and appendix B", ["3.1", "appendix B", "O13"]),
        ("(S6 of gateway-behaviour.md, appendix C)", ["appendix C", "S6"]),
        ("gateway-behaviour.md 7.4, checked against ibapi 9.81", ["7.4"]),
        ("gateway-behaviour.md,\n    # appendix D", ["appendix D"]),
        ("gateway-behaviour.md 1.3, 1.4).", ["1.3", "1.4"]),
        ("as gateway-behaviour.md says", []),
    ],
)
def test_a_citation_is_read(text: str, sections: list[str]) -> None:
    assert [found for _page, found in citations(text)] == [sections]
