"""The part of results.json that tells a session's wire: lines, orders, subscriptions, scripts.

Every ``at`` is ISO 8601 UTC on the gateway's clock. Imports the standard library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

LineKind = Literal["request", "answer", "notice", "error", "note", "folded"]


@dataclass(frozen=True, kw_only=True)
class WireLine:
    """One line of a wire timeline; ``folded`` stands for several messages of one kind."""

    at: str
    connection: int
    kind: LineKind
    text: str


@dataclass(frozen=True, kw_only=True)
class OrderStep:
    """One thing a client said or was told of its order."""

    at: str
    text: str


@dataclass(frozen=True, kw_only=True)
class OrderLife:
    """An order from its first message on, as one connection knows it."""

    connection: int
    order_id: int
    what: str
    steps: list[OrderStep]
    steps_not_shown: int = 0


@dataclass(frozen=True, kw_only=True)
class OpenSubscription:
    """A subscription that was never cancelled: open at the end, or lost with its connection."""

    at: str
    connection: int
    request: str
    request_id: int | None
    what: str
    ended: Literal["still_open", "with_connection"]


@dataclass(frozen=True, kw_only=True)
class Scripted:
    """Something done to a gateway on purpose.

    ``kind`` is the part of the session that did it (``market``, ``orders``, ``faults``, …),
    ``condition`` for what was not at its default at the end, ``contract`` for a synthetic
    instrument with its ``source``. ``met`` counts how often a fault or weather was met.
    """

    kind: str
    what: str
    at: str | None = None
    met: int | None = None
    source: str | None = None
