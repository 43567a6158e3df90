"""The HTML page in a real browser: it renders in light and dark, and reads well unseen."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.report.project import FAILING, SUITE, reports, run

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
pytestmark = [pytest.mark.ci, pytest.mark.timeout(180)]


@pytest.fixture
def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser on this machine: none of {', '.join(BROWSERS)}")
    return found


@pytest.fixture
def page(pytester: pytest.Pytester) -> Path:
    run(pytester, SUITE + FAILING, page=True)
    return reports(pytester) / "report.html"


def visit(browser: str, page: Path, *options: str) -> str:
    command = [
        browser,
        "--headless",
        "--no-sandbox",  # containers run as root
        "--disable-gpu",
        "--hide-scrollbars",
        "--virtual-time-budget=3000",
        f"--user-data-dir={page.parent / 'profile'}",
        *options,
        page.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def test_the_page_reads_well_without_eyes(browser: str, page: Path) -> None:
    dom = visit(browser, page, "--dump-dom")
    assert '<html lang="en">' in dom
    drawn = re.findall(r'class="results-table-row (\w+)"', dom)  # by the page's own script
    assert sorted(drawn) == ["failed", "passed", "passed"]
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


@pytest.mark.parametrize(("scheme", "dark"), [("1", False), ("0", True)])
def test_the_page_follows_the_readers_colour_scheme(
    browser: str, page: Path, tmp_path: Path, scheme: str, dark: bool
) -> None:
    image = pytest.importorskip("PIL.Image", reason="pillow comes with matplotlib")
    shot = tmp_path / "page.png"
    preferred = f"--blink-settings=preferredColorScheme={scheme}"
    visit(browser, page, preferred, "--window-size=1300,1800", f"--screenshot={shot}")
    with image.open(shot) as picture:
        grey = picture.convert("L")
        shades = grey.histogram()
    ground = shades.index(max(shades))
    assert (ground < 64) is dark
    assert ground < 64 or ground > 192
    # Text stands out: some pixels lie at the other end of the scale.
    far = shades[:64] if not dark else shades[192:]
    assert sum(far) > 1_000
