"""What the broker layer raises; imports nothing of the bot.

    BrokerError
    ├── GatewayConnectionError   also builtins.ConnectionError: no socket, or lost
    ├── AuthenticationError      connected, but no usable API session
    │   ├── ClientIdInUseError   326: another client holds the id
    │   └── LiveAccountRefusedError   the account or the port is not paper
    ├── RequestTimeoutError      also builtins.TimeoutError: no complete answer in time
    ├── RequestFailedError       the gateway refused the request
    │   ├── RateLimitError       100, 101, 162 pacing, 322 "too many": wait and retry
    │   ├── NoDataError          162 "query returned no data"
    │   ├── ContractNotFoundError
    │   │   └── AmbiguousContractError
    │   └── MarketDataError      354, 10089, 10168, 10197: no right to the data
    ├── OrderRejectedError
    ├── OrderNotFoundError
    ├── OrdersBlockedError       read-only or dry-run: nothing was sent
    └── MarketClosedError

Every class carries ``code`` (the gateway's number or None) and ``request_id``, and
survives pickling.
"""

from __future__ import annotations

from collections.abc import Callable


class BrokerError(Exception):
    """Base of everything the broker layer raises on purpose."""

    def __init__(
        self, message: str, *, code: int | None = None, request_id: int | None = None
    ) -> None:
        self.message, self.code, self.request_id = message, code, request_id
        super().__init__(message)

    def __reduce__(self) -> tuple[Callable[..., BrokerError], tuple[object, ...]]:
        return _rebuild, (type(self), self.message, self.code, self.request_id)


def _rebuild(
    kind: type[BrokerError], message: str, code: int | None, request_id: int | None
) -> BrokerError:
    return kind(message, code=code, request_id=request_id)


class GatewayConnectionError(BrokerError, ConnectionError):
    """There is no connection to the gateway, or it was lost while waiting."""


class AuthenticationError(BrokerError):
    """The gateway took the connection but gave no API session. Do not retry blindly."""


class ClientIdInUseError(AuthenticationError):
    """326: another client (or a dead one, up to a minute) holds this client id."""


class LiveAccountRefusedError(AuthenticationError):
    """The port is a live port or a served account is not a paper account."""


class RequestTimeoutError(BrokerError, TimeoutError):
    """No complete answer arrived in time; a late one is discarded."""


class RequestFailedError(BrokerError):
    """The gateway refused a request; ``code`` is its number."""


class RateLimitError(RequestFailedError):
    """Too many messages, lines or historical requests: wait 2, 4, 8 s and retry."""


class NoDataError(RequestFailedError):
    """The request was fine and there is nothing to return."""


class ContractNotFoundError(RequestFailedError):
    """200: no such contract. Retrying the same day does not help."""


class AmbiguousContractError(ContractNotFoundError):
    """More than one contract matches; say which one."""


class MarketDataError(RequestFailedError):
    """Market data is refused: no subscription, or a competing session."""


class OrderRejectedError(BrokerError):
    """The gateway, the broker or the exchange refused the order."""


class OrderNotFoundError(BrokerError):
    """The gateway knows no such order and nothing of it was executed."""


class OrdersBlockedError(BrokerError):
    """Orders are blocked here (read-only); nothing was sent."""


class MarketClosedError(BrokerError):
    """The request needs an open market."""
