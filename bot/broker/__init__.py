"""The only package that talks to Interactive Brokers; nothing else imports ``ibapi``."""

from bot.broker.errors import (
    AmbiguousContractError,
    AuthenticationError,
    BrokerError,
    ClientIdInUseError,
    ContractNotFoundError,
    GatewayConnectionError,
    LiveAccountRefusedError,
    MarketClosedError,
    MarketDataError,
    NoDataError,
    OrderNotFoundError,
    OrderRejectedError,
    OrdersBlockedError,
    RateLimitError,
    RequestFailedError,
    RequestTimeoutError,
)
from bot.broker.events import GatewayEvent
from bot.broker.gateway import IBKRGateway
from bot.broker.pacing import MessagePacer, retry_rate_limited
from bot.broker.stream import MarketDataStream
from bot.broker.system_clock import SystemClock

__all__ = [
    "AmbiguousContractError",
    "AuthenticationError",
    "BrokerError",
    "ClientIdInUseError",
    "ContractNotFoundError",
    "GatewayConnectionError",
    "GatewayEvent",
    "IBKRGateway",
    "LiveAccountRefusedError",
    "MarketClosedError",
    "MarketDataError",
    "MarketDataStream",
    "MessagePacer",
    "NoDataError",
    "OrderNotFoundError",
    "OrderRejectedError",
    "OrdersBlockedError",
    "RateLimitError",
    "RequestFailedError",
    "RequestTimeoutError",
    "SystemClock",
    "retry_rate_limited",
]
