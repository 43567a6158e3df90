"""The HTML page: our section on top, columns filled, links that lead somewhere, no plot needed."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from pytest_ibkr.report.html_section import section
from tests.report.build import SIMULATED, SNAPSHOT, eventful, results, row, session, uncollected
from tests.report.project import FAILING, SUITE, dated, document, reports, run

pytestmark = pytest.mark.ci


def links(page: Path) -> list[str]:
    """Return every link to a text file, also those in the data the page's script draws."""
    text = unescape(page.read_text("utf-8")).replace('\\"', '"')
    return re.findall(r'href="([^"#:]+\.(?:txt|jsonl))"', text)


def test_the_page_is_one_file_with_the_rehearsal_on_top(pytester: pytest.Pytester) -> None:
    run(pytester, SUITE + FAILING, page=True)
    page = (reports(pytester) / "report.html").read_text(encoding="utf-8")
    assert '<title id="head-title">REHEARSAL – Live validation report</title>' in page
    assert page.index("ibkr-banner") < page.index('id="results-table"')
    assert "LV-016, LV-017" in page
    assert "2 in / " in page
    assert not (reports(pytester) / "assets").exists()
    assert not re.search(r'<(?:script|link|img)[^>]+(?:src|href)="http', page)


def test_links_lead_to_the_files_from_both_places(pytester: pytest.Pytester) -> None:
    run(pytester, SUITE + FAILING, page=True)
    for place in (reports(pytester), dated(pytester)):
        found = links(place / "report.html")
        assert len(found) >= 3  # timeline and journal in the section, timeline in the row
        for link in found:
            assert (place / link).is_file(), link


def test_a_page_at_the_users_place_links_to_the_dated_directory(pytester: pytest.Pytester) -> None:
    run(
        pytester,
        SUITE + FAILING,
        "--html",
        "elsewhere/page.html",
        "--self-contained-html",
        page=True,
    )
    place = pytester.path / "elsewhere"
    found = links(place / "page.html")
    assert found
    assert all((place / link).is_file() for link in found)
    assert all((dated(pytester) / link).is_file() for link in links(dated(pytester) / "page.html"))


def test_the_page_works_without_matplotlib(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import sys\nsys.modules['matplotlib'] = None\n")
    run(pytester, SUITE, page=True).assert_outcomes(passed=2)
    page = (reports(pytester) / "report.html").read_text(encoding="utf-8")
    assert "pip install pytest-ibkr[report]" in page
    assert "<svg" not in page
    assert document(pytester).metrics


def test_nothing_a_test_says_becomes_markup() -> None:
    hostile = row("failed", id="<script>x</script>", reason="<i>", timeline="timelines/<a>.txt")
    text = section(results([hostile]), link_prefix="")
    assert "<script>x" not in text
    assert "<a>.txt" not in text


def test_tables_have_scopes_and_plots_have_descriptions() -> None:
    text = section(eventful(), link_prefix="")
    assert re.findall(r"<th(?! scope=)", text.replace("<thead", "")) == []
    drawn = re.findall(r"<svg[^>]*>", text)
    assert len(drawn) == 2
    assert all('role="img"' in svg and "median" in svg for svg in drawn)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_plots_take_their_colours_from_the_page() -> None:
    text = section(eventful(), link_prefix="")
    assert "var(--ibkr-accent)" in text
    colours = set(re.findall(r"#[0-9a-f]{6}\b", text))
    assert colours == set(), colours


@pytest.mark.parametrize("count", [1, 2, 600])
def test_any_number_of_values_can_be_drawn(count: int) -> None:
    many = row(metrics={"quote_freshness_s": [0.0] * count})
    assert f"{count} values" in section(results([many]), link_prefix="")


def test_counts_come_first_and_without_live_tests_there_is_no_gate() -> None:
    tests = [row("failed", live=False), *[row(live=False)] * 9]
    text = section(results(tests), link_prefix="")
    first = re.sub("<[^>]+>", "", text).split("\n")[1]
    assert first == "1 FAILED, 9 passed, 3 deselected"
    assert '<span class="ibkr-bad">1 FAILED</span>' in text
    assert not re.search(r"ibkr-banner|Gate[: ]|REHEARSAL|nothing has been shown", text)


def test_with_live_tests_counts_stand_before_the_verdict() -> None:
    text = section(eventful(), link_prefix="")
    places = [text.index(part) for part in ("ibkr-banner", "ibkr-counts", "Gate: REHEARSAL-FAILED")]
    assert places == sorted(places)


def test_a_file_that_could_not_be_collected_is_named() -> None:
    text = section(results([row(), uncollected("t/test_x.py")]), link_prefix="")
    assert "Gate: REHEARSAL-FAILED</h2><ul><li>could not be collected: t/test_x.py</li>" in text


def test_gateways_share_a_column_and_their_market_is_told_once() -> None:
    other = replace(SIMULATED, account="DU0000002")
    document = results([row(sessions=[session(), session(other)])])
    text = section(replace(document, gateways=[SIMULATED, other]), link_prefix="")
    columns = text[text.index('<div class="ibkr-columns">') :].split("\n")[0]
    assert columns.count("<div>") == 2  # the run's and the gateways'
    assert columns.count("<h3>Gateway, simulated</h3>") == 2
    assert columns.count(SNAPSHOT.name) == 2
    assert columns.count(SNAPSHOT.sha256) == 1
    assert text.count("<h3>Where snapshot_normal_20260710_160000 came from</h3>") == 1
