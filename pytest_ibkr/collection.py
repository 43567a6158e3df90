"""What is checked about tests once they are collected. Imports pytest; no socket, no clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import pytest

from pytest_ibkr.markers import MarkLike, plan_of, without_effect

LIVE = ("live_gateway_connection", "live_gateway")


def both_gateways(names: Collection[str]) -> str | None:
    """Why a test cannot have these fixtures together; None when it can."""
    live = next((name for name in LIVE if name in names), None)
    if "ibkr" not in names or live is None:
        return None
    return (
        f"uses ibkr and {live}: a test meets one gateway;"
        " take the simulated one (ibkr) or the live one"
    )


def server_versions(marks: Sequence[MarkLike], names: Collection[str]) -> tuple[int, ...]:
    """The versions a test runs with, one after the other; empty for the run's.

    Raises:
        ValueError: a marker is used wrongly, or where it has no effect.
    """
    from pytest_ibkr.wire.versions import NEWEST, OLDEST

    versions = plan_of(marks).server_versions
    if unknown := [version for version in versions if not OLDEST <= version <= NEWEST]:
        raise ValueError(
            f"marker ibkr_server_version got {unknown[0]}; accepted: {OLDEST} to {NEWEST}"
        )
    if (reason := without_effect(marks, names)) is not None:
        raise ValueError(reason)
    return versions


def header(config: pytest.Config, items: Iterable[pytest.Item], *, now: datetime) -> list[str]:
    """The lines a run with these tests prints about itself."""
    from pytest_ibkr.header import header_lines
    from pytest_ibkr.run_settings import settings_of

    tests = list(items)
    live = sum(item.get_closest_marker("live") is not None for item in tests)
    return header_lines(settings_of(config), now=now, simulator=len(tests) - live, live=live)
