"""Bodies of positions, of all accounts and of one."""

from __future__ import annotations

from pytest_ibkr.wire.messages.account import CancelPositions, Position, PositionEnd, ReqPositions
from pytest_ibkr.wire.messages.positions_multi import (
    CancelPositionsMulti,
    PositionMulti,
    PositionMultiEnd,
    ReqPositionsMulti,
)
from pytest_ibkr.wire.protobuf.layout import body, one
from pytest_ibkr.wire.protobuf.layouts.records import CONTRACT

body(ReqPositions, "PositionsRequest")
body(CancelPositions, "CancelPositions")
body(Position, "Position", contract=one(CONTRACT, "contract"), avgCost="average_cost")
body(PositionEnd, "PositionEnd")

body(ReqPositionsMulti, "PositionsMultiRequest", modelCode="model")
body(CancelPositionsMulti, "CancelPositionsMulti")
body(
    PositionMulti,
    "PositionMulti",
    contract=one(CONTRACT, "contract"),
    avgCost="average_cost",
    modelCode="model",
)
body(PositionMultiEnd, "PositionMultiEnd")
