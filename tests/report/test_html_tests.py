"""What tests did on the wire, on the page: everything told, nothing endless, nothing markup."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from pytest_ibkr.report.html_tests import anchor, wire_of_tests
from pytest_ibkr.report.html_totals import requirements
from pytest_ibkr.report.model import TestRow
from pytest_ibkr.report.wire_lines import MOST_LINES, wire_lines
from pytest_ibkr.report.wire_model import WireLine
from pytest_ibkr.sim.journal import Journal
from pytest_ibkr.wire.messages.session import ErrorNotice, ReqCurrentTime
from tests.report.build import eventful, results, row, session

PER_TEST = 50_000


def page(*tests: TestRow) -> str:
    return wire_of_tests(results(list(tests)), link_prefix="run/")


def busy_wire(count: int = 1_000) -> tuple[list[WireLine], int]:
    """Return the lines of a failed test that nothing of can be folded."""
    journal = Journal()
    for n in range(count):
        text = f"a text as long as they come, number {n}: {'x' * 200}"
        message = ErrorNotice(request_id=n, code=200, text=text) if n % 2 else ReqCurrentTime()
        journal.add(1_783_692_000.0 + n, 1, "out" if n % 2 else "in", message)
    return wire_lines(journal.entries(), most=MOST_LINES)


def test_everything_a_session_knows_is_told() -> None:
    text = page(row())
    for told in (
        "12 in / 1,340 out, peak 9/s, 1 market data line left open",
        "reqMktData 8, placeOrder 2",
        "faults.delay(&#x27;reqHistoricalData&#x27;, 3)",
        "once",
        "entitlement = delayed",
        "ESU6, synthetic: SPY x 10",
        "BUY 1 SPY LMT 700",
        "<time>10:00:03.100</time> Submitted",
        "open at the end",
        "Wire timeline, 6 lines",
        '<tr class="error"><td>10:00:00.000</td>',
    ):
        assert told in text, told


def test_two_gateways_in_one_test_are_told_apart() -> None:
    text = page(row(sessions=[session(client_id=1), session(client_id=2)]))
    assert "Session 1 of 2: simulated gateway, client id 1" in text
    assert "Session 2 of 2: simulated gateway, client id 2" in text


def test_nothing_a_test_or_a_client_says_becomes_markup() -> None:
    text = page(row(id="t[<script>]"))
    assert not re.search(r"<script>|<i>|<b>", text)


def test_a_long_wire_is_cut_and_its_file_linked() -> None:
    lines, cut = busy_wire()
    long = row(
        "failed",
        sessions=[session(wire=lines, wire_not_shown=cut)],
        journals=["journals/long.jsonl"],
    )
    text = page(long)
    assert f"{cut:,} entries are in the journal file only" in text
    assert '<a href="run/journals/long.jsonl">long.jsonl</a>' in text
    assert len(text) < PER_TEST


def test_a_page_with_no_room_left_says_where_the_rest_is() -> None:
    lines, cut = busy_wire()
    full = session(wire=lines, wire_not_shown=cut)
    passed = [row(id=f"p{n}", sessions=[full]) for n in range(40)]
    text = page(*passed, row("failed", id="f", sessions=[full]))
    assert len(text) < 800_000
    assert 0 < text.count("the page is full") < 40
    failed, *_ = text.split('<details class="ibkr-test"')[1:]
    assert f'id="{anchor("f")}"' in failed
    assert failed.endswith("</table></details></details>")  # a failed test has room of its own


def test_what_failed_comes_first_and_is_unfolded() -> None:
    names = ["passed", "failed", "xfailed", "error"]
    text = page(*(row(name, id=name, sessions=[session()]) for name in names))
    folds = re.findall(r'<details class="ibkr-test" id="([^"]+)"( open)?>', text)
    assert folds == [
        (anchor("failed"), " open"),
        (anchor("error"), " open"),
        (anchor("passed"), ""),
        (anchor("xfailed"), ""),
    ]


def test_tests_without_a_gateway_have_no_place() -> None:
    assert page(row("skipped")) == ""


def test_headings_and_tables_are_made_for_screen_readers() -> None:
    text = page(row(), row("failed", id="other"))
    levels = [int(level) for level in re.findall(r"<h([1-6])", text)]
    assert levels[0] == 3
    assert all(b - a <= 1 for a, b in pairwise(levels))
    tables = re.findall(r"<table.*?</table>", text)
    assert tables
    assert all("<caption>" in table and "scope=" in table for table in tables)
    assert text.count("<details") == text.count("<summary>") == text.count("</details>")


def test_the_requirement_table_links_to_each_test_that_met_a_gateway() -> None:
    document = eventful()
    text = requirements(document)
    assert "1 of 3 passed in rehearsal" in text
    [test] = [test for test in document.tests if "LV-016" in test.requirements]
    assert text.count(f'href="#{anchor(test.id)}"') == 2
    assert f'id="{anchor(test.id)}"' in wire_of_tests(document, link_prefix="")


def test_without_requirements_there_is_no_table() -> None:
    document = results([row()])
    assert requirements(document) == ""
    assert requirements(replace(document, requirements=[])) == ""
