"""The table of proven messages: written, read back, and never more than was noted."""

from __future__ import annotations

from pathlib import Path

from pytest_ibkr.wire.declare import BODY_REQUESTS, BODY_RESPONSES, REQUESTS, RESPONSES
from tests.conformance import covered
from tests.meta import coverage_page as page

_REQUESTS, _RESPONSES = {*REQUESTS, *BODY_REQUESTS}, {*RESPONSES, *BODY_RESPONSES}
NOTED: page.Noted = {
    ("ibapi-9.81", "in", 1): {151, 152, 157},
    ("ib_async", "out", 4): {157, 178},
    ("ibapi-10.46", "out", 4): {176, 200, 201},
}


def test_what_was_noted_stands_there_and_reads_back() -> None:
    told = page.claims(page.page(NOTED))
    assert {key: versions for key, versions in told.items() if versions} == NOTED
    assert page.unproven(page.page(NOTED), NOTED) == []


def test_every_declared_message_has_a_line() -> None:
    told = page.claims(page.page({}))
    assert {number for _, direction, number in told if direction == "in"} == {
        *REQUESTS,
        *BODY_REQUESTS,
    }
    assert {number for _, direction, number in told if direction == "out"} == {
        *RESPONSES,
        *BODY_RESPONSES,
    }


def test_a_claim_that_nobody_noted_is_found() -> None:
    fewer = NOTED | {("ib_async", "out", 4): {157}}
    assert page.unproven(page.page(NOTED), fewer) == ["ib_async out 4: 178"]


def test_the_published_page_has_a_line_for_every_message() -> None:
    told = page.claims(page.PAGE.read_text(encoding="utf-8"))
    assert {number for _, direction, number in told if direction == "in"} == {
        *REQUESTS,
        *BODY_REQUESTS,
    }
    assert {number for _, direction, number in told if direction == "out"} == {
        *RESPONSES,
        *BODY_RESPONSES,
    }


def test_what_processes_leave_is_put_together(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text('[["ib_async", "in", 9, [157]]]')
    (tmp_path / "2.json").write_text('[["ib_async", "in", 9, [178]]]')
    assert covered.read(tmp_path) == {("ib_async", "in", 9): {157, 178}}
