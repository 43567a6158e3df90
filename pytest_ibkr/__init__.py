"""A simulated IB Gateway for tests; importing this loads nothing, names come on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_ibkr.errors import (
        FaultNeverFired,
        GatewayError,
        IbkrError,
        OrderNotReached,
        SnapshotError,
        UsageError,
        WaitTimeout,
    )
    from pytest_ibkr.gateway import Gateway, open_gateway
    from pytest_ibkr.net.driver import SessionClock
    from pytest_ibkr.session.session import Session
    from pytest_ibkr.snapshot.model import Snapshot

__all__ = [
    "FaultNeverFired",
    "Gateway",
    "GatewayError",
    "IbkrError",
    "OrderNotReached",
    "Session",
    "SessionClock",
    "Snapshot",
    "SnapshotError",
    "UsageError",
    "WaitTimeout",
    "open_gateway",
]

_HOME = {
    "Gateway": "gateway",
    "Session": "session.session",
    "SessionClock": "net.driver",
    "Snapshot": "snapshot.model",
    "open_gateway": "gateway",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME.get(name, 'errors')}"), name)
