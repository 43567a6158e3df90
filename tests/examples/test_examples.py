"""The projects in examples/ work as a reader copies them, and the page shows them as they are."""

from __future__ import annotations

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PAGE = ROOT / "docs" / "how-to" / "ready-clients.md"
NEEDS = {"ib_async_bot": "ib_async", "ibapi_app": "ibapi", "asyncio_bot": "pytest_asyncio"}
SHOWN = re.compile(
    r"<!-- file: (?P<name>examples/\S+) -->\n```\w+\n(?P<text>.*?)^```$", re.M | re.S
)


def projects() -> list[str]:
    return sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())


def test_every_project_is_known_here() -> None:
    assert projects() == sorted(NEEDS)


@pytest.mark.ci
@pytest.mark.parametrize("name", sorted(NEEDS))
@pytest.mark.parametrize("order", [("-p", "no:randomly"), ("-p", "no:xdist")])
def test_a_copied_project_passes(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str, order: tuple[str, ...]
) -> None:
    if find_spec(NEEDS[name]) is None:
        pytest.skip(f"{NEEDS[name]} is not installed")
    for variable in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "IBKR_SNAPSHOT", "IBKR_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    copy = pytester.path / name
    shutil.copytree(EXAMPLES / name, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(copy)
    args = [*order, "-p", "no:cacheprovider", "-W", "error", "--strict-markers"]
    if name != "asyncio_bot":  # warns of a setting that only its own projects make
        args += ["-p", "no:asyncio"]
    result = pytester.runpytest_subprocess(*args)
    result.assert_outcomes(passed=1)


def test_the_page_shows_every_file_as_it_is() -> None:
    shown = {match["name"]: match["text"] for match in SHOWN.finditer(PAGE.read_text("utf-8"))}
    files = {path.relative_to(ROOT).as_posix(): path for path in EXAMPLES.glob("*/*.py")}
    assert sorted(shown) == sorted(files)
    for name, text in shown.items():
        assert text == files[name].read_text("utf-8"), f"{PAGE.name} shows an older {name}"
