"""What is checked about tests once they are collected. Imports pytest; no socket, no clock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import pytest

from pytest_ibkr.markers import MarkLike, Plan, plan_of, without_effect

LIVE = ("live_gateway_connection", "live_gateway")
_OWN_CLOCK = "at= of marker market_hours"
_SIMULATED = {
    "ibkr_snapshot": "marker ibkr_snapshot",
    "ibkr_server_version": "marker ibkr_server_version",
    "ibkr_weather": "marker ibkr_weather",
}


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

    plan = plan_of(marks)
    _check_weather(plan)
    versions = plan.server_versions
    if unknown := [version for version in versions if not OLDEST <= version <= NEWEST]:
        raise ValueError(
            f"marker ibkr_server_version got {unknown[0]}; accepted: {OLDEST} to {NEWEST}"
        )
    if (reason := without_effect(marks, names)) is not None:
        raise ValueError(reason)
    return versions


def _check_weather(plan: Plan) -> None:
    if not plan.weather:
        return
    from pytest_ibkr.errors import UsageError
    from pytest_ibkr.session.weather import checked

    try:
        for name, parameters in plan.weather:
            checked(name, parameters)
    except UsageError as exc:
        raise ValueError(f"marker ibkr_weather: {exc}") from None


def on_paper(marks: Sequence[MarkLike], names: Collection[str]) -> str | None:
    """Why a test cannot be in a run that goes live; None when it can.

    A test marked ``live`` meets the paper gateway, every other one the simulator.
    """
    given = {mark.name: mark for mark in reversed(marks)}
    if "live" not in given:
        shared = next((name for name in LIVE if name in names), None)
        return shared and (
            f"uses {shared} without the marker live: in this run it would meet the paper gateway;"
            " mark it live"
        )
    found = [text for name, text in _SIMULATED.items() if name in given]
    if "market_hours" in given and given["market_hours"].kwargs.get("at") is not None:
        found.append(_OWN_CLOCK)
    if "ibkr_gateway_factory" in names:
        found.append("fixture ibkr_gateway_factory")
    if not found:
        return None
    kind = "simulator-only marker" if found[0] != "fixture ibkr_gateway_factory" else "simulator"
    return (
        f"{kind}: {' and '.join(found)} on a test marked live, which meets the paper gateway in"
        " this run; take one of them off, or add --ibkr-offline"
    )


def header(config: pytest.Config, items: Iterable[pytest.Item], *, now: datetime) -> list[str]:
    """The lines a run with these tests prints about itself."""
    from pytest_ibkr.header import header_lines
    from pytest_ibkr.run_settings import settings_of

    tests = list(items)
    live = sum(item.get_closest_marker("live") is not None for item in tests)
    going: Any = config.pluginmanager.get_plugin("ibkr-live")
    return header_lines(
        settings_of(config),
        now=now,
        simulator=len(tests) - live,
        live=live,
        live_gateway=[] if going is None else going.header(),
        rehearsal=True if going is None else going.rehearses,
    )
