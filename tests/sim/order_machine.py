"""Any interleaving of what can happen to orders, checked after each step against a plain ledger.

The ledger knows executions only as the wire and the gateway's records tell them: quantities,
positions, cash and commissions must add up to the cent, and an order that is done stays as it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from pytest_ibkr.sim.order_state import Order
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.account import Position, PositionEnd, ReqPositions
from pytest_ibkr.wire.messages.executions import CommissionReport, ExecutionData
from pytest_ibkr.wire.messages.order import OrderStatus, ReqGlobalCancel
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from tests.sim.orders_bench import Bench, Desk

TERMINAL = frozenset({"Filled", "Cancelled", "ApiCancelled", "Inactive"})
CASH = Decimal("1000000.00")
MULTIPLIER = {"STK": 1, "OPT": 100}
PRICES = st.sampled_from(["754.00", "754.90", "754.93", "754.95", "755.40"])
OPTION_PRICES = st.sampled_from(["2.40", "2.50", "2.55", "2.60"])
ACTIONS = st.sampled_from(["BUY", "SELL"])
QUANTITIES = st.integers(1, 240)
STOCK_TERMS = st.one_of(
    st.fixed_dictionaries({"order_type": st.just("MKT")}),
    st.fixed_dictionaries({"limit_price": PRICES, "tif": st.sampled_from(["DAY", "GTC", "IOC"])}),
    st.fixed_dictionaries({"order_type": st.just("STP"), "aux_price": PRICES}),
    st.fixed_dictionaries(
        {
            "order_type": st.sampled_from(["STP LMT", "LIT"]),
            "aux_price": PRICES,
            "limit_price": PRICES,
        }
    ),
    st.fixed_dictionaries(
        {"order_type": st.sampled_from(["MTL", "REL", "MIDPRICE", "MOC", "PEG MID"])}
    ),
    st.fixed_dictionaries({"order_type": st.just("MIT"), "aux_price": PRICES}),
    st.fixed_dictionaries({"order_type": st.just("LOC"), "limit_price": PRICES}),
    st.fixed_dictionaries(
        {
            "order_type": st.just("TRAIL LIMIT"),
            "aux_price": st.just("0.50"),
            "trail_stop_price": PRICES,
            "limit_price_offset": st.just(0.1),
        }
    ),
    st.fixed_dictionaries({"limit_price": PRICES, "tif": st.just("OPG")}),
    st.fixed_dictionaries({"limit_price": PRICES, "all_or_none": st.just(True)}),
    st.fixed_dictionaries(
        {"limit_price": PRICES, "good_after_time": st.just("10:02:00 US/Eastern")}
    ),
    st.fixed_dictionaries(
        {
            "limit_price": PRICES,
            "tif": st.just("GTD"),
            "good_till_date": st.just("20260710 10:05:00 US/Eastern"),
        }
    ),
)


class OrderMachine(RuleBasedStateMachine):
    """Two clients of one account; ``placed`` holds (client id, order id)."""

    placed = Bundle("placed")

    @initialize()
    def begin(self) -> None:
        """Two programs connect."""
        self.bench = Bench(cash=str(CASH))
        self.bench.market.grid_s = 120.0  # hours pass here
        chain = self.bench.world.book.chain("SPY")  # one that outlives the story
        option = max(chain, key=lambda each: (each.expiry, each.con_id))
        self.option = replace(option.contract(), exchange="SMART")
        self.bench.market.set(option, 2.50, 2.55, bid_size=10, ask_size=10)
        self.desks: dict[int, Desk | None] = {1: self.bench.start(client_id=1), 2: None}
        self.desks[2] = self.bench.start(client_id=2)
        self.next_id = Counter({1: 0, 2: 0})
        self.done: dict[tuple[int, int], tuple[str, Decimal]] = {}
        self.told: dict[tuple[int, int], list[str]] = {}

    # -- what may happen

    @rule(
        target=placed,
        client=st.sampled_from([1, 2]),
        orders=st.lists(st.tuples(ACTIONS, QUANTITIES, STOCK_TERMS), min_size=1, max_size=5),
    )
    def place(self, client: int, orders: list[tuple[str, int, dict[str, Any]]]) -> Any:
        """New orders for shares at once, when the program is connected."""
        return multiple(*[self._place(client, *each) for each in orders])

    @rule(
        target=placed,
        client=st.sampled_from([1, 2]),
        action=ACTIONS,
        quantity=st.integers(1, 30),
        price=OPTION_PRICES,
    )
    def place_option(self, client: int, action: str, quantity: int, price: str) -> Any:
        """A new order for calls."""
        terms = {"limit_price": price, "contract": self.option}
        return self._place(client, action, quantity, terms)

    @rule(known=placed, quantity=QUANTITIES, price=PRICES)
    def modify(self, known: tuple[int, int], quantity: int, price: str) -> None:
        """Send an id again, working or not, with other terms."""
        client, number = known
        desk = self.desks[client]
        order = self._order(known)
        if desk is not None and order is not None and order.instrument.sec_type == "STK":
            desk.place(number, order.terms.action, quantity, limit_price=price)

    @rule(known=placed)
    def cancel(self, known: tuple[int, int]) -> None:
        """Cancel an id, working or not."""
        if (desk := self.desks[known[0]]) is not None:
            desk.cancel(known[1])

    @rule(client=st.sampled_from([1, 2]))
    def cancel_all(self, client: int) -> None:
        """A global cancel."""
        if (desk := self.desks[client]) is not None:
            desk.send(ReqGlobalCancel())

    @rule(bid=st.sampled_from([753.8, 754.9, 754.95, 755.5]), size=st.integers(1, 150),
          spread=st.sampled_from([0.01, 0.05]))  # fmt: skip
    def market_moves(self, bid: float, size: int, spread: float) -> None:
        """Another quote, with a size of its own on each side."""
        sizes = {"bid_size": size, "ask_size": 151 - size}
        self.bench.market.set(self.bench.spy, bid, round(bid + spread, 2), **sizes)

    @rule()
    def market_is_one_sided(self) -> None:
        """Nobody sells."""
        self.bench.market.set(self.bench.spy, 754.9, None)

    @rule(seconds=st.sampled_from([0.05, 0.2, 1.0, 150.0]))
    def time_passes(self, seconds: float) -> None:
        """Answers and fills come due."""
        self.bench.run(seconds)

    @rule(client=st.sampled_from([1, 2]))
    def disconnect(self, client: int) -> None:
        """A program dies; its orders work on."""
        if (desk := self.desks[client]) is not None:
            self._listen(client, desk)
            self.bench.engine.gone(desk.client, "died")
            self.desks[client] = None

    @rule(client=st.sampled_from([1, 2]))
    def reconnect(self, client: int) -> None:
        """It comes back under its id."""
        if self.desks[client] is None:
            self.desks[client] = self.bench.connect(client_id=client)

    @rule()
    def session_ends(self) -> None:
        """Over the close and the weekend into the next session."""
        calendar = self.bench.world.calendar
        opening_s = calendar.next_open_s(self.bench.engine.now_s)
        if opening_s is not None:
            self.bench.engine.advance(opening_s + 1.0)

    # -- what always holds

    @invariant()
    def the_books_agree(self) -> None:
        """Cash, positions and each order's sums are those of the executions, to the cent."""
        if not hasattr(self, "bench"):
            return
        engine = self.bench.engine
        cash, held, filled = (
            CASH,
            defaultdict[int, Decimal](Decimal),
            defaultdict[int, Decimal](Decimal),
        )
        for one in engine.orders.book.executions:
            signed = one.shares if one.buys else -one.shares
            cash -= signed * one.price * MULTIPLIER[one.instrument.sec_type] + one.commission
            held[one.instrument.con_id] += signed
            filled[id(one.order)] += one.shares
        assert engine.accounts.cash == cash
        booked = {number: each for number, each in engine.accounts.quantities().items() if each}
        assert booked == {number: quantity for number, quantity in held.items() if quantity}
        for order in engine.orders.book.all():
            assert order.filled == filled[id(order)], order
            assert order.filled + order.remaining == order.quantity
            assert order.remaining >= 0
            assert (order.status == "Filled") == (order.remaining == 0), order

    @invariant()
    def who_is_done_stays_done(self) -> None:
        """An order ends in one terminal state, and neither state nor quantity changes after it."""
        if not hasattr(self, "bench"):
            return
        for order in self.bench.engine.orders.book.all():
            key = (order.client_id, order.order_id)
            if order.is_done:
                ended = (str(order.status), order.filled)
                assert self.done.setdefault(key, ended) == ended
            else:
                assert key not in self.done
        for client, desk in self.desks.items():
            if desk is not None:
                self._listen(client, desk)

    def teardown(self) -> None:
        """Everything is cancelled; then every order is done, and the wire tells the same."""
        if not hasattr(self, "bench"):
            return
        self.reconnect(1)
        self.reconnect(2)
        one = self.desks[1]
        assert one is not None
        self.market_moves(754.9, 75, 0.05)
        self.bench.run(150)
        one.send(ReqGlobalCancel())
        self.bench.run(150)
        self.the_books_agree()
        self.who_is_done_stays_done()
        working = [order for order in self.bench.engine.orders.book.all() if not order.is_done]
        assert working == []
        self._positions_on_the_wire(one)

    # -- the ledger's means

    def _place(self, client: int, action: str, quantity: int, terms: dict[str, Any]) -> Any:
        self.next_id[client] += 1
        number = self.next_id[client]
        if (desk := self.desks[client]) is not None:
            desk.place(number, action, quantity, **dict(terms))
        return client, number

    def _order(self, known: tuple[int, int]) -> Order | None:
        return self.bench.engine.orders.book.find(*known)

    def _listen(self, client: int, desk: Desk) -> None:
        """What a client was told of each order: once done, nothing but the same again.

        Who sent more than 50 requests in a second is out, and may come back.
        """
        if desk.client.closing:
            self.bench.engine.gone(desk.client, desk.client.closing)
            self.desks[client] = None
        for message in desk.receive():
            if isinstance(message, OrderStatus | OpenOrder):
                said = self.told.setdefault((client, message.order_id), [])
                ended = [status for status in said if status in TERMINAL]
                assert not ended or message.status == ended[-1], (message, said)
                said.append(message.status)
            elif isinstance(message, ExecutionData):
                assert message.shares > 0
            elif isinstance(message, CommissionReport):
                assert message.commission > 0

    def _positions_on_the_wire(self, desk: Desk) -> None:
        desk.receive()
        desk.send(ReqPositions())
        self.bench.run(5)
        rows: list[Message] = desk.receive()
        assert any(isinstance(row, PositionEnd) for row in rows)
        told = {row.contract.con_id: row.position for row in rows if isinstance(row, Position)}
        held = {n: q for n, q in self.bench.engine.accounts.quantities().items() if q}
        assert {n: q for n, q in told.items() if q} == held
