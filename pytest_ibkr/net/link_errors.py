"""What can go wrong between the harness's own client and a gateway.

GatewayError
├── LinkLost      the connection could not be made, or it ended
└── AnswerError   the gateway refused one request (message 4)
WaitTimeout
└── LinkTimeout   the gateway is there and did not answer in time
"""

from __future__ import annotations

from pytest_ibkr.errors import GatewayError, WaitTimeout
from pytest_ibkr.snapshot.redact import mask_accounts

CLIENT_ID_IN_USE = 326


class LinkLost(GatewayError):
    """The connection could not be made, or it ended.

    Attributes:
        code: 326 when the gateway said that the client id is taken; None otherwise.
    """

    def __init__(self, text: str, *, code: int | None = None) -> None:
        super().__init__(text)
        self.code = code

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self),), {"code": self.code}


class LinkTimeout(WaitTimeout):
    """The gateway is connected and did not answer in time."""


class AnswerError(GatewayError):
    """The gateway answered a request with message 4.

    Attributes:
        request: class name of what was asked.
        request_id: -1 where the request has none.
        code: the gateway's code.
        reason: the gateway's text, account ids masked.
    """

    def __init__(self, request: str, request_id: int, code: int, reason: str) -> None:
        self.request, self.request_id, self.code = request, request_id, code
        self.reason = mask_accounts(reason)
        super().__init__(f"{request} was refused with {code}: {self.reason}")

    def __reduce__(self) -> tuple[type[AnswerError], tuple[str, int, int, str]]:
        return type(self), (self.request, self.request_id, self.code, self.reason)
