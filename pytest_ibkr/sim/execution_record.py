"""Books one fill: commission, cash and position, and the execution others ask for.

The one way cash and positions change by trading; sends nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_ibkr.sim.combo import Combo
from pytest_ibkr.sim.combo_executions import execute_combo
from pytest_ibkr.sim.combo_fills import natural_prices
from pytest_ibkr.sim.combo_quotes import leg_prices
from pytest_ibkr.sim.commissions import commission_of_fill
from pytest_ibkr.sim.order_state import Execution, Order, OrderBook
from pytest_ibkr.sim.positions import ZERO, Trade

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.engine import Engine

REMOVED = 2  # lastLiquidity of a fill that took from the book; 1 added to it


def execute_order(
    engine: Engine, book: OrderBook, order: Order, *, shares: Decimal, price: Decimal, added: bool
) -> tuple[Execution, ...]:
    """Book a fill of an order and count it in the order's sums.

    A combination gives an execution of its own and one per leg.

    Args:
        engine: whose account trades.
        book: keeps the execution.
        order: what fills, with at least ``shares`` remaining.
        shares: shares or contracts, > 0.
        price: dollars per share; of a combination net.
        added: it rested in the book; otherwise it took from it.
    """
    before = order.filled
    order.filled += shares
    order.spent += shares * price
    order.last_price = price
    order.fills += 1
    liquidity = 1 if added else REMOVED
    if isinstance(order.instrument, Combo):
        prices = _leg_prices(engine, order.instrument, price, buys=order.buys)
        return execute_combo(engine, book, order, shares=shares, prices=prices, liquidity=liquidity)
    trade = _trade(order.instrument, shares if order.buys else -shares, price, before=before)
    return (_record(engine, book, trade, order=order, liquidity=liquidity),)


def _leg_prices(engine: Engine, combo: Combo, price: Decimal, *, buys: bool) -> tuple[Decimal, ...]:
    """The legs' natural prices of now, made to add up to the net price."""
    at_s = engine.conditions.frozen.get(combo.symbol, engine.now_s)
    known = natural_prices(combo, lambda leg: engine.market.quote(leg, at_s), buys=buys)
    return leg_prices(combo, price, known)


def execute_external(
    engine: Engine, book: OrderBook, instrument: Instrument, *, quantity: Decimal, price: Decimal
) -> Execution:
    """Book a trade somebody else did on the account; ``quantity`` is signed.

    Only reqExecutions shows it: nobody is sent an execution of an order that is not theirs.
    """
    trade = _trade(instrument, quantity, price, before=ZERO)
    execution = _record(engine, book, trade, order=None, liquidity=REMOVED)
    execution.reported = True
    return execution


def _trade(instrument: Instrument, quantity: Decimal, price: Decimal, *, before: Decimal) -> Trade:
    commission = commission_of_fill(instrument.sec_type, before=before, shares=abs(quantity))
    return Trade(instrument, quantity, price, commission)


def _record(
    engine: Engine, book: OrderBook, trade: Trade, *, order: Order | None, liquidity: int
) -> Execution:
    execution = Execution(
        exec_id=book.new_exec_id(trade.instrument, 1 if order is None else order.fills),
        instrument=trade.instrument,
        buys=trade.quantity > 0,
        shares=abs(trade.quantity),
        price=trade.price,
        at_s=engine.now_s,
        venue=book.venue(trade.instrument),
        liquidity=liquidity,
        commission=trade.commission,
        realized=engine.accounts.trade(trade),
        order=order,
        cumulative=abs(trade.quantity) if order is None else order.filled,
        average_price=trade.price if order is None else order.average_price,
        perm_id=book.new_perm_id() if order is None else order.perm_id,
    )
    book.executions.append(execution)
    return execution
