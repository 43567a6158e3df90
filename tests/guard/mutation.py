"""Runs mutmut over the guard in a copy of the project, and tells what survived.

mutmut leaves decorated functions and module-level tables alone. The copy has every decoration
written as an assignment after the function, so that properties are mutated too; the tables are
pinned by literal copies in the tests.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = (
    *("pytest_ibkr", "tests/guard", "tests/meta", "tests/wire/strategies.py", "tests/conftest.py"),
    *("fixtures", "docs/reference/paper-only.md", "pyproject.toml"),
)
EXPLAINED = Path(__file__).with_name("mutants.md")
# A failing property is failing before it is made small, which may take longer than mutmut waits.
UNSHRUNK = """

from hypothesis import Phase

_PHASES = (Phase.explicit, Phase.generate)
settings.register_profile("mutants", settings.get_profile("test"), phases=_PHASES)
settings.load_profile("mutants")
"""
# mutmut reads the pyproject.toml of the copy; the keys are those of 3.8.
CONFIG = """

[tool.mutmut]
source_paths = ["pytest_ibkr"]
only_mutate = {only}
also_copy = ["fixtures", "docs"]
pytest_add_cli_args_test_selection = ["tests/guard"]
pytest_add_cli_args = ["-p", "no:randomly", "-p", "no:xdist", "-p", "no:cacheprovider", "-m",
  "not proof and not ci"]
use_setproctitle = false
use_git_change_detection = false
track_dependencies = false
"""


@dataclass
class Outcome:
    """What became of the mutants.

    Attributes:
        statuses: name of every mutant to mutmut's word for it.
        survivors: for every mutant that was not killed, the lines it changes.
    """

    statuses: dict[str, str] = field(default_factory=dict)
    survivors: dict[str, str] = field(default_factory=dict)

    def count(self, word: str) -> int:
        """How many mutants ended that way."""
        return sum(status == word for status in self.statuses.values())


def run(copy: Path, *, only: list[str], children: int) -> Outcome:
    """Mutate the guard's modules that match ``only`` in a fresh copy at ``copy``.

    A mutant whose tests took too long is tried again alone: on a busy machine that proves nothing.
    One that takes too long again has survived, as has one that no test runs.
    """
    prepare(copy, only=only)
    done = _mutmut(copy, "run", "--max-children", str(children))
    outcome = Outcome(_statuses(copy))
    assert outcome.statuses, f"mutmut told nothing:\n{done[-4000:]}"
    assert not outcome.count("not checked"), f"mutmut stopped:\n{done[-4000:]}"
    late = [name for name, status in outcome.statuses.items() if status == "timeout"]
    if late:
        _mutmut(copy, "run", "--max-children", "1", *late)
        outcome = Outcome(_statuses(copy))
    for name, status in outcome.statuses.items():
        if status != "killed":
            outcome.survivors[name] = changed(_mutmut(copy, "show", name))
    return outcome


def _statuses(copy: Path) -> dict[str, str]:
    found = {}
    for line in _mutmut(copy, "results", "--all", "true").splitlines():
        name, colon, status = line.strip().partition(": ")
        if colon and name.startswith("pytest_ibkr.guard."):
            found[name] = status
    return found


def prepare(copy: Path, *, only: list[str]) -> None:
    """Copy what the guard and its tests need."""
    for name in COPIED:
        source, target = ROOT / name, copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    for module in (copy / "pytest_ibkr" / "guard").glob("*.py"):
        module.write_text(undecorated(module.read_text("utf-8")), "utf-8")
    with (copy / "tests" / "conftest.py").open("a", encoding="utf-8") as conftest:
        conftest.write(UNSHRUNK)
    with (copy / "pyproject.toml").open("a", encoding="utf-8") as config:
        config.write(CONFIG.format(only=str(only).replace("'", '"')))


def undecorated(source: str) -> str:
    """The same module with the decorations of its functions as assignments behind them."""
    lines = source.splitlines()
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    for node in sorted(functions, key=lambda node: -node.lineno):
        for decorator in node.decorator_list:
            word = ast.unparse(decorator)
            if word == "cache":  # a cache that is warm before a mutant comes would hide it
                continue
            assert node.end_lineno is not None
            behind = f"{' ' * node.col_offset}{node.name} = {word}({node.name})"
            lines.insert(node.end_lineno, behind)
        del lines[node.lineno - 1 - len(node.decorator_list) : node.lineno - 1]
    return "\n".join([*lines, ""])


def changed(diff: str) -> str:
    """What a diff takes away and puts in, on one line."""
    lines = [line for line in diff.splitlines() if line[:1] in "+-"]
    said = [line for line in lines if not line.startswith(("+++", "---"))]
    return " ".join(" ".join(line.split()) for line in said)


def function_of(mutant: str) -> str:
    """``pytest_ibkr.guard.canonical.x__same__mutmut_3`` as ``canonical._same``."""
    module, _, rest = mutant.removeprefix("pytest_ibkr.guard.").partition(".")
    name = rest.rpartition("__mutmut_")[0].removeprefix("x")
    return f"{module}.{name.replace('ǁ', '.').strip('.') if 'ǁ' in name else name[1:]}"


def explained() -> dict[str, str]:
    """The survivors that are explained: ``function: change`` to the reason."""
    found, key = {}, ""
    for line in EXPLAINED.read_text("utf-8").splitlines():
        if line.startswith("### "):
            key = line.removeprefix("### ").strip("`")
        elif line.startswith("    ") and key:
            change = line.strip()
            found[f"{key}: {change}"] = ""
        elif line and key and found and not line.startswith("#"):
            last = next(reversed(found))
            found[last] = f"{found[last]} {line}".strip()
    return found


def _mutmut(copy: Path, *words: str) -> str:
    # The copy's package must win over the installed one, which mutmut sees to by its own paths.
    environment = {**os.environ, "HYPOTHESIS_PROFILE": "test", "PYTHONDONTWRITEBYTECODE": "1"}
    for name in [name for name in environment if name.startswith("PYTEST_")]:
        del environment[name]
    done = subprocess.run(
        [sys.executable, "-m", "mutmut", *words],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr
