"""Bodies of profit and loss."""

from __future__ import annotations

from pytest_ibkr.wire.messages.pnl import (
    CancelPnl,
    CancelPnlSingle,
    Pnl,
    PnlSingle,
    ReqPnl,
    ReqPnlSingle,
)
from pytest_ibkr.wire.protobuf.layout import body

body(ReqPnl, "PnLRequest", modelCode="model")
body(CancelPnl, "CancelPnL")
body(ReqPnlSingle, "PnLSingleRequest", modelCode="model")
body(CancelPnlSingle, "CancelPnLSingle")
body(
    Pnl,
    "PnL",
    dailyPnL="daily",
    unrealizedPnL="unrealized",
    realizedPnL="realized",
)
body(
    PnlSingle,
    "PnLSingle",
    dailyPnL="daily",
    unrealizedPnL="unrealized",
    realizedPnL="realized",
)
