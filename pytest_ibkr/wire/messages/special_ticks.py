"""Answers few contracts have: 47 exchange for physical, 56 delta-neutral, 91 and 92 rerouting.

Layouts from ``ibapi`` 9.81 and 10.46; none changes between server versions 151 and 200.
"""

from __future__ import annotations

from pytest_ibkr.wire.declare import DOUBLE, INT, PRICE, TEXT, Message, response, wire


@response(47)
class TickEfp(Message):
    """IN 47. Exchange for physical: never sent, no instrument here is one."""

    layout: int = wire(INT, default=6)
    request_id: int = wire(INT)
    tick: int = wire(INT)
    basis_points: float = wire(DOUBLE)
    formatted_basis_points: str = wire(TEXT)
    implied_future: float = wire(PRICE)
    hold_days: int = wire(INT)
    future_expiry: str = wire(TEXT)
    dividend_impact: float = wire(DOUBLE)
    dividends_to_expiry: float = wire(DOUBLE)


@response(56)
class DeltaNeutralValidation(Message):
    """IN 56. The delta-neutral contract of a market data request, with delta and price filled."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    con_id: int = wire(INT)
    delta: float = wire(DOUBLE)
    price: float = wire(PRICE)


@response(91)
class RerouteMarketData(Message):
    """IN 91. Ask for market data of this contract instead: what a CFD is written on."""

    request_id: int = wire(INT)
    con_id: int = wire(INT)
    exchange: str = wire(TEXT)


@response(92)
class RerouteMarketDepth(Message):
    """IN 92. Ask for depth of this contract instead: what a CFD is written on."""

    request_id: int = wire(INT)
    con_id: int = wire(INT)
    exchange: str = wire(TEXT)
