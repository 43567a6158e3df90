"""One line of the page of messages: what answers a request, and what refuses it."""

from __future__ import annotations

from dataclasses import dataclass

CONTRACT = (200, 321)  # of every request that names a contract


@dataclass(frozen=True, slots=True)
class Row:
    """What one request is answered from, and the codes it may be refused with.

    ``evidence``: sections of docs/reference/gateway-behaviour.md and their tags
    (``"2.1 [live]"``).
    """

    source: str
    refused: tuple[int, ...] = ()
    notices: tuple[int, ...] = ()
    evidence: str = ""
