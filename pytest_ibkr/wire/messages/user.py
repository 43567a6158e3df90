"""User information and the clock in milliseconds: 104, 105 and their answers."""

from __future__ import annotations

from pytest_ibkr.wire.declare import INT, TEXT, Message, request, response, wire


@request(104, "reqUserInfo")
class ReqUserInfo(Message):
    """OUT 104. From 167 on."""

    request_id: int = wire(INT)


@request(105, "reqCurrentTimeInMillis")
class ReqCurrentTimeInMillis(Message):
    """OUT 105. From 197 on."""


@response(107)
class UserInfo(Message):
    """IN 107. The white-branding id is empty for customers of the broker itself."""

    request_id: int = wire(INT)
    white_branding_id: str = wire(TEXT, default="")


@response(109)
class CurrentTimeInMillis(Message):
    """IN 109. Unix epoch, milliseconds."""

    epoch_ms: int = wire(INT)
