"""Runs the commands and the Python of Markdown pages, so that no page can promise too much.

What is run, page by page, each page in a scratch copy of the repository, blocks in order,
folder and exported variables carried from block to block:

- ``console``: every line after ``$ `` (a trailing backslash continues it). The other lines
  are output, which must appear in this order; ``...`` stands for anything.
- ``bash`` and ``sh``: the block as one script.
- ``python``: compiled; executed when tagged so.

A tag is an HTML comment on the line before the fence:

- ``<!-- not-run: why it cannot run here -->``; a reason of three words at least
- ``<!-- exit: 4 -->``: the last command ends with this code
- ``<!-- run -->``: execute a Python block        ``<!-- pytest -->``: run it as a test module

Imports the standard library only.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,}|~{3,}) *(?P<language>[\w+-]*)(?P<rest>.*)$")
TAG = re.compile(r"<!-- *(?P<name>not-run|exit|run|pytest)(?:: *(?P<value>.*?))? *-->")
SHELLS = {"console", "bash", "sh", "shell"}
TIMEOUT_S = 600


class DocsError(AssertionError):
    """A page says what is not so: where, the command, and what happened instead."""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block; ``line`` is the line of its first content, ``tag`` the one before it."""

    page: str
    line: int
    language: str
    text: str
    tag: str | None = None
    value: str | None = None

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: str, text: str) -> Iterator[Block]:
    """The fenced blocks of a page.

    Raises:
        DocsError: a fence that is never closed, a ``not-run`` without a reason, or an
            ``exit`` without a number.
    """
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        if not (opening := FENCE.match(lines[number])):
            number += 1
            continue
        first, body = number + 1, []
        closing = re.compile(rf"^ *{opening['ticks']}[`~]* *$")
        number = first
        while number < len(lines) and not closing.match(lines[number]):
            body.append(lines[number].removeprefix(opening["indent"]))
            number += 1
        if number == len(lines):
            raise DocsError(f"{page}:{first}: this block is never closed")
        tag = TAG.search(lines[first - 2]) if first >= 2 else None
        name, value = (tag["name"], tag["value"]) if tag else (None, None)
        text_ = "\n".join(body) + "\n"
        block = Block(page, first + 1, opening["language"].lower(), text_, name, value)
        _check_tag(block)
        yield block
        number += 1


def _check_tag(block: Block) -> None:
    if block.tag == "not-run" and len((block.value or "").split()) < 3:
        raise DocsError(f"{block.where}: not-run wants a reason: <!-- not-run: needs a gateway -->")
    if block.tag == "exit" and not re.fullmatch(r"\d{1,3}", block.value or ""):
        raise DocsError(f"{block.where}: exit wants a number: <!-- exit: 4 -->")


def console_steps(block: Block) -> list[tuple[str, list[str]]]:
    """``(command, lines of output promised)`` for each ``$ `` of a console block."""
    steps: list[tuple[str, list[str]]] = []
    continued = False
    for line in block.text.splitlines():
        if continued:
            steps[-1] = (f"{steps[-1][0]}\n{line.removeprefix('> ')}", [])
        elif line.startswith("$ "):
            steps.append((line[2:], []))
        elif line.strip() and not steps:
            raise DocsError(f"{block.where}: output before any command: {line}")
        elif line.strip():
            steps[-1][1].append(line.strip())
        continued = bool(steps) and not steps[-1][1] and line.endswith("\\")
    return steps


def missing_output(promised: Iterable[str], printed: str) -> str | None:
    """The first promised line that was not printed, in order; ``None`` when all were."""
    rest = iter(printed.splitlines())
    for line in promised:
        if line == "...":
            continue
        pattern = re.compile(".*".join(map(re.escape, line.split("..."))))
        if not any(pattern.fullmatch(seen.strip()) for seen in rest):
            return line
    return None


class Page:
    """Runs the blocks of one page in one folder; on leaving ends what they left running."""

    def __init__(self, folder: Path, *, timeout_s: float = TIMEOUT_S) -> None:
        self.folder, self.timeout_s = folder, timeout_s
        self.state = folder.parent / f"{folder.name}.state"
        self.state.write_text(f"cd {shlex.quote(str(folder))}\n", "utf-8")
        self.ran = 0
        self._left_running: list[int] = []

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *exc: object) -> None:
        for group in self._left_running:
            _end_group(group, signal.SIGKILL)

    def run(self, block: Block) -> None:
        """Run what a block says.

        Raises:
            DocsError: it failed, took too long, or printed something else.
        """
        if block.tag == "not-run":
            return
        if block.language in SHELLS:
            self._run_shell(block)
        elif block.language in {"python", "py"}:
            self._run_python(block)

    def _run_shell(self, block: Block) -> None:
        console = block.language == "console" or block.text.startswith("$ ")
        steps = console_steps(block) if console else [(block.text, [])]
        for index, (command, promised) in enumerate(steps):
            last = index == len(steps) - 1
            code = int(block.value or 0) if block.tag == "exit" and last else 0
            printed = self._shell(block, command, code=code)
            if (line := missing_output(promised, printed)) is not None:
                raise DocsError(f"{block.where}: $ {command}\ndid not print: {line}\n{printed}")

    def _shell(self, block: Block, command: str, *, code: int = 0) -> str:
        """Run in bash where the last command left off; what it printed, both streams."""
        keep = f"{{ export -p; printf 'cd %q\\n' \"$PWD\"; }} > {shlex.quote(str(self.state))}"
        script = f". {shlex.quote(str(self.state))}\ntrap {shlex.quote(keep)} EXIT\n{command}"
        # A file, not a pipe: a command may leave a server running that keeps it open.
        with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
            bash = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", script],
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                ended = bash.wait(self.timeout_s)
            except subprocess.TimeoutExpired as exc:
                _end_group(bash.pid, signal.SIGKILL)
                bash.wait()
                raise DocsError(f"{block.where}: $ {command}\nran over {self.timeout_s} s") from exc
            output.seek(0)
            printed = output.read()
        if _end_group(bash.pid, 0):
            self._left_running.append(bash.pid)
        self.ran += 1
        if ended != code:
            raise DocsError(
                f"{block.where}: $ {command}\nended with {ended}, the page says {code}\n{printed}"
            )
        return printed

    def _run_python(self, block: Block) -> None:
        try:
            compile(block.text, block.where, "exec")
        except SyntaxError as exc:
            raise DocsError(f"{block.where}: not Python: {exc}") from exc
        if block.tag not in {"run", "pytest"}:
            return
        file = self.folder / f"test_page_line_{block.line}.py"
        file.write_text(block.text, "utf-8")
        how = "-m pytest -q -p no:cacheprovider " if block.tag == "pytest" else ""
        self._shell(block, f"python {how}{shlex.quote(str(file))}")


def _environment() -> dict[str, str]:
    """A reader's shell with the project installed: no trace of the test run around it."""
    private = ("PYTEST_", "IBKR_", "HYPOTHESIS_", "MAKE", "MFLAGS", "VIRTUAL_ENV")
    env = {k: v for k, v in os.environ.items() if not k.startswith(private) and k != "CI"}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    return env


def _end_group(group: int, signal_number: int) -> bool:
    """Signal every process of a command; whether there was any (signal 0 only asks)."""
    try:
        os.killpg(group, signal_number)
    except ProcessLookupError:
        return False
    return True


def scratch_copy(files: Iterable[Path], root: Path, target: Path) -> Path:
    """Copy the repository's files, without environments and build results."""
    for file in files:
        copy = target / file.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)
    return target
