"""Declared messages, one module per family; importing this package registers them all."""

from __future__ import annotations

from pytest_ibkr.wire.messages import (
    account,
    contract,
    history,
    market_data,
    order,
    order_echo,
    session,
)

__all__ = ["account", "contract", "history", "market_data", "order", "order_echo", "session"]
