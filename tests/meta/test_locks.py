"""The lock files: complete, hashed, free of machine settings; and what git ignores."""

from __future__ import annotations

import re
import subprocess
import tomllib
from typing import Any

import pytest

from tests.meta import house

LOCKS = {
    "requirements.lock": {"dev", "test", "bot", "bot-common"},
    "requirements-ibapi10.lock": {"test", "bot-ibapi10", "bot-common"},
}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text: str) -> dict[str, list[str]]:
    """Hashes by normalised ``name==version``."""
    found: dict[str, list[str]] = {}
    for entry in re.split(r"\n(?=[\w-]+==)", text):
        if match := re.match(r"([\w.-]+)==([^\s;\\]+)", entry):
            found[f"{normal(match[1])}=={match[2]}"] = re.findall(
                r"--hash=sha256:([0-9a-f]{64})\b", entry
            )
    return found


def wanted(groups: set[str]) -> set[str]:
    """Names of everything pyproject.toml asks for directly: base, extras, these groups."""
    project: dict[str, Any] = tomllib.loads((house.ROOT / "pyproject.toml").read_text("utf-8"))
    lists = [
        project["project"]["dependencies"],
        project["build-system"]["requires"],
        *project["project"]["optional-dependencies"].values(),
        *(project["dependency-groups"][group] for group in groups),
    ]
    names = {re.split(r"[^\w.-]", one)[0] for part in lists for one in part if isinstance(one, str)}
    return {normal(name) for name in names} - {"pytest-ibkr"}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_all_we_ask_for_with_hashes_and_names_no_index(lock: str) -> None:
    text = (house.ROOT / lock).read_text("utf-8")
    pinned = pins(text)

    assert wanted(LOCKS[lock]) <= {pin.split("==")[0] for pin in pinned}
    assert [pin for pin, hashes in pinned.items() if not hashes] == []
    assert re.findall(r"(?m)^(?!#|[\w-]+==|    --hash=sha256:).+$|://|^-.*$", text) == []


def test_a_lock_without_hashes_is_noticed() -> None:
    assert pins("# by uv\nPyYAML==6.0.3\npytest==9.2.0 \\\n    --hash=sha256:" + "a" * 64) == {
        "pyyaml==6.0.3": [],
        "pytest==9.2.0": ["a" * 64],
    }


@pytest.mark.req("SC-042")
@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        ("fixtures/ibkr_snapshots/.gitkeep", False),
        ("fixtures/ibkr_snapshots/snapshot_normal_20260710_160000.json", False),
        ("fixtures/ibkr_snapshots/snapshot_full_20260710_160000.json.gz", False),
        ("fixtures/ibkr_snapshots/snapshot_normal_20270104_100000.json", True),
        ("fixtures/ibkr_snapshots/snapshot_normal_latest.json", True),
        (".venv312/bin/python", True),
        ("reports/report.html", True),
        (".env", True),
        ("pytest_ibkr/report/html.py", False),
        ("docs/reference/proof.json", False),
    ],
)
def test_git_ignores_captures_and_products_only(path: str, ignored: bool) -> None:
    git = ["git", "-c", "safe.directory=*", "check-ignore", "--quiet", "--no-index", path]
    asked = subprocess.run(git, cwd=house.ROOT, check=False)

    assert asked.returncode == (0 if ignored else 1)
