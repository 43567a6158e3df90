"""Markdown's small parts: escaped cells, tables, numbers as a reader wants them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

UNKNOWN = "–"
_MARKUP = re.compile(r"[\\`*{}\[\]<>|#]|(?<!\w)_|_(?!\w)")  # inside a word, _ is a letter


def cell(text: object) -> str:
    """Return a value as one line of plain text that Markdown leaves alone; unknown is a dash."""
    if text is None or text == "":
        return UNKNOWN
    flat = " ".join(str(text).split())
    return _MARKUP.sub(r"\\\g<0>", flat)


def code(text: str) -> str:
    """Return text in code style."""
    flat = " ".join(text.split())
    return f"``{flat}``" if "`" in flat else f"`{flat}`"


def code_cell(text: str) -> str:
    """Return text in code style for a table, where even there a pipe must be escaped."""
    return code(text).replace("|", "\\|")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    """Return a Markdown table's lines; its cells are ready."""
    titles = list(head)
    lines = [f"| {' | '.join(titles)} |", f"|{' --- |' * len(titles)}"]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows)]


def number(value: float | None) -> str:
    """Return three significant digits, whole from 100 up."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def seconds(value: float | None) -> str:
    """Return a duration in its natural unit."""
    if value is None:
        return UNKNOWN
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 120:
        return f"{value:.1f} s"
    return f"{int(value // 60)} min {value % 60:.0f} s"
