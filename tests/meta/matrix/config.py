"""Rows of the gateway's settings."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.config import ReqConfig
from tests.meta.matrix.row import Row

ROWS: dict[str, Row] = {
    "reqConfig": Row(
        "the settings this gateway has; all others are left out",
        evidence="7.1 [client], the answer not evidenced",
    ),
}


def examples() -> dict[str, Sequence[Message]]:
    """One example per request."""
    return {"reqConfig": [ReqConfig(request_id=900)]}
