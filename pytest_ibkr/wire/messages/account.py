"""Account messages: values, summary, portfolio, positions."""

from __future__ import annotations

from decimal import Decimal

from pytest_ibkr.wire.declare import (
    BOOL,
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

PORTFOLIO_NAMES = (
    *("con_id", "symbol", "sec_type", "expiry", "strike", "right", "multiplier"),
    *("primary_exchange", "currency", "local_symbol", "trading_class"),
)


@request(6, "reqAccountUpdates")
class ReqAccountUpdates(Message):
    """OUT 6. One subscription per client; unsubscribing answers 2100."""

    layout: int = wire(INT, default=2)
    subscribe: bool = wire(BOOL)
    account: str = wire(TEXT, default="")


@request(61, "reqPositions")
class ReqPositions(Message):
    """OUT 61. All accounts; stays subscribed."""

    layout: int = wire(INT, default=1)


@request(64, "cancelPositions")
class CancelPositions(Message):
    """OUT 64. Silent."""

    layout: int = wire(INT, default=1)


@request(62, "reqAccountSummary")
class ReqAccountSummary(Message):
    """OUT 62. ``tags`` comma-joined; at most two per client."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    group: str = wire(TEXT)
    tags: str = wire(TEXT)


@request(63, "cancelAccountSummary")
class CancelAccountSummary(Message):
    """OUT 63. Silent."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)


@request(76, "reqAccountUpdatesMulti")
class ReqAccountUpdatesMulti(Message):
    """OUT 76."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    account: str = wire(TEXT, default="")
    model: str = wire(TEXT, default="")
    ledger_and_nlv: bool = wire(BOOL, default=False)


@request(77, "cancelAccountUpdatesMulti")
class CancelAccountUpdatesMulti(Message):
    """OUT 77. Silent."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)


@response(6)
class AccountValue(Message):
    """IN 6. Every value is text; ``currency`` is empty for texts."""

    layout: int = wire(INT, default=2)
    key: str = wire(TEXT)
    value: str = wire(TEXT)
    currency: str = wire(TEXT)
    account: str = wire(TEXT)


@response(7)
class PortfolioValue(Message):
    """IN 7. Prices per share; ``average_cost`` includes the multiplier and commissions."""

    layout: int = wire(INT, default=8)
    contract: Contract = embed(Contract, PORTFOLIO_NAMES)
    position: Decimal = wire(SIZE)
    market_price: Decimal | None = wire(OPT_MONEY)
    market_value: Decimal | None = wire(OPT_MONEY)
    average_cost: Decimal | None = wire(OPT_MONEY)
    unrealized_pnl: Decimal | None = wire(OPT_MONEY)
    realized_pnl: Decimal | None = wire(OPT_MONEY)
    account: str = wire(TEXT)


@response(8)
class AccountUpdateTime(Message):
    """IN 8. ``HH:MM`` in the gateway's local time; may lag."""

    layout: int = wire(INT, default=1)
    hh_mm: str = wire(TEXT)


@response(54)
class AccountDownloadEnd(Message):
    """IN 54."""

    layout: int = wire(INT, default=1)
    account: str = wire(TEXT)


@response(61)
class Position(Message):
    """IN 61. ``average_cost`` includes the multiplier; exchange is empty for options."""

    layout: int = wire(INT, default=3)
    account: str = wire(TEXT)
    contract: Contract = embed(Contract, C11, kinds={"strike": DOUBLE})
    position: Decimal = wire(SIZE)
    average_cost: Decimal | None = wire(OPT_MONEY)


@response(62)
class PositionEnd(Message):
    """IN 62."""

    layout: int = wire(INT, default=1)


@response(63)
class AccountSummary(Message):
    """IN 63. Rows come sorted by tag."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    account: str = wire(TEXT)
    tag: str = wire(TEXT)
    value: str = wire(TEXT)
    currency: str = wire(TEXT)


@response(64)
class AccountSummaryEnd(Message):
    """IN 64."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)


@response(73)
class AccountUpdateMulti(Message):
    """IN 73."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    account: str = wire(TEXT)
    model: str = wire(TEXT, default="")
    key: str = wire(TEXT)
    value: str = wire(TEXT)
    currency: str = wire(TEXT)


@response(74)
class AccountUpdateMultiEnd(Message):
    """IN 74."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
