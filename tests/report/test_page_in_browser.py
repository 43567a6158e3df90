"""The HTML page in a real browser: readable in light and dark, on a phone, by keys and unseen."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.report.chromium import DESKTOP, PHONE, Page
from tests.report.project import FAILING, INI, SUITE, WITHOUT

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
pytestmark = [pytest.mark.ci, pytest.mark.timeout(180)]

SCRIPTED = """

@pytest.mark.req("LV-020", "LV-016")
def test_scripts(wire, ibkr, ibkr_gateway_factory):
    ibkr.contracts.add("ES")
    ibkr.market.quote("SPY", bid=700, ask=700.02)
    with ibkr.faults.delay("reqCurrentTime", 2):
        current_time(wire)
    wire.sendall(frame(62, 1))  # account summaries need more: an error
    wire.sendall(frame(61, 1))  # positions, never cancelled
    for _ in range(60):
        current_time(wire)
        wire.sendall(frame(8, 1, 1))
        ibkr.clock.sleep(1)
    ibkr_gateway_factory(account="DU0000007")
"""
# Every text node's contrast against the nearest background behind it (WCAG 2.2, 1.4.3).
CONTRASTS = """(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (one) => {
    for (; one; one = one.parentElement) {
      const colour = rgb(getComputedStyle(one).backgroundColor);
      if (colour.length < 4 || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const seen = {};
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const one = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !one.checkVisibility()) continue;
    if (one.closest("script, style, template")) continue;
    const style = getComputedStyle(one);
    const ink = one.closest("svg text") ? style.fill : style.color;
    const [a, b] = [light(rgb(ink)), light(behind(one))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const key = `${one.tagName}.${one.className.baseVal ?? one.className}`;
    if (!(key in seen) || ratio < seen[key]) seen[key] = ratio;
  }
  return seen;
})()"""
TOO_WIDE = """[...document.querySelectorAll("body *")].filter((one) => {
  if (!one.checkVisibility() || one.closest(".ibkr-scroll *, .ibkr-wide *, caption")) return false;
  const box = one.getBoundingClientRect();
  return box.width > 0 && box.right > innerWidth + 1;
}).map((one) => `${one.tagName}.${one.className}`)"""
UNFOLD = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser on this machine: none of {', '.join(BROWSERS)}")
    return found


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run in which something of everything happened; one for all tests here."""
    project = tmp_path_factory.mktemp("project")
    project.joinpath("test_gate.py").write_text(SUITE + FAILING + SCRIPTED, encoding="utf-8")
    project.joinpath("pytest.ini").write_text(INI, encoding="utf-8")
    absent = [option for name in WITHOUT for option in ("-p", f"no:{name}")]
    command = [sys.executable, "-m", "pytest", *absent, "--ibkr-report", "reports"]
    done = subprocess.run(
        command, cwd=project, capture_output=True, text=True, timeout=120, check=False
    )
    assert "1 failed, 3 passed" in done.stdout, done.stdout + done.stderr
    return project / "reports/report.html"


@pytest.fixture
def page(report: Path, browser: str, tmp_path: Path) -> Iterator[Page]:
    with Page(browser, report, tmp_path / "profile") as found:
        yield found
    assert found.complaints == []
    assert {address.split(":")[0] for address in found.asked} == {"file"}
    assert len(set(found.asked)) == 1  # itself, and nothing else


def test_the_page_reads_well_without_eyes(page: Page) -> None:
    page.look(DESKTOP)
    dom = page.ask("document.documentElement.outerHTML")
    assert '<html lang="en">' in dom
    drawn = re.findall(r'class="results-table-row (\w+)"', dom)  # by the page's own script
    assert sorted(drawn) == ["failed", "passed", "passed", "passed"]
    rows = dom[dom.index('<table id="results-table"') :]
    assert "LV-016, LV-017" in rows
    assert "wire timeline</a>" in rows
    assert dom.index("ibkr-banner") < dom.index('id="environment-header"')
    boxes = re.findall(r"<input[^>]*data-test-result[^>]*>", dom)
    assert boxes
    assert all("aria-label=" in box for box in boxes)
    headers = re.findall(r'<th [^>]*class="sortable[^>]*>', dom)
    assert headers
    assert all('scope="col"' in one and 'tabindex="0"' in one for one in headers)


def test_headings_never_skip_a_level_and_tables_have_names(page: Page) -> None:
    page.look(DESKTOP)
    levels = page.ask("[...document.querySelectorAll('h1,h2,h3,h4,h5')].map((h) => +h.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    unnamed = "[...document.querySelectorAll('.ibkr table')].filter((t) => !t.caption).length"
    assert page.ask(unnamed) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_the_readers_colour_scheme(page: Page, scheme: str) -> None:
    page.look(DESKTOP, scheme=scheme)
    page.ask(UNFOLD)
    ground = page.ask("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 24, 28)"}[scheme]
    contrasts = page.ask(CONTRASTS)
    assert len(contrasts) > 20
    assert {name: ratio for name, ratio in contrasts.items() if ratio < 4.5} == {}


def test_paper_is_white_whatever_the_reader_prefers(page: Page) -> None:
    page.look(DESKTOP, scheme="dark", media="print")
    assert page.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert {n: r for n, r in page.ask(CONTRASTS).items() if r < 4.5} == {}
    assert page.ask("getComputedStyle(document.querySelector('.controls')).display") == "none"


def test_a_phone_scrolls_down_only(page: Page) -> None:
    page.look(PHONE)
    page.ask(UNFOLD)
    assert page.ask("innerWidth") == PHONE[0]
    assert page.ask(TOO_WIDE) == []
    assert page.ask("document.documentElement.scrollWidth") == PHONE[0]


def test_a_tests_wire_unfolds_by_keys(page: Page) -> None:
    page.look(DESKTOP)
    failed, first = (f"document.querySelectorAll('details.ibkr-test')[{n}]" for n in (0, 1))
    assert page.ask(f"{failed}.open") is True
    assert page.ask(f"{first}.open") is False
    page.ask(f"{first}.querySelector('summary').focus()")
    page.press("Enter")
    assert page.ask(f"{first}.open") is True
    assert page.ask(f"{first}.querySelector('.ibkr-lines').checkVisibility()") is True
    page.press(" ")
    assert page.ask(f"{first}.open") is False


def test_a_link_in_the_results_leads_to_the_tests_wire(page: Page) -> None:
    page.look(DESKTOP)
    link = "document.querySelector('#results-table a[href^=\"#ibkr-\"]')"
    place = page.ask(f"{link}.hash.slice(1)")
    page.ask(f"{link}.focus()")
    page.press("Enter")
    page.ask("new Promise((done) => setTimeout(done))")  # hashchange is a task of its own
    assert page.ask(f"document.getElementById('{place}').open") is True
    assert page.ask("document.activeElement.parentElement.id") == place
