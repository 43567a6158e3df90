"""A test's budget of a gateway's limits: what its marker may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

USAGE: Final = (
    "ibkr_budget(messages_per_s=…, requests=…, lines=…, historical=…, left_open=…, output_kb=…)"
)


@dataclass(frozen=True, slots=True)
class Budget:
    """The most a test may use; None: as much as the gateway allows.

    Attributes:
        messages_per_s: messages of one client in any second.
        requests: messages of all clients in the whole test.
        lines: market-data lines held at one time.
        historical: requests for bars and past ticks.
        left_open: subscriptions that nobody cancelled.
        output_kb: kilobytes waiting in the gateway for a client that reads too slowly.
    """

    messages_per_s: int | None = None
    requests: int | None = None
    lines: int | None = None
    historical: int | None = None
    left_open: int | None = None
    output_kb: int | None = None


def budget_of(args: tuple[Any, ...], given: Mapping[str, Any]) -> Budget:
    """Read the arguments of the marker.

    Raises:
        ValueError: arguments that are none, or no whole numbers from 0 on.
    """
    known = {field.name for field in fields(Budget)}
    wrong = [repr(arg) for arg in args] + [
        f"{name}={value!r}"
        for name, value in given.items()
        if name not in known or type(value) is not int or value < 0
    ]
    if wrong or not given:
        got = ", ".join(wrong) or "nothing"
        raise ValueError(f"marker ibkr_budget got {got}; accepted: {USAGE}, whole numbers from 0")
    return Budget(**given)
