"""Snapshots of a market: model, store, check; importing this loads none of them.

The names below come on first use, because pydantic alone costs 60 ms.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_ibkr.snapshot.model import Snapshot, SymbolBlock
    from pytest_ibkr.snapshot.rows import Bar, OptionRow, Provenance, TradingSession
    from pytest_ibkr.snapshot.store import available, load, newest, save

__all__ = [
    "Bar",
    "OptionRow",
    "Provenance",
    "Snapshot",
    "SymbolBlock",
    "TradingSession",
    "available",
    "load",
    "newest",
    "save",
]

_HOME = {
    "Snapshot": "model",
    "SymbolBlock": "model",
    "available": "store",
    "load": "store",
    "newest": "store",
    "save": "store",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME.get(name, 'rows')}"), name)
