"""Which moments matter to orders that meet the market: quote changes and the opening.

Keeps one timer per instrument with working orders; ``OrderFlow`` acts.
"""

from __future__ import annotations

from contextlib import ExitStack
from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_ibkr.sim import fills
from pytest_ibkr.sim.combo import Combo
from pytest_ibkr.sim.combo_fills import take
from pytest_ibkr.sim.order_state import Order, Status
from pytest_ibkr.sim.order_types import PEGGED, TRAILING
from pytest_ibkr.sim.positions import ZERO, exact

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.order_flow import OrderFlow
    from pytest_ibkr.sim.quotes import Quote
    from pytest_ibkr.sim.schedule import Timer


class Watch:
    """Looks at working orders when their market may have changed."""

    def __init__(self, engine: Engine, flow: OrderFlow) -> None:
        self._engine, self._flow = engine, flow
        self._timers: dict[int, Timer] = {}
        self._watched: dict[int, list[Order]] = {}
        self._liquidity = fills.Liquidity()
        self.paused = False  # scripted: acknowledgements go on, the market fills nothing

    def route(self, order: Order) -> None:
        """Let an order meet the market: first after the fill latency, then at every change."""
        engine = self._engine
        order.ready_s = engine.now_s + engine.conditions.latency.fill_s
        engine.schedule.at(order.ready_s, lambda: self._first_look(order), owed=True)
        self.start(order)

    def start(self, order: Order) -> None:
        """Watch the instrument of an open order."""
        if not order.is_open:
            return
        watched = self._watched.setdefault(order.instrument.con_id, [])
        if order not in watched:
            watched.append(order)
        self._arm(order.instrument)

    def new_day(self) -> None:
        """Plan anew what was planned by a market and a calendar that are no longer in force."""
        for con_id, orders in list(self._watched.items()):
            working = [order for order in orders if order.is_open]
            if (timer := self._timers.pop(con_id, None)) is not None:
                timer.cancel()
            if working:
                self._arm(working[0].instrument)
            for order in working:
                if order.expires_s is None:
                    self._flow.hours.arm(order)
                self._flow.holds.watch_again(order)

    def _arm(self, instrument: Instrument) -> None:
        if instrument.con_id in self._timers:
            return
        engine = self._engine
        now_s = engine.now_s
        if engine.market.is_open(now_s):
            due_s = engine.market.next_change_s(instrument, now_s)
        else:
            due_s = engine.world.calendar.next_open_s(now_s)
        if due_s is not None:
            timer = engine.schedule.at(due_s, lambda: self._changed(instrument), owed=False)
            self._timers[instrument.con_id] = timer

    def look_now(self, symbol: str) -> None:
        """Look at the working orders on a symbol and its options without waiting for a change."""
        for con_id, orders in list(self._watched.items()):
            if orders and orders[0].instrument.symbol == symbol:
                if (timer := self._timers.get(con_id)) is not None:
                    timer.cancel()
                self._changed(orders[0].instrument)

    def pause(self) -> None:
        """Let the market fill nothing, and cancel nothing it would have filled."""
        self.paused = True

    def resume(self, orders: list[Order]) -> None:
        """Look at these open orders at once; what is immediate-or-cancel had its chance then."""
        self.paused = False
        for symbol in dict.fromkeys(order.instrument.symbol for order in orders):
            self.look_now(symbol)
        for order in orders:
            if order.terms.tif == "IOC" and order.is_open:
                self._first_look(order)

    def _changed(self, instrument: Instrument) -> None:
        self._timers.pop(instrument.con_id, None)
        orders = [order for order in self._watched[instrument.con_id] if order.is_open]
        self._watched[instrument.con_id] = list(orders)
        if not orders:
            return
        # A stack runs every step whatever another one raised, the last pushed first: one order
        # that fails must not leave the others unwatched.
        with ExitStack() as steps:
            steps.callback(self._arm, instrument)
            if not self._engine.market.is_open(self._engine.now_s):
                return
            if (quote := self.valid_quote(instrument)) is not None:
                for order in reversed(orders):
                    steps.callback(self._look, order, quote)
            for order in reversed(orders):
                steps.callback(self._open, order)

    def _open(self, order: Order) -> None:
        if order.waits_for_open and order.is_open and order.auction != "open":
            order.waits_for_open = False
            self._flow.activate(order)

    def _first_look(self, order: Order) -> None:
        if order.ready_s is None or self._engine.now_s < order.ready_s:
            return  # it was modified meanwhile and looks later
        if (quote := self.valid_quote(order.instrument)) is not None:
            self._look(order, quote)
        if order.terms.tif == "IOC" and order.is_open and not order.rests:
            if not self.paused:
                self._flow.cancel_remainder(order)
        elif order.modified_silently and order.is_open:
            order.modified_silently = False
            self._flow.reports.pair(order)

    def _look(self, order: Order, quote: Quote) -> None:
        """Trigger, trail and fill one order as the quote of this moment allows."""
        if self.paused or not order.is_open or order.waits_for_parent or order.waits_for_open:
            return
        self._flow.holds.look_for_shares(order)
        if order.sleeps or order.silent or order.auction:
            return
        if order.waits_for_trigger:
            if self.set_trailing_stop(order):
                self._flow.reports.pair(order)
            if not fills.stop_reached(order, quote):
                return
            order.triggered = True
            order.ready_s = self._engine.now_s
            if order.status is Status.PRE_SUBMITTED:
                order.status = Status.SUBMITTED
                self._flow.reports.pair(order)
            if self._flow.kept_out(order):
                return
        if order.ready_s is None or self._engine.now_s < order.ready_s:
            return
        if order.order_type in PEGGED and order.limit is None:
            self._repeg(order, quote)
        self._take(order, quote)
        if order.order_type in PEGGED and order.is_open:
            self._repeg(order, quote)
        if order.terms.tif == "IOC" and order.is_open:
            self._flow.cancel_remainder(order)

    def valid_quote(self, instrument: Instrument) -> Quote | None:
        """The quote an order may trade on; None while halted, closed, frozen for too long.

        Nor is there one after the market's last change, which is where its data ends.
        """
        engine, market = self._engine, self._engine.market
        if instrument.symbol in engine.halted or not market.is_open(engine.now_s):
            return None
        if market.next_change_s(instrument, engine.now_s) is None:
            return None
        priced_s = engine.market_time(instrument)
        if engine.now_s - priced_s > fills.STALE_AFTER_S:
            return None
        return market.quote(instrument, priced_s)

    def set_trailing_stop(self, order: Order) -> bool:
        """Move a trailing stop to where the market of now puts it; True: it moved."""
        quote = self.valid_quote(order.instrument)
        if order.order_type not in TRAILING or quote is None:
            return False
        price = fills.trigger_price(order, quote)
        tick = self._engine.market.tick_size(order.instrument, price or Decimal(1))
        before, order.stop = order.stop, fills.trailed_stop(order, quote, tick=tick)
        order.limit = fills.trailed_limit(order)
        return order.stop != before

    def _repeg(self, order: Order, quote: Quote) -> None:
        """Move a pegged order along; what rests meets only quotes that come after."""
        tick = self._engine.market.tick_size(order.instrument, exact(quote.bid or 1.0))
        order.limit = fills.pegged_price(order, quote, tick=tick)

    def _take(self, order: Order, quote: Quote) -> None:
        offer = fills.opposite(quote, buys=order.buys)
        if offer is None or not fills.acceptable(order, offer):
            return
        if order.order_type in PEGGED and order.limit is None:
            return  # it never had a market to stand in
        shares = self._take_size(order, offer)
        if shares <= 0:
            return
        limited = fills.limit_of(order) is not None and order.order_type != "STP LMT"
        rested = limited and order.ready_s != self._engine.now_s
        self._flow.fill(order, shares, offer.price, added=rested)

    def _take_size(self, order: Order, offer: fills.Offer) -> Decimal:
        """Take what is left of an offer, of a combination's legs' offers; at most the remainder."""
        instrument = order.instrument
        wanted = self._engine.weather.part(order, order.remaining)
        if isinstance(instrument, Combo):
            engine = self._engine
            at_s = engine.market_time(instrument)

            def quote_of(leg: Instrument) -> Quote:
                return engine.market.quote(leg, at_s)

            return take(self._liquidity, instrument, quote_of, buys=order.buys, wanted=wanted)
        left = self._liquidity.left(instrument.con_id, offer, buys=order.buys)
        shares = min(left, wanted)
        if order.terms.all_or_none and shares < order.remaining:
            return ZERO
        if shares > 0:
            self._liquidity.take(instrument.con_id, offer, shares, buys=order.buys)
        return shares
