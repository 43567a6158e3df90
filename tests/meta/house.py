"""The files of the repository as the house rules see them. Standard library only."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60
CODE = ("pytest_ibkr", "bot", "scripts")

PACKAGE_INDEX = re.compile(
    r"pypi\.(?:org|io)|pythonhosted\.org|(?:extra-)?index-url\s*[=:]|--find-links|trusted-host"
)
LIVE_ACCOUNT = re.compile(r"\b[UF]\d{7,}\b")
SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_\w{30,}|\bxox[abprs]-[\w-]{20,}"
    r"|\b\d{8,10}:[\w-]{35}\b|discord(?:app)?\.com/api/webhooks/\d{15,}/[\w-]{30,}"
    r"|hooks\.slack\.com/services/T\w{7,}/B\w{7,}/\w{20,}"
)
PAPER_ACCOUNT = re.compile(r"\bD[A-Z]{1,3}\d{5,9}\b")
SIMULATED_ACCOUNT = re.compile(r"DU0000(?!000)\d{3}")


@cache
def repository_files() -> tuple[Path, ...]:
    """Tracked files and new ones that are not ignored."""
    # CI may check out as one user and run as another, which git refuses unless told.
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    listed = subprocess.run(
        [*git, "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    paths = (ROOT / name for name in listed.split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def text_of(path: Path) -> str | None:
    """A file's text; ``None`` for a binary one."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None


def checkout_places() -> tuple[str, ...]:
    """This checkout and its owner's home: paths no file may carry to another machine."""
    around = (ROOT, Path.home(), *([ROOT.parent] if len(ROOT.parent.parts) == 2 else []))
    return tuple(f"{place}/" for place in around if place.name not in ("", "tmp"))


def text_problems(name: str, text: str, *, places: Iterable[str] = ()) -> Iterator[str]:
    """Paths of one machine, package-index hosts, secrets and account ids in a text.

    Tests may make up other ids, when anybody can see they are made up: digits that count
    up from 1 (``U1234567``) or repeat (``DU5555555``).
    """
    for number, line in enumerate(text.splitlines(), start=1):
        where = f"{name}:{number}"
        if found := next((place for place in places if place in line), None):
            yield f"{where}: path of one machine, {found}"
        if PACKAGE_INDEX.search(line):
            yield f"{where}: names a package index; leave that to each machine's settings"
        if SECRET.search(line):
            yield f"{where}: looks like a key or a token; take it from the environment"
        for account in {*LIVE_ACCOUNT.findall(line), *PAPER_ACCOUNT.findall(line)}:
            if SIMULATED_ACCOUNT.fullmatch(account):
                continue
            if not (name.startswith("tests/") and _made_up(account)):
                yield f"{where}: account id {account} outside DU0000001..DU0000999"


def _made_up(account: str) -> bool:
    digits = account.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return "1234567890".startswith(digits[:10]) or len(set(digits)) == 1


def size_problems(name: str, source: str) -> Iterator[str]:
    """A module or function over the hard limits."""
    lines = len(source.splitlines())
    if lines > MAX_MODULE_LINES:
        yield f"{name}: {lines} lines (at most {MAX_MODULE_LINES})"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                where = f"{name}:{node.lineno}: {node.name}"
                yield f"{where} has {length} lines (at most {MAX_FUNCTION_LINES})"
