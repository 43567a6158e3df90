"""The gateway's settings as the API shows them: 108 and its answer 110, bodies only."""

from __future__ import annotations

from pytest_ibkr.wire.declare import (
    INT,
    MAX_INT,
    OPT_BOOL,
    Message,
    body_request,
    body_response,
    wire,
)


@body_request(108, "reqConfig")
class ReqConfig(Message):
    """OUT 108. Since 219."""

    request_id: int = wire(INT)


@body_response(110)
class ConfigResponse(Message):
    """IN 110. Of the hundred settings those that the simulated gateway has; None: not told."""

    request_id: int = wire(INT)
    read_only: bool | None = wire(OPT_BOOL, default=None)
    master_client_id: int | None = wire(MAX_INT, default=None)
    rejects_above_max_rate: bool | None = wire(OPT_BOOL, default=None)
