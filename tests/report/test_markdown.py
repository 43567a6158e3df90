"""report.md says what results.json says, letter for letter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_ibkr.report.markdown import markdown
from pytest_ibkr.report.model import from_json, to_json
from pytest_ibkr.report.tables import cell, code, code_cell, number, seconds
from tests.report.build import PAPER, eventful, results, row, uncollected

GOLDEN = Path(__file__).parent / "golden" / "report.md"


@pytest.mark.req("LV-044")
def test_an_eventful_run_reads_as_agreed() -> None:
    assert markdown(eventful(), prefix="20261120-154417/") == GOLDEN.read_text(encoding="utf-8")


def test_the_report_is_made_from_the_document_alone() -> None:
    document = eventful()
    assert markdown(from_json(to_json(document))) == markdown(document)


def test_a_rehearsal_says_so_in_title_and_banner() -> None:
    title, _, banner, *_ = markdown(results([row()])).splitlines()
    assert title == "# REHEARSAL – Live validation report"
    assert banner.startswith("> **REHEARSAL: account DU0000001")


def test_a_passed_gate_is_not_called_a_rehearsal() -> None:
    text = markdown(results([row(gateway=PAPER)]))
    assert "REHEARSAL" not in text
    assert "Gate: **PASSED**" in text


def test_counts_come_first_and_without_live_tests_there_is_no_gate() -> None:
    tests = [row("failed", live=False), *[row(live=False)] * 9]
    title, _, counts, *rest = markdown(results(tests)).splitlines()
    assert (title, counts) == ("# Test report", "**1 FAILED, 9 passed, 3 deselected**")
    assert not re.search("gate:|gate \\||rehearsal|nothing has been shown", "\n".join(rest), re.I)


def test_a_run_that_ended_before_anything_was_collected_may_have_had_a_gate() -> None:
    assert "Gate: **NOT RUN" in markdown(results([], incomplete_because="killed"))


def test_a_file_that_could_not_be_collected_is_named() -> None:
    text = markdown(results([row(), uncollected("t/test_x.py")]))
    assert "Gate: **REHEARSAL-FAILED: could not be collected: t/test_x.py**" in text
    assert "### `t/test_x.py`\n\nERROR, critical.\n" in text
    assert "No module named 'no_such_module'" in text


def test_an_interrupted_run_says_so() -> None:
    text = markdown(results([row(), row("not_run")], incomplete_because="Ctrl-C"))
    assert "NO: Ctrl-C" in text
    assert "NOT RUN" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"a\|b"),
        ("x_y", "x_y"),
        ("_x_", r"\_x\_"),
        ("<b>", r"\<b\>"),
        ("two\nlines", "two lines"),
        ("", "–"),
        (None, "–"),
    ],
)
def test_a_cell_is_one_line_of_plain_text(text: str | None, shown: str) -> None:
    assert cell(text) == shown


def test_code_survives_pipes_and_backticks() -> None:
    assert code("a|b") == "`a|b`"
    assert code_cell("a|b") == r"`a\|b`"
    assert code("a`b") == "``a`b``"


def test_numbers_and_durations_have_a_readers_precision() -> None:
    assert [number(v) for v in (0.12345, 12.345, 12345.6, None)] == ["0.123", "12.3", "12,346", "–"]
    told = [seconds(v) for v in (0.0024, 1.25, 75.25, 125.0, None)]
    assert told == ["2 ms", "1.2 s", "75.2 s", "2 min 5 s", "–"]
