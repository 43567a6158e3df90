"""Whether the account can afford an order beside those already working.

Reads orders, books and quotes; the requirements themselves are ``margin``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.commissions import commission_of_fill
from pytest_ibkr.sim.fills import limit_of, opposite
from pytest_ibkr.sim.order_state import Order, OrderBook
from pytest_ibkr.sim.positions import ZERO, Trade
from pytest_ibkr.sim.refusal import Refusal

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine

_EQUITY: Final = (
    "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION"
    " YOUR EQUITY WITH LOAN VALUE [{equity:.2f} USD] MUST EXCEED THE INITIAL MARGIN"
    " [{margin:.2f} USD]"
)
_CASH: Final = (
    "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. CASH AVAILABLE: {available:.2f};"
    " CASH NEEDED FOR THIS ORDER AND OTHER PENDING ORDERS: {needed:.2f}"
)


def expected_trade(
    order: Order, engine: Engine, *, quantity: Decimal | None = None
) -> Trade | None:
    """The trade an order would be if all of it filled; None when no price is known.

    Args:
        order: priced at its limit, its stop, the opposite quote or the mark, in this order.
        engine: whose quotes and books count.
        quantity: in place of what remains, unsigned.
    """
    price = limit_of(order) or order.stop
    if price is None:
        quote = engine.market.quote(order.instrument, engine.now_s)
        offer = opposite(quote, buys=order.buys)
        price = offer.price if offer is not None else engine.accounts.mark(order.instrument)
    if price is None:
        return None
    shares = order.remaining if quantity is None else quantity
    commission = commission_of_fill(order.instrument.sec_type, before=order.filled, shares=shares)
    return Trade(order.instrument, shares if order.buys else -shares, price, commission)


def funds_refusal(
    order: Order, book: OrderBook, engine: Engine, *, quantity: Decimal | None = None
) -> Refusal | None:
    """The 201 of an order the account cannot carry; None when it can, or the order closes.

    Of a child that waits for its parent only what goes beyond closing the parent counts.
    """
    excess = _excess(order)
    if excess == 0:
        return None
    trade = expected_trade(order, engine, quantity=quantity if excess is None else excess)
    if trade is None or (excess is None and not _opens(trade, engine)):
        return None
    pending = _pending(order, book, engine)
    before = engine.accounts.standing(pending)
    after = engine.accounts.standing([*pending, trade])
    if after.available_funds >= 0 or after.available_funds >= before.available_funds:
        return None
    if trade.instrument.sec_type == "OPT" and trade.quantity > 0:
        needed = sum((t.paid for t in (*pending, trade) if t.quantity > 0), ZERO)
        available = engine.accounts.standing().available_funds
        return Refusal(201, _CASH.format(available=max(ZERO, available), needed=needed))
    return Refusal(201, _EQUITY.format(equity=after.equity_with_loan, margin=after.initial_margin))


def _opens(trade: Trade, engine: Engine) -> bool:
    """Whether a trade leaves more of the contract, on either side, than there is."""
    held = engine.accounts.ledger.quantity(trade.instrument.con_id)
    return abs(held + trade.quantity) > abs(held)


def _excess(order: Order) -> Decimal | None:
    """What a waiting child would trade beyond its parent's close; None: it waits for none."""
    parent = order.parent
    if parent is None or not order.waits_for_parent:
        return None
    closes = parent.instrument is order.instrument and parent.buys is not order.buys
    return max(ZERO, order.remaining - parent.quantity) if closes else order.remaining


def _pending(order: Order, book: OrderBook, engine: Engine) -> list[Trade]:
    """What other working orders would add; one order per OCA group can fill at most."""
    trades, groups = [], {order.oca_group} - {""}
    for other in book.open():
        excess = _excess(other)
        if other is order or excess == 0 or other.oca_group in groups:
            continue
        trade = expected_trade(other, engine, quantity=excess)
        if trade is not None and (excess is not None or _opens(trade, engine)):
            trades.append(trade)
            groups |= {other.oca_group} - {""}
    return trades
