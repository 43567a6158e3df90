"""Contracts and orders written the official library's way."""

from __future__ import annotations

from typing import Any

from ibapi.contract import ComboLeg, Contract
from ibapi.order import Order

from tests.conformance.peers.model import Asked, Ticket


def contract(asked: Asked) -> Any:
    """Write a contract the library's way."""
    made = Contract()
    made.conId, made.symbol, made.secType = asked.con_id, asked.symbol, asked.sec_type
    made.exchange, made.currency = asked.exchange, asked.currency
    if asked.legs:
        made.comboLegs = [leg(con_id, ratio, asked.exchange) for con_id, ratio in asked.legs]
    return made


def leg(con_id: int, ratio: int, exchange: str) -> Any:
    """Write a leg of a combination; a negative ratio sells it."""
    made = ComboLeg()
    made.conId, made.ratio, made.exchange = con_id, abs(ratio), exchange
    made.action = "BUY" if ratio > 0 else "SELL"
    return made


def order(ticket: Ticket) -> Any:
    """Write an order the library's way; 9.81's defaults ask for routing long retired."""
    made = Order()
    made.action, made.totalQuantity, made.tif = ticket.action, ticket.quantity, ticket.tif
    made.orderType = "MKT" if ticket.limit is None else "LMT"
    if ticket.limit is not None:
        made.lmtPrice = ticket.limit
    made.eTradeOnly = made.firmQuoteOnly = False
    return made
