"""Books one fill of a combination: its own execution, then one per leg; sends nothing.

Cash and positions change by the legs alone. Execution ids share prefix and middle and differ in
the third group (gateway-behaviour.md 3.8). The legs pay the commission; the combination's own
report says 0, so that reports add up to the running sum that openOrder shows. Whether a real
gateway repeats the sum there is not evidenced: condition ``combo_commission``.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_ibkr.sim.combo import Combo, Leg
from pytest_ibkr.sim.commissions import commission_of_fill
from pytest_ibkr.sim.order_state import Execution, Order, OrderBook
from pytest_ibkr.sim.positions import ZERO, Trade

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine


def leg_trades(
    combo: Combo,
    *,
    quantity: Decimal,
    prices: Sequence[Decimal],
    before: Decimal = ZERO,
) -> list[Trade]:
    """The trades that a trade of a combination is.

    Args:
        combo: what is traded.
        quantity: signed combinations; negative sells.
        prices: of the legs, in their order, dollars per share.
        before: combinations the same order had filled earlier.
    """
    return [
        Trade(
            leg.instrument,
            quantity * leg.ratio,
            price,
            commission_of_fill(
                leg.instrument.sec_type,
                before=before * abs(leg.ratio),
                shares=abs(quantity * leg.ratio),
            ),
        )
        for leg, price in zip(combo.legs, prices, strict=True)
    ]


def execute_combo(
    engine: Engine,
    book: OrderBook,
    order: Order,
    *,
    shares: Decimal,
    prices: Sequence[Decimal],
    liquidity: int,
) -> tuple[Execution, ...]:
    """Book a fill that the order's sums already count.

    Args:
        engine: whose account trades.
        book: keeps the executions.
        order: of a combination.
        shares: combinations, > 0.
        prices: of the legs, in their order, dollars per share.
        liquidity: 1 added, 2 removed.

    Returns:
        The combination's own execution, then its legs'.
    """
    combo = order.instrument
    assert isinstance(combo, Combo)  # noqa: S101  # the caller looked
    signed = shares if order.buys else -shares
    trades = leg_trades(combo, quantity=signed, prices=prices, before=order.filled - shares)
    total = sum((trade.commission for trade in trades), ZERO)
    ids = book.new_combo_exec_ids(combo.legs[0].instrument, len(trades))
    venue = book.venue(combo.legs[0].instrument)
    own = Execution(
        exec_id=ids[0],
        instrument=combo,
        buys=order.buys,
        shares=shares,
        price=order.last_price,
        at_s=engine.now_s,
        venue=venue,
        liquidity=liquidity,
        commission=ZERO,
        realized=None,
        order=order,
        cumulative=order.filled,
        average_price=order.average_price,
        perm_id=order.perm_id,
        repeated=total if engine.conditions.combo_commission == "repeated" else ZERO,
    )
    book.executions.append(own)
    legs = zip(combo.legs, trades, ids[1:], strict=True)
    return (own, *(_booked(engine, book, own, leg, trade, exec_id) for leg, trade, exec_id in legs))


def _booked(
    engine: Engine, book: OrderBook, own: Execution, leg: Leg, trade: Trade, exec_id: str
) -> Execution:
    shares = abs(trade.quantity)
    earlier = [
        each
        for each in book.executions
        if each.order is own.order and each.instrument is leg.instrument
    ]
    cumulative = sum((each.shares for each in earlier), shares)
    spent = sum((each.shares * each.price for each in earlier), shares * trade.price)
    execution = Execution(
        exec_id=exec_id,
        instrument=leg.instrument,
        buys=trade.quantity > 0,
        shares=shares,
        price=trade.price,
        at_s=own.at_s,
        venue=own.venue,
        liquidity=own.liquidity,
        commission=trade.commission,
        realized=engine.accounts.trade(trade),
        order=own.order,
        cumulative=cumulative,
        average_price=spent / cumulative,
        perm_id=own.perm_id,
    )
    book.executions.append(execution)
    return execution
