"""Conditions of an order: what they say, whether the gateway takes them, whether they hold; pure.

Types by their number on the wire: 1 price, 3 time, 4 margin, 5 execution, 6 volume, 7 percentage
change (gateway-behaviour.md 7.3). How several are joined is not evidenced: from left to right.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.calendar import EXCHANGE_ZONE
from pytest_ibkr.sim.refusal import Refusal, invalid
from pytest_ibkr.sim.times import read_moment
from pytest_ibkr.sim.triggers import METHODS, prices

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.order_state import Order
    from pytest_ibkr.wire.messages.place_order import OrderCondition, PlaceOrder

PRICE, TIME, MARGIN, EXECUTION, VOLUME, CHANGE = 1, 3, 4, 5, 6, 7
_ABOUT_CONTRACT: Final = frozenset({PRICE, VOLUME, CHANGE})
_SUBMITTED: Final = frozenset({"LMT", "MKT", "MIDPRICE", "REL"})
_CANCELLED: Final = frozenset({"LMT", "MIDPRICE"})
INCOMPLETE: Final = Refusal(147, "The conditional contract info is incomplete.")
NOT_FOR_TYPE: Final = Refusal(
    148,
    "Conditional submission of orders is supported for Limit, Market, MidPrice, Relative and Snap"
    " order types only. Conditional cancelation of orders is supported for Limit and MidPrice"
    " order types only.",
)
BAD_TIME: Final = (
    "Time: The date, time, or time-zone entered is invalid.\n"
    "The correct format is yyyymmdd hh:mm:ss xx/xxxx where yyyymmdd and xx/xxxx are optional."
)
_ANY_EXCHANGE: Final = frozenset({"", "*", "SMART"})
_FULL = 100.0  # percent


def check(terms: PlaceOrder, order_type: str, engine: Engine) -> None:
    """Refuse conditions that cannot be read or do not go with the order.

    Args:
        terms: the request.
        order_type: its type as printed.
        engine: whose contracts exist.

    Raises:
        Refusal: 148 for the order type, 147 for the contract, 10314 for the time, 321 for a value
            that is no number or a type that is none.
    """
    if not terms.conditions:
        return
    if order_type not in (_CANCELLED if terms.conditions_cancel_order else _SUBMITTED):
        raise NOT_FOR_TYPE
    for each in terms.conditions:
        _check_one(each, engine)


def _check_one(each: OrderCondition, engine: Engine) -> None:
    if each.type == TIME:
        _moment(each.value)
    elif each.type == EXECUTION:
        if not (each.symbol and each.sec_type):
            raise INCOMPLETE
    elif each.type in (MARGIN, *_ABOUT_CONTRACT):
        _number(each.value)
    else:
        raise invalid("Invalid condition type")
    if each.type in _ABOUT_CONTRACT and engine.world.book.by_id(each.con_id) is None:
        raise INCOMPLETE
    if each.type == PRICE and each.trigger_method not in METHODS:
        raise invalid("Invalid trigger method")


def next_moment_s(order: Order, engine: Engine) -> float | None:
    """When the conditions of an order should be looked at next; None: never again.

    That is when a quote they are about changes, or a moment they name comes.
    """
    now_s, book, market = engine.now_s, engine.world.book, engine.market
    moments = []
    for each in order.terms.conditions:
        if each.type == TIME:
            moments.append(_moment(each.value))
            continue
        found = book.by_id(each.con_id) if each.type in _ABOUT_CONTRACT else order.instrument
        change_s = None if found is None else market.next_change_s(found, now_s)
        if change_s is not None:
            moments.append(change_s)
    return min((moment_s for moment_s in moments if moment_s > now_s), default=None)


def hold(order: Order, engine: Engine) -> bool:
    """Whether the conditions of an order are met now.

    Without ``conditions_ignore_rth`` they are met in a regular session only.
    """
    terms = order.terms
    if not terms.conditions_ignore_rth and not engine.market.is_open(engine.now_s):
        return False
    met, joined = False, "o"
    for each in terms.conditions:
        now = _holds(each, order, engine)
        met = (met and now) if joined == "a" else (met or now)
        joined = each.conjunction
    return met


def _holds(each: OrderCondition, order: Order, engine: Engine) -> bool:
    if each.type == TIME:
        at_s = _moment(each.value)
        return engine.now_s >= at_s if each.is_more else engine.now_s < at_s
    if each.type == EXECUTION:
        return _executed(each, order, engine)
    if each.type == MARGIN:
        return _compares(_cushion(engine), each)
    return _market_holds(each, engine)


def _market_holds(each: OrderCondition, engine: Engine) -> bool:
    instrument = engine.world.book.by_id(each.con_id)
    if instrument is None or instrument.symbol in engine.halted:
        return False
    quote = engine.market.quote(instrument, engine.market_time(instrument))
    if each.type == PRICE:
        seen = prices(
            quote,
            method=each.trigger_method,
            side="bid" if each.is_more else "ask",  # the side that gets there last
            option=instrument.sec_type == "OPT",
        )
        return any(_compares(price, each) for price in seen)
    if each.type == VOLUME:
        return _compares(None if quote.volume is None else float(quote.volume), each)
    if quote.last is None or not quote.close:
        return False
    return _compares((quote.last / quote.close - 1) * _FULL, each)


def _executed(each: OrderCondition, order: Order, engine: Engine) -> bool:
    """Whether something was executed in the named contract since the order was taken."""
    return any(
        done.at_s >= order.taken_s
        and done.instrument.symbol == each.symbol
        and done.instrument.sec_type == each.sec_type
        and (each.execution_exchange in _ANY_EXCHANGE or each.execution_exchange == done.venue)
        for done in engine.orders.book.executions
    )


def _cushion(engine: Engine) -> float | None:
    """Excess liquidity in percent of net liquidation; None without a positive one."""
    standing = engine.accounts.standing()
    if standing.net_liquidation <= 0:
        return None
    return float(standing.excess_liquidity / standing.net_liquidation) * _FULL


def _compares(value: float | None, each: OrderCondition) -> bool:
    if value is None:
        return False
    level = _number(each.value)
    return value >= level if each.is_more else value <= level


def _moment(text: str) -> float:
    """Epoch seconds of a time condition."""
    try:
        return read_moment(text.strip(), zone=EXCHANGE_ZONE)
    except ValueError:
        raise Refusal(10314, BAD_TIME) from None


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise invalid("Invalid condition value")
    return value
