"""Contracts and orders written ``ib_async``'s way."""

from __future__ import annotations

from typing import Any

import ib_async
from ib_async import Contract

from tests.conformance.peers.model import Asked, Ticket


def contract(asked: Asked) -> Any:
    """Write a contract the library's way."""
    return Contract(
        conId=asked.con_id, symbol=asked.symbol, secType=asked.sec_type,
        exchange=asked.exchange, currency=asked.currency,
        comboLegs=[
            ib_async.ComboLeg(con_id, abs(ratio), "BUY" if ratio > 0 else "SELL", asked.exchange)
            for con_id, ratio in asked.legs
        ],
    )  # fmt: skip


def order(ticket: Ticket) -> Any:
    """Write an order the library's way."""
    if ticket.limit is None:
        return ib_async.MarketOrder(ticket.action, ticket.quantity, tif=ticket.tif)
    return ib_async.LimitOrder(ticket.action, ticket.quantity, ticket.limit, tif=ticket.tif)
