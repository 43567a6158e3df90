"""What a ``-m`` expression says about one marker. Pure, standard library only.

pytest's own evaluator is private and answers for one test; this one answers for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_NAME = re.compile(r"[\w:+\-.\[\]\\/]+")
_CALL_PART = re.compile(r"""[^()"']+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""")


@dataclass(frozen=True, slots=True)
class _Atom:
    name: str
    call: str = ""  # the text of `name(key=value)`: such an atom holds apart from the bare name


@dataclass(frozen=True, slots=True)
class _Not:
    inner: _Node


@dataclass(frozen=True, slots=True)
class _Join:
    every: bool  # and; otherwise or
    parts: tuple[_Node, ...]


_Node = _Atom | _Not | _Join


def cannot_hold_without(expression: str, marker: str) -> bool:
    """Whether no test without ``marker`` can match, whatever other markers it has.

    ``live`` and ``live and slow`` cannot hold without ``live``; ``not live`` and
    ``live or slow`` can. False for an expression that pytest will refuse anyway.
    """
    try:
        node = _Parser(expression).parse()
    except ValueError:
        return False
    return not _satisfiable(node, marker, {})


def _satisfiable(node: _Node, marker: str, known: Mapping[_Atom, bool]) -> bool:
    value = _value(node, marker, known)
    if isinstance(value, bool):
        return value
    return any(_satisfiable(node, marker, {**known, value: guess}) for guess in (True, False))


def _value(node: _Node, marker: str, known: Mapping[_Atom, bool]) -> bool | _Atom:
    """True or False where ``known`` settles it; otherwise a marker it hangs on."""
    if isinstance(node, _Atom):
        return False if node.name == marker else known.get(node, node)
    if isinstance(node, _Not):
        inner = _value(node.inner, marker, known)
        return inner if isinstance(inner, _Atom) else not inner
    open_atom: _Atom | None = None
    for part in node.parts:
        value = _value(part, marker, known)
        if isinstance(value, _Atom):
            open_atom = value
        elif value is not node.every:
            return value
    return node.every if open_atom is None else open_atom


class _Parser:
    """``or`` binds least, then ``and``, then ``not``, as in pytest."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def parse(self) -> _Node:
        node = self._join("or")
        if self._peek():
            raise ValueError(f"unexpected text at {self._at}")
        return node

    def _join(self, word: str) -> _Node:
        parts = [self._part(word)]
        while self._peek() == word:
            self._take(word)
            parts.append(self._part(word))
        return parts[0] if len(parts) == 1 else _Join(word == "and", tuple(parts))

    def _part(self, word: str) -> _Node:
        return self._join("and") if word == "or" else self._unary()

    def _unary(self) -> _Node:
        symbol = self._peek()
        if symbol == "not":
            self._take(symbol)
            return _Not(self._unary())
        if symbol == "(":
            self._take(symbol)
            node = self._join("or")
            self._take(")")
            return node
        if not _NAME.fullmatch(symbol) or symbol in ("and", "or"):
            raise ValueError(f"a marker is expected at {self._at}")
        self._take(symbol)
        return _Atom(symbol, self._call())

    def _call(self) -> str:
        if self._peek() != "(":
            return ""
        begin = self._at
        self._take("(")
        while (part := _CALL_PART.match(self._text, self._at)) is not None:
            self._at = part.end()
        self._take(")")
        return self._text[begin : self._at]

    def _peek(self) -> str:
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1
        if found := _NAME.match(self._text, self._at):
            return found.group()
        return self._text[self._at : self._at + 1]

    def _take(self, symbol: str) -> None:
        if self._peek() != symbol:
            raise ValueError(f"{symbol!r} is expected at {self._at}")
        self._at += len(symbol)
