"""A snapshot document as text: one canonical form; imports the standard library only.

Two blanks of indentation, but one line for each bar, option and session: a file of
4,000 rows stays small, and a difference between two captures reads as rows.
"""

from __future__ import annotations

import json
from typing import Any

ROW_LISTS = frozenset({"historicalBars", "optionChain", "sessions", "errors"})
ROW_LISTS_BELOW = frozenset({"bars"})  # its values are lists of rows, by bar size
ROW_OBJECTS_BELOW = frozenset({"provenance"})  # its values are short objects


def dumps(document: dict[str, Any]) -> str:
    """The document in canonical form, with a newline at the end.

    Raises:
        ValueError: a number is NaN or infinite, which JSON has no word for.
    """
    return "".join(_object(document, indent=0)) + "\n"


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _object(value: dict[str, Any], *, indent: int) -> list[str]:
    if not value:
        return ["{}"]
    inner = " " * (indent + 2)
    parts = ["{\n"]
    for number, (key, item) in enumerate(value.items()):
        parts.append(f"{',' + chr(10) if number else ''}{inner}{_compact(key)}: ")
        parts.extend(_value(key, item, indent=indent + 2))
    return [*parts, "\n", " " * indent, "}"]


def _value(key: str, value: Any, *, indent: int) -> list[str]:
    if isinstance(value, list):
        return _rows(value, indent=indent) if key in ROW_LISTS else [_compact(value)]
    if not isinstance(value, dict):
        return [_compact(value)]
    if key in ROW_LISTS_BELOW:
        lists = {name: _rows(rows, indent=indent + 2) for name, rows in value.items()}
        return _joined(lists, indent=indent)
    if key in ROW_OBJECTS_BELOW:
        return _joined({name: [_compact(row)] for name, row in value.items()}, indent=indent)
    return _object(value, indent=indent)


def _joined(items: dict[str, list[str]], *, indent: int) -> list[str]:
    if not items:
        return ["{}"]
    inner = " " * (indent + 2)
    lines = ",\n".join(f"{inner}{_compact(key)}: {''.join(text)}" for key, text in items.items())
    return ["{\n", lines, "\n", " " * indent, "}"]


def _rows(rows: list[Any], *, indent: int) -> list[str]:
    if not rows:
        return ["[]"]
    inner = " " * (indent + 2)
    return ["[\n", ",\n".join(inner + _compact(row) for row in rows), "\n", " " * indent, "]"]
