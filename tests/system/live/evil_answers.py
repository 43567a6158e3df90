"""What the evil gateway answers to the questions that are asked before anybody is trusted."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.account import (
    AccountDownloadEnd,
    AccountSummary,
    AccountSummaryEnd,
    AccountUpdateTime,
    AccountValue,
    PositionEnd,
)
from pytest_ibkr.wire.messages.executions import ExecutionDataEnd
from pytest_ibkr.wire.messages.market_data import TickPrice, TickSize
from pytest_ibkr.wire.messages.order import CompletedOrdersEnd, OpenOrderEnd, OrderStatus
from pytest_ibkr.wire.messages.session import CurrentTime, ErrorNotice, NextValidId
from pytest_ibkr.wire.messages.user import CurrentTimeInMillis

if TYPE_CHECKING:
    from tests.system.live.evil_gateway import EvilGateway, Heard

BID, ASK = 100.0, 100.02  # dollars per share, of whatever is asked for


def answers(gateway: EvilGateway, heard: Heard, fields: list[bytes]) -> list[Message]:
    """The messages that answer a request; none to what it does not know."""
    handler = _ANSWERS.get(fields[0])
    return [] if handler is None else handler(gateway, heard, fields)


def _time(gateway: EvilGateway, _heard: Heard, _fields: list[bytes]) -> list[Message]:
    return [CurrentTime(epoch_s=int(gateway.now().timestamp()))]


def _milliseconds(gateway: EvilGateway, _heard: Heard, _fields: list[bytes]) -> list[Message]:
    return [CurrentTimeInMillis(epoch_ms=int(gateway.now().timestamp() * 1000))]


def _next_id(_gateway: EvilGateway, _heard: Heard, _fields: list[bytes]) -> list[Message]:
    return [NextValidId(order_id=1)]


def _accounts(gateway: EvilGateway, heard: Heard, _fields: list[bytes]) -> list[Message]:
    gateway.announce(heard)
    return []


def _open_orders(_gateway: EvilGateway, _heard: Heard, _fields: list[bytes]) -> list[Message]:
    return [OpenOrderEnd()]


def _executions(_gateway: EvilGateway, _heard: Heard, fields: list[bytes]) -> list[Message]:
    return [ExecutionDataEnd(request_id=int(fields[2]))]


def _positions(_gateway: EvilGateway, _heard: Heard, _fields: list[bytes]) -> list[Message]:
    return [PositionEnd()]


def _completed(_gateway: EvilGateway, _heard: Heard, _fields: list[bytes]) -> list[Message]:
    return [CompletedOrdersEnd()]


def _account_values(gateway: EvilGateway, heard: Heard, _fields: list[bytes]) -> list[Message]:
    account = gateway.script.accounts(heard.number) or ""
    kind = gateway.script.account_type
    return [
        AccountValue(key="AccountType", value=kind, currency="", account=account),
        AccountUpdateTime(hh_mm="11:00"),
        AccountDownloadEnd(account=account),
    ]


def _summary(gateway: EvilGateway, heard: Heard, fields: list[bytes]) -> list[Message]:
    row: dict[str, Any] = {
        "request_id": int(fields[2]),
        "account": gateway.script.accounts(heard.number) or "",
    }
    return [
        AccountSummary(tag="AccountType", value=gateway.script.account_type, currency="", **row),
        AccountSummary(tag="NetLiquidation", value="1000000.00", currency="USD", **row),
        AccountSummaryEnd(request_id=row["request_id"]),
    ]


def _quote(_gateway: EvilGateway, _heard: Heard, fields: list[bytes]) -> list[Message]:
    request_id = int(fields[2])
    return [
        TickPrice(request_id=request_id, tick=1, price=BID, size=Decimal(100)),
        TickPrice(request_id=request_id, tick=2, price=ASK, size=Decimal(100)),
        TickSize(request_id=request_id, tick=0, size=Decimal(100)),
    ]


def _placed(gateway: EvilGateway, heard: Heard, fields: list[bytes]) -> list[Message]:
    order_id = int(fields[1])
    gateway.orders[order_id] = "Submitted"
    return [_status(heard, order_id, "Submitted")]


def _cancelled(gateway: EvilGateway, heard: Heard, fields: list[bytes]) -> list[Message]:
    order_id = int(
        fields[2] if gateway.script.version < 192 or gateway.script.version > 200 else fields[1]
    )
    gateway.orders[order_id] = "Cancelled"
    done = ErrorNotice(request_id=order_id, code=202, text="Order Canceled - reason:")
    return [_status(heard, order_id, "Cancelled"), done]


def _status(heard: Heard, order_id: int, status: str) -> OrderStatus:
    client_id = -1 if heard.client_id is None else heard.client_id
    return OrderStatus(
        order_id=order_id,
        status=status,
        filled=Decimal(0),
        remaining=Decimal(1),
        perm_id=1_000_000 + order_id,
        client_id=client_id,
    )


_Handler = Callable[["EvilGateway", "Heard", list[bytes]], list[Message]]
_ANSWERS: dict[bytes, _Handler] = {
    b"1": _quote,
    b"3": _placed,
    b"4": _cancelled,
    b"5": _open_orders,
    b"6": _account_values,
    b"7": _executions,
    b"8": _next_id,
    b"16": _open_orders,
    b"17": _accounts,
    b"49": _time,
    b"61": _positions,
    b"62": _summary,
    b"99": _completed,
    b"105": _milliseconds,
}
