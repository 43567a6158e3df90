"""When an order begins and ends by its own words: TIF, good-after time, auctions.

Arms the timers; ``OrderFlow`` acts. Auctions are synthetic: everything that reaches the auction
price trades there in one piece, since neither snapshot nor feed shows an auction's book. The price
is the session's open, or its last price at the close.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.calendar import EXCHANGE_ZONE, date_of
from pytest_ibkr.sim.fills import Offer, acceptable
from pytest_ibkr.sim.order_state import Order, Status
from pytest_ibkr.sim.positions import exact
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.sim.times import read_moment

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.order_flow import OrderFlow
    from pytest_ibkr.wire.messages.place_order import PlaceOrder

BAD_DATE: Final = Refusal(334, "Invalid Good Till Date order")
_OPENING_S: Final = 60.0  # an opening price that is not known by then never comes
_BAD_MOMENT: Final = (
    "{label}: The date, time, or time-zone entered is invalid.\n"
    "The correct format is yyyymmdd hh:mm:ss xx/xxxx where yyyymmdd and xx/xxxx are optional."
)


def moment(text: str, code: int, label: str, *, now_s: float) -> float | None:
    """Epoch seconds of a good-after or good-till moment; None for none; today's when undated.

    Raises:
        Refusal: ``code``, when nobody can read it.
    """
    if not text:
        return None
    dated = text if text[:8].isdigit() else f"{date_of(now_s)} {text}"
    try:
        return read_moment(dated, zone=EXCHANGE_ZONE)
    except ValueError:
        raise Refusal(code, _BAD_MOMENT.format(label=label)) from None


def good_after_s(terms: PlaceOrder, now_s: float) -> float | None:
    """When an order may begin; None: at once."""
    return moment(terms.good_after_time, 337, "Start Time", now_s=now_s)


def good_till_s(terms: PlaceOrder, now_s: float) -> float | None:
    """When an order that is good till a date ends; None: it has none."""
    return moment(terms.good_till_date, 343, "End Time", now_s=now_s)


def check(terms: PlaceOrder, now_s: float) -> None:
    """Refuse moments nobody can read, and an end that is missing, past or not asked for.

    Raises:
        Refusal: 337, 343, 334.
    """
    good_after_s(terms, now_s)
    ends_s = good_till_s(terms, now_s)
    if (ends_s is None) is (terms.tif == "GTD") or (ends_s is not None and ends_s <= now_s):
        raise BAD_DATE


class Hours:
    """Ends orders at their time and holds the auctions."""

    def __init__(self, engine: Engine, flow: OrderFlow) -> None:
        self._engine, self._flow = engine, flow

    def opening_text(self) -> str:
        """When the next session begins, as warning 399 prints it."""
        opens_s = self._engine.world.calendar.next_open_s(self._engine.now_s)
        if opens_s is None:
            return "the next session"
        return f"{datetime.fromtimestamp(opens_s, EXCHANGE_ZONE):%Y-%m-%d %H:%M:%S} US/Eastern"

    def arm(self, order: Order) -> None:
        """Plan the end of an order that has one, and the auction it is for."""
        order.expires_s = self._end_of(order)
        ends_s = order.expires_s
        if ends_s is not None:
            self._engine.schedule.at(ends_s, lambda: self._end(order, ends_s), owed=False)

    def _end_of(self, order: Order) -> float | None:
        """The close of the session a day order works in, a date, an opening; None: never."""
        calendar, now_s = self._engine.world.calendar, self._engine.now_s
        if order.terms.tif == "GTC":
            return None
        if order.terms.tif == "GTD":
            return good_till_s(order.terms, now_s)
        if order.auction == "open":
            return calendar.next_open_s(now_s)
        opens_s = now_s if calendar.is_open(now_s) else calendar.next_open_s(now_s)
        session = None if opens_s is None else calendar.session_of(opens_s)
        return None if session is None else session.close_s

    def _end(self, order: Order, ends_s: float) -> None:
        if not order.is_open or order.expires_s != ends_s:
            return
        next_s = self._first_print_s(order, ends_s)
        if next_s is not None:
            self._engine.schedule.at(next_s, lambda: self._end(order, ends_s), owed=False)
            return
        if order.auction:
            self._auction(order)
        if order.is_open:
            self._flow.cancel_now(order)

    def _first_print_s(self, order: Order, opens_s: float) -> float | None:
        """When to look again for the opening price; None: it is known, or waited for too long."""
        engine, instrument = self._engine, order.instrument
        if order.auction != "open" or engine.now_s >= opens_s + _OPENING_S:
            return None
        if engine.market.quote(instrument, engine.now_s).last is not None:
            return None
        return engine.market.next_change_s(instrument, engine.now_s)

    def _auction(self, order: Order) -> None:
        """Fill an order in the auction of now, if the auction's price reaches it."""
        engine, instrument = self._engine, order.instrument
        held = order.waits_for_parent or order.sleeps or self._flow.watch.paused
        if held or order.status is Status.PENDING_CANCEL or instrument.symbol in engine.halted:
            return
        quote = engine.market.quote(instrument, engine.market_time(instrument))
        at_open = order.auction == "open" and quote.open is not None
        price = quote.open if at_open else quote.last
        if price is None or price <= 0:
            return
        offer = Offer(Decimal(exact(price)), order.remaining)
        if acceptable(order, offer):
            self._flow.fill(order, order.remaining, offer.price, added=False)
