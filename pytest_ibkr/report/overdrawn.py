"""What a test used of a gateway's limits beyond its budget, in words."""

from __future__ import annotations

from dataclasses import fields
from typing import Final

from pytest_ibkr.budget import Budget
from pytest_ibkr.report.subscriptions import usage_of
from pytest_ibkr.session.session import Session

_WORDS: Final = {
    "messages_per_s": "messages of one client within a second",
    "requests": "messages of clients",
    "lines": "market-data lines at one time",
    "historical": "historical requests",
    "left_open": "subscriptions left open",
    "output_kb": "kB waiting for a client that does not read",
}


def overdrawn(session: Session, budget: Budget) -> str | None:
    """What a session used beyond its budget, in words; None: nothing.

    Args:
        session: not closed yet.
        budget: the most it may have used.
    """
    usage = usage_of(session.journal.entries())
    pacing = session.pacing()
    used = {
        "messages_per_s": pacing["peak_messages_per_s"],
        "requests": sum(usage.requests.values()),
        "lines": usage.peak_lines,
        "historical": usage.historical_requests,
        "left_open": usage.left_open_count,
        "output_kb": -(-pacing.get("peak_output_bytes", 0) // 1000),
    }
    over = [
        f"{used[field.name]} {_WORDS[field.name]}, {field.name}={most} allowed"
        for field in fields(Budget)
        if (most := getattr(budget, field.name)) is not None and used[field.name] > most
    ]
    if not over:
        return None
    left = "".join(
        f"\n  left open: {one.request} {one.what} (id {one.request_id})"
        for one in (usage.left_open[:5] if budget.left_open is not None else [])
    )
    return (
        f"the test used more of the gateway than its budget: {'; '.join(over)}{left}\n"
        "  fix:   ask less often, cancel what is not needed, or raise the marker's figure"
    )
