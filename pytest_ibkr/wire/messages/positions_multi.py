"""Positions of one account or model: 74, 75 and their answers."""

from __future__ import annotations

from decimal import Decimal

from pytest_ibkr.wire.declare import (
    DOUBLE,
    INT,
    OPT_MONEY,
    SIZE,
    TEXT,
    Message,
    embed,
    request,
    response,
    wire,
)
from pytest_ibkr.wire.messages.contract import C11, Contract


@request(74, "reqPositionsMulti")
class ReqPositionsMulti(Message):
    """OUT 74. Stays subscribed; ``model`` is empty where no advisor's model is meant."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    account: str = wire(TEXT, default="")
    model: str = wire(TEXT, default="")


@request(75, "cancelPositionsMulti")
class CancelPositionsMulti(Message):
    """OUT 75. Silent."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)


@response(71)
class PositionMulti(Message):
    """IN 71. ``average_cost`` includes the multiplier; the model comes last."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    account: str = wire(TEXT)
    contract: Contract = embed(Contract, C11, kinds={"strike": DOUBLE})
    position: Decimal = wire(SIZE)
    average_cost: Decimal | None = wire(OPT_MONEY)
    model: str = wire(TEXT, default="")


@response(72)
class PositionMultiEnd(Message):
    """IN 72."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
