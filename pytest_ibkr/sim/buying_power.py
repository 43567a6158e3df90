"""Whether the account can afford an order beside those already working.

Reads orders, books and quotes; the requirements themselves are ``margin``.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.combo import Combo
from pytest_ibkr.sim.combo_executions import leg_trades
from pytest_ibkr.sim.combo_fills import natural_prices
from pytest_ibkr.sim.combo_quotes import leg_prices
from pytest_ibkr.sim.commissions import commission_of_fill
from pytest_ibkr.sim.fills import limit_of, opposite
from pytest_ibkr.sim.order_state import Order, OrderBook
from pytest_ibkr.sim.positions import ZERO, Trade
from pytest_ibkr.sim.refusal import Refusal

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.margin import Standing

_EQUITY: Final = (
    "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION"
    " YOUR EQUITY WITH LOAN VALUE [{equity:.2f} USD] MUST EXCEED THE INITIAL MARGIN"
    " [{margin:.2f} USD]"
)
_FUTURES: Final = (
    "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED POSITION"
    " YOUR NET LIQ [{equity:.2f} USD] MUST EXCEED THE MARGIN REQ [{margin:.2f} USD]"
)
_CASH: Final = (
    "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. CASH AVAILABLE: {available:.2f};"
    " CASH NEEDED FOR THIS ORDER AND OTHER PENDING ORDERS: {needed:.2f}"
)


def expected_trades(
    order: Order, engine: Engine, *, quantity: Decimal | None = None
) -> list[Trade]:
    """The trades an order would be if all of it filled; none when no price is known.

    Args:
        order: priced at its limit, its stop, the opposite quote or the mark, in this order, but
            no better than the mark where that would be money nobody has yet; a combination's legs
            at their natural prices, made to add up to that.
        engine: whose quotes and books count.
        quantity: in place of what remains, unsigned.
    """
    price = _expected_price(order, engine)
    if price is None:
        return []
    shares = order.remaining if quantity is None else quantity
    signed = shares if order.buys else -shares
    instrument = order.instrument
    if isinstance(instrument, Combo):
        known = natural_prices(
            instrument, lambda leg: engine.market.quote(leg, engine.now_s), buys=order.buys
        )
        prices = leg_prices(instrument, price, known)
        return leg_trades(instrument, quantity=signed, prices=prices, before=order.filled)
    commission = commission_of_fill(instrument.sec_type, before=order.filled, shares=shares)
    return [Trade(instrument, signed, price, commission)]


def _expected_price(order: Order, engine: Engine) -> Decimal | None:
    """Dollars per share that an order is counted at; None: nothing is known.

    What is held is valued at the mark. A limit far from it would show a gain that is none: shares
    bought below their worth, or premium nobody pays now.
    """
    limit = limit_of(order)
    price = order.stop if limit is None else limit
    if price is None:
        quote = engine.market.quote(order.instrument, engine.now_s)
        offer = opposite(quote, buys=order.buys)
        return offer.price if offer is not None else engine.accounts.mark(order.instrument)
    mark = engine.accounts.mark(order.instrument)
    if mark is None or not _credits(order, price):
        return price
    return max(price, mark) if order.buys else min(price, mark)


def _credits(order: Order, price: Decimal) -> bool:
    """Whether a better price is more equity with loan value: bought options have none of it."""
    instrument = order.instrument
    if isinstance(instrument, Combo):
        takes_in = price < 0 if order.buys else price > 0
        return takes_in or any(leg.instrument.sec_type != "OPT" for leg in instrument.legs)
    return instrument.sec_type != "OPT" or not order.buys


def expected_commission(order: Order) -> Decimal:
    """Commission of an order that fills at once and whole, dollars; of a combination its legs'."""
    instrument = order.instrument
    if isinstance(instrument, Combo):
        nothing = [ZERO] * len(instrument.legs)
        trades = leg_trades(instrument, quantity=order.quantity, prices=nothing)
        return sum((trade.commission for trade in trades), ZERO)
    return commission_of_fill(instrument.sec_type, before=ZERO, shares=order.quantity)


def funds_refusal(
    order: Order, book: OrderBook, engine: Engine, *, quantity: Decimal | None = None
) -> Refusal | None:
    """The 201 of an order the account cannot carry; None when it can, or the order helps.

    Of a child that waits for its parent only what goes beyond closing the parent counts. An order
    that leaves more funds than there were, or closes and needs no more margin, is let through
    however few funds there are; selling what covers a short option is not such an order.
    """
    excess = _excess(order)
    if excess == 0:
        return None
    trades = expected_trades(order, engine, quantity=quantity if excess is None else excess)
    if not trades:
        return None
    closes = excess is None and not _open(trades, engine)
    pending = _pending(order, book, engine)
    # No credit for what a working order might cover one day: it must do without them as well.
    for beside in (pending, []) if pending else ([],):
        before, after = (
            engine.accounts.standing(beside),
            engine.accounts.standing([*beside, *trades]),
        )
        enough = after.available_funds >= 0 or after.available_funds >= before.available_funds
        if not enough and not (closes and after.initial_margin <= before.initial_margin):
            return _short_of_funds(order, engine, after, pending=beside, trades=trades)
    return None


def _short_of_funds(
    order: Order,
    engine: Engine,
    after: Standing,
    *,
    pending: Sequence[Trade],
    trades: Sequence[Trade],
) -> Refusal:
    """The 201 with the numbers of the kind: of bought options, of futures, of all else."""
    if all(trade.instrument.sec_type == "OPT" and trade.quantity > 0 for trade in trades):
        needed = sum((t.paid for t in (*pending, *trades) if t.quantity > 0), ZERO)
        available = engine.accounts.standing().available_funds
        return Refusal(201, _CASH.format(available=max(ZERO, available), needed=needed))
    margin = after.initial_margin
    if order.instrument.sec_type == "FUT":
        return Refusal(201, _FUTURES.format(equity=after.net_liquidation, margin=margin))
    return Refusal(201, _EQUITY.format(equity=after.equity_with_loan, margin=margin))


def _open(trades: Sequence[Trade], engine: Engine) -> bool:
    """Whether trades leave more of any contract, on either side, than there is."""
    held = engine.accounts.ledger.quantity
    return any(
        abs(held(trade.instrument.con_id) + trade.quantity) > abs(held(trade.instrument.con_id))
        for trade in trades
    )


def _excess(order: Order) -> Decimal | None:
    """What a waiting child would trade beyond its parent's close; None: it waits for none."""
    parent = order.parent
    if parent is None or not order.waits_for_parent:
        return None
    closes = parent.instrument is order.instrument and parent.buys is not order.buys
    return max(ZERO, order.remaining - parent.quantity) if closes else order.remaining


def _pending(order: Order, book: OrderBook, engine: Engine) -> list[Trade]:
    """What other working orders would add; one order per OCA group can fill at most."""
    pending: list[Trade] = []
    groups = {order.oca_group} - {""}
    for other in book.open():
        excess = _excess(other)
        if other is order or excess == 0 or other.oca_group in groups:
            continue
        trades = expected_trades(other, engine, quantity=excess)
        if trades and (excess is not None or _open(trades, engine)):
            pending += trades
            groups |= {other.oca_group} - {""}
    return pending
