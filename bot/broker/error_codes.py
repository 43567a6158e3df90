"""One table for the gateway's error channel: what a code means for whom. Pure.

The channel mixes notices, warnings, refusals and confirmations, for requests and orders
alike. Codes 321 and 322 carry the real rule in their text behind a class token that
changes with every gateway build, so texts are matched on their cause only.
"""

from __future__ import annotations

import enum

from bot.broker.errors import (
    AmbiguousContractError,
    BrokerError,
    ContractNotFoundError,
    MarketDataError,
    NoDataError,
    OrderRejectedError,
    RateLimitError,
    RequestFailedError,
)


class ErrorKind(enum.Enum):
    """What the receiver of an error message has to do."""

    INFO = "info"  # log at debug
    WARNING = "warning"  # the request or order lives; keep the text
    REQUEST_FAILED = "request"  # ends the request with this id
    ORDER_REFUSED = "order"  # ends a new order; a modified one keeps working
    ORDER_CANCELLED = "cancelled"  # 202: the confirmation of a cancel
    CANCEL_RACE = "race"  # the order was not cancellable: ask what became of it
    AFTER_CANCEL = "after-cancel"  # the cancelled request was already over: ignore
    CONNECTION = "connection"  # state of the link to the servers
    PACING = "pacing"  # too fast or too many: wait and retry
    LOGIN = "login"  # this session cannot be served


_INFO = frozenset({0, 2104, 2106, 2107, 2108, 2158, 2100})
# 505 and 508 are the library's own: a message it could not read, whose request is unknown.
_WARNINGS = frozenset({399, 404, 505, 508, 10090, 10091, 10167, 10299, 10349})
_CONNECTION = frozenset({502, 504, 509, 1100, 1101, 1102, 1300, 2103, 2105, 2110, 2119, 2157})
_LOGIN = frozenset({326, 501, 503, 507})
_RACE = frozenset({135, 136, 161, 10147, 10148})
_AFTER_CANCEL = frozenset({300, 310, 365, 366, 10185, 10186})
_PACING = frozenset({100, 101, 309, 420, 10190})
_MARKET_DATA = frozenset({354, 10089, 10168, 10197, 10187, 10189})
_PACING_WORDS = ("pacing violation", "limitation exceeded", "maximum number", "only 50 sim")

CONNECTIVITY_LOST = 1100
RESTORED_DATA_LOST = 1101
RESTORED_DATA_KEPT = 1102
CLIENT_ID_IN_USE = 326


def classify(code: int, text: str = "") -> ErrorKind:
    """What error ``code`` means. ``text`` separates the codes that carry many rules.

    10167 and 10090 are warnings (delayed or partial data follow), 202 confirms a cancel,
    399, 404, 10349 and all 2100-2199 leave an order alive. 162 is pacing only when its
    text says so. Unknown codes end the request or order they name.
    """
    if code in _INFO:
        return ErrorKind.INFO
    if code in _CONNECTION:
        return ErrorKind.CONNECTION
    if code in _WARNINGS or 2100 <= code < 2200:
        return ErrorKind.WARNING
    if code in _LOGIN:
        return ErrorKind.LOGIN
    if code == 202:
        return ErrorKind.ORDER_CANCELLED
    if code in _RACE:
        return ErrorKind.CANCEL_RACE
    if code == 420 and "pacing" not in text.lower():
        return ErrorKind.REQUEST_FAILED  # 420 is a permission refusal far more often
    if code in _PACING or is_pacing_text(text):
        return ErrorKind.PACING
    if code in _AFTER_CANCEL:
        return ErrorKind.AFTER_CANCEL
    if code in _ORDER_CODES or (10000 <= code < 10100 and code not in _MARKET_DATA):
        return ErrorKind.ORDER_REFUSED
    return ErrorKind.REQUEST_FAILED


_ORDER_CODES = (
    frozenset(range(103, 135))
    | {201, 203, 328, 329, 387, 388, 434, 435, 436, 439, 441, 442, 443, 460, 462}
    | {10149, 10243, 10255, 10257, 10268, 10289, 10311, 10318, 10326, 10327, 10329}
)


def is_pacing_text(text: str) -> bool:
    """True when a 162, 321 or 322 says "too fast" or "too many"."""
    low = text.lower()
    return any(word in low for word in _PACING_WORDS)


def is_no_data_text(text: str) -> bool:
    """True when a 162 only says that the query found nothing."""
    low = text.lower()
    return "no data" in low and "permission" not in low


def is_read_only_text(text: str) -> bool:
    """True for the 321 that a gateway in Read-Only mode sends with id -1."""
    return "read-only" in text.lower()


def request_error(code: int, text: str, *, request_id: int, about: str) -> BrokerError:
    """The exception for a refused request. ``about`` names what was asked."""
    kind: type[BrokerError] = RequestFailedError
    detail = text.strip()
    if classify(code, text) is ErrorKind.PACING:
        kind = RateLimitError
    elif code == 200 and "ambiguous" in text.lower():
        kind = AmbiguousContractError
    elif code == 200:
        kind = ContractNotFoundError
        detail = f"contract not found or invalid ({detail})"
    elif code == 162 and is_no_data_text(text):
        kind = NoDataError
    elif code in _MARKET_DATA:
        kind = MarketDataError
    elif classify(code, text) is ErrorKind.ORDER_REFUSED:
        kind = OrderRejectedError
    message = f"{about}: the gateway answered error {code}: {detail}"
    return kind(message, code=code, request_id=request_id)
