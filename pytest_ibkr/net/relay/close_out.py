"""Trades a position away: a marketable limit, three re-prices, then it gives up and cancels.

One contract at a time, under one client id; whether it may be traded was decided before.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pytest_ibkr.guard.closing_price import REPRICES, trades_at
from pytest_ibkr.guard.flatten import Trade
from pytest_ibkr.guard.limits import Limits
from pytest_ibkr.guard.trades import ZERO, Forwarded, described
from pytest_ibkr.net.link import Link
from pytest_ibkr.net.link_errors import AnswerError, LinkTimeout
from pytest_ibkr.net.relay.closing_watch import NoQuote, Progress, Quote
from pytest_ibkr.net.relay.probe import read_clock
from pytest_ibkr.net.relay.working_orders import cancel
from pytest_ibkr.wire.messages.contract import (
    Contract,
    ContractData,
    ContractDataEnd,
    ReqContractDetails,
)
from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    ReqMarketData,
)
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice

_QUOTE_S: Final = 11.0  # as long as a snapshot takes at most (gateway-behaviour.md 2.2)
_WORTH: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one closing order.

    Attributes:
        filled: unsigned.
        prices: every limit it had, in order, dollars per share.
        why: why it did not fill wholly; empty: it did.
        closed_market: it was not tried because the contract does not trade now.
    """

    filled: Decimal = ZERO
    prices: tuple[Decimal, ...] = ()
    why: str = ""
    closed_market: bool = False


async def close_out(
    link: Link,
    trade: Trade,
    *,
    account: str,
    before_send: Callable[[Forwarded], None] = lambda _order: None,
    patience_s: float = 5.0,
    limits: Limits | None = None,
) -> Outcome:
    """Trade a contract by at most ``trade.quantity``.

    Args:
        link: its client id places the order.
        trade: what to do; its contract has a conId.
        account: the verified account.
        before_send: called with the order and every change of it before it goes out; what it
            raises keeps it from going out.
        patience_s: how long each price is given to fill.
        limits: of one order; less than the whole is traded where they say so.
    """
    contract = dataclasses.replace(trade.contract, exchange="SMART", primary_exchange="")
    try:
        details = await _details(link, contract)
    except (AnswerError, LinkTimeout) as exc:
        return Outcome(why=f"the gateway does not describe it: {exc}")
    now_s = await gateway_now_s(link)
    if trades_at(details.liquid_hours, details.time_zone, now_s) is not True:
        return Outcome(why="it does not trade now", closed_market=True)
    order = _limit_order(link.take_order_id(), contract, trade, account=account)
    tick = max(Decimal(str(details.min_tick)), Decimal(0)) or _WORTH
    request_id = link.next_request_id()
    quotes = link.stream(
        ReqMarketData(request_id=request_id, contract=contract, legs=()),
        cancel=CancelMarketData(request_id=request_id),
    )
    async with quotes:
        return await _work(link, order, Quote(quotes, tick, limits), before_send, patience_s)


async def gateway_now_s(link: Link) -> float:
    """The gateway's own time, Unix epoch seconds."""
    return time.time() + (await read_clock(link)).offset_s


async def _details(link: Link, contract: Contract) -> ContractData:
    request = ReqContractDetails(request_id=link.next_request_id(), contract=contract)
    answer = await link.ask(request, until=ContractDataEnd)
    for each in answer:
        if isinstance(each, ContractData):
            return each
    raise LinkTimeout(f"no details of {described(contract)}")


async def _work(
    link: Link,
    order: PlaceOrder,
    quote: Quote,
    before_send: Callable[[Forwarded], None],
    patience_s: float,
) -> Outcome:
    progress = Progress(link.client_id, order.order_id)
    prices: list[Decimal] = []
    why = ""
    async with link.stream(kinds=(OrderStatus, ErrorNotice)) as heard:
        for step in range(1 + REPRICES):
            try:
                await quote.read(_QUOTE_S)
                price = quote.price(order.action, step, prices[-1] if prices else None)
            except NoQuote as none:
                why = str(none)
                break
            if not prices:
                order = quote.bounded(order, price)
                if not order.quantity:
                    why = f"one of it is worth more than an order may be, at {price}"
                    break
            if not prices or price != prices[-1]:
                order = dataclasses.replace(order, limit_price=price)
                before_send(_forwarded(order, link.client_id))
                await link.send(order)
            prices.append(price)
            try:
                await heard.next(progress.over(order.quantity), timeout_s=patience_s)
            except LinkTimeout:
                continue
            break
        if prices and not progress.finished:
            await cancel(link, {order.order_id})
        while heard.waiting:  # it may have filled while it was being cancelled
            progress.over(order.quantity)(await heard.next())
    if prices and not why:
        why = f"nobody took it at {', '.join(map(str, prices))}"
    if order.quantity and progress.filled >= order.quantity:
        return Outcome(progress.filled, tuple(prices))
    return Outcome(progress.filled, tuple(prices), progress.refused or why or "it was cancelled")


def _limit_order(order_id: int, contract: Contract, trade: Trade, *, account: str) -> PlaceOrder:
    return PlaceOrder(
        order_id=order_id,
        contract=contract,
        action=trade.action,
        quantity=trade.quantity,
        order_type="LMT",
        tif="DAY",
        account=account,
        legs=(),
        leg_prices=(),
        routing=(),
        algo_params=(),
        conditions=(),
    )


def _forwarded(order: PlaceOrder, client_id: int) -> Forwarded:
    return Forwarded(
        client_id=client_id,
        order_id=order.order_id,
        action=order.action,
        quantity=order.quantity,
        contract=order.contract,
        order_type=order.order_type,
        limit_price=order.limit_price,
    )
