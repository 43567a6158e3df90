"""Rows and examples of the page of messages, one module per family, all of them collected here.

A family module has ``ROWS`` (by official request name) and ``examples()``: per request, messages
to send one after the other; the answers to all are its answers.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence

from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.wire.declare import Message
from tests.meta.matrix.row import Row

_FAMILIES = [
    importlib.import_module(f"{__name__}.{found.name}")
    for found in pkgutil.iter_modules(__path__)
    if found.name != "row"
]
ROWS: dict[str, Row] = {name: row for family in _FAMILIES for name, row in family.ROWS.items()}
# Answers that no example brings about, and what it takes.
NOT_SEEN: dict[int, str] = {
    msg_id: needs
    for family in _FAMILIES
    for msg_id, needs in getattr(family, "NOT_SEEN", {}).items()
}


def prepare(engine: Engine) -> None:
    """Put into an engine what the examples of some families need to find."""
    for family in _FAMILIES:
        if hasattr(family, "prepare"):
            family.prepare(engine)


def examples() -> dict[str, Sequence[Message]]:
    """Examples of all families."""
    return {name: asked for family in _FAMILIES for name, asked in family.examples().items()}
