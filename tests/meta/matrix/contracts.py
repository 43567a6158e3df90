"""Rows of the symbol search; contract details and market rules are in ``core``."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.symbols import ReqMatchingSymbols
from tests.meta.matrix.row import Row

ROWS: dict[str, Row] = {
    "reqMatchingSymbols": Row(
        "symbols and names of the snapshot's and of added instruments, at most 16;"
        " a second search within a second goes unanswered",
        (321,),
        evidence="2.2 [live][docs][lore-R]",
    ),
}


def examples() -> dict[str, Sequence[Message]]:
    """Per request, messages to send one after the other; the answers to all are its answers."""
    return {"reqMatchingSymbols": [ReqMatchingSymbols(request_id=21, pattern="SP")]}
