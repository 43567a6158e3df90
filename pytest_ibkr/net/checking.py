"""What the gateway check asks a gateway, through a relay that lets no order pass.

Every question has a deadline and may fail on its own: what was not answered is unknown, with the
reason, and the others are asked all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from pytest_ibkr.errors import IbkrError
from pytest_ibkr.net.link import Link
from pytest_ibkr.net.link_errors import AnswerError, LinkTimeout
from pytest_ibkr.net.link_routes import WARNINGS
from pytest_ibkr.snapshot.redact import mask_accounts
from pytest_ibkr.wire.messages.account import (
    AccountSummary,
    AccountSummaryEnd,
    CancelAccountSummary,
    CancelPositions,
    Position,
    PositionEnd,
    ReqAccountSummary,
    ReqPositions,
)
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    MarketDataType,
    ReqMarketData,
    ReqMarketDataType,
    TickPrice,
)
from pytest_ibkr.wire.messages.order import OpenOrderEnd, ReqAllOpenOrders
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.session import ErrorNotice

CLIENT_ID: Final = 7990
DELAYED: Final = 3  # asked for: whoever may see live data is sent live data all the same
ANSWER_S: Final = 10.0
QUOTE_S: Final = 8.0
_LAST: Final = (4, 68)  # live and delayed
_PRICES: Final = (*_LAST, 37, 9, 75)  # mark, close, delayed close: the next best, in this order
_NO_MONEY: Final[tuple[Decimal | None, str]] = (None, "")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Quoted:
    """One instrument as it was sent: ``data_type`` 1 live, 2 frozen, 3 delayed, 4 both; price."""

    data_type: int | None = None
    price: float | None = None


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What a gateway answered; None where it did not, and then ``problems`` says why.

    Attributes:
        net_liquidation: in ``currency``.
        orders: working orders of every client, one description each.
        positions: one description each.
        problems: by question: ``account``, ``orders``, ``positions``, ``SPY``, ``VIX``.
    """

    net_liquidation: Decimal | None = None
    currency: str = ""
    orders: tuple[str, ...] | None = None
    positions: tuple[str, ...] | None = None
    spy: Quoted = Quoted()
    vix: Quoted = Quoted()
    problems: dict[str, str] = field(default_factory=dict)


def observe(host: str, port: int) -> Observed:
    """Ask everything; ``host`` and ``port`` are a relay's.

    Raises:
        GatewayError: no session could be opened.
    """
    return asyncio.run(_observe(host, port))


async def _observe(host: str, port: int) -> Observed:
    problems: dict[str, str] = {}

    async def asked(name: str, question: Callable[[Link], Awaitable[T]], unknown: T) -> T:
        try:
            return await question(link)
        except IbkrError as exc:
            problems[name] = mask_accounts(str(exc).splitlines()[0])
            return unknown

    async with await Link.open(host, port, client_id=CLIENT_ID) as link:
        await link.send(ReqMarketDataType(data_type=DELAYED))
        money, orders, positions, spy, vix = await asyncio.gather(
            asked("account", _money, _NO_MONEY),
            asked("orders", _orders, None),
            asked("positions", _positions, None),
            asked("SPY", lambda link: _quoted(link, _contract("SPY", "STK")), Quoted()),
            asked("VIX", lambda link: _quoted(link, _contract("VIX", "IND")), Quoted()),
        )
    return Observed(
        net_liquidation=money[0],
        currency=money[1],
        orders=orders,
        positions=positions,
        spy=spy,
        vix=vix,
        problems=problems,
    )


def _contract(symbol: str, sec_type: str) -> Contract:
    exchange = "CBOE" if sec_type == "IND" else "SMART"
    return Contract(symbol=symbol, sec_type=sec_type, exchange=exchange, currency="USD")


async def _money(link: Link) -> tuple[Decimal | None, str]:
    number = link.next_request_id()
    asked = ReqAccountSummary(request_id=number, group="All", tags="NetLiquidation")
    rows = await link.ask(asked, until=AccountSummaryEnd, timeout_s=ANSWER_S)
    await link.send(CancelAccountSummary(request_id=number))
    for row in rows:
        if isinstance(row, AccountSummary) and row.tag == "NetLiquidation":
            try:
                return Decimal(row.value), row.currency
            except InvalidOperation:
                return None, row.currency
    return None, ""


async def _orders(link: Link) -> tuple[str, ...] | None:
    rows = await link.ask(ReqAllOpenOrders(), until=OpenOrderEnd, timeout_s=ANSWER_S)
    return tuple(
        f"{row.action} {row.quantity} {_label(row.contract)} {row.order_type}"
        f" of client {row.client_id}"
        for row in rows
        if isinstance(row, OpenOrder)
    )


async def _positions(link: Link) -> tuple[str, ...] | None:
    rows = await link.ask(ReqPositions(), until=PositionEnd, timeout_s=ANSWER_S)
    await link.send(CancelPositions())
    held = [row for row in rows if isinstance(row, Position) and row.position]
    return tuple(f"{row.position} {_label(row.contract)}" for row in held)


def _label(contract: Contract) -> str:
    return contract.local_symbol.strip() or contract.symbol


async def _quoted(link: Link, contract: Contract) -> Quoted:
    """The first price of an instrument, and what kind of data it is; the line is given back."""
    number = link.next_request_id()
    asked: dict[str, Any] = {"request_id": number, "contract": contract}
    kind: int | None = None
    prices: dict[int, float] = {}
    cancel = CancelMarketData(request_id=number)
    async with link.stream(ReqMarketData(**asked), cancel=cancel) as stream:
        try:
            async with asyncio.timeout(QUOTE_S):
                while kind is None or not any(tick in prices for tick in _LAST):
                    message = await stream.next(timeout_s=QUOTE_S)
                    if isinstance(message, MarketDataType):
                        kind = message.data_type
                    elif isinstance(message, TickPrice) and message.price > 0:
                        prices[message.tick] = message.price
                    elif isinstance(message, ErrorNotice) and message.code not in WARNINGS:
                        raise _refused(contract, message)
        except (TimeoutError, LinkTimeout):
            if kind is None and not prices:
                raise LinkTimeout(f"nothing came within {QUOTE_S:g} s") from None
    return Quoted(data_type=kind, price=next((prices[t] for t in _PRICES if t in prices), None))


def _refused(contract: Contract, notice: ErrorNotice) -> IbkrError:
    return AnswerError(f"reqMktData {contract.symbol}", notice.request_id, notice.code, notice.text)
