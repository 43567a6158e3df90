"""Any interleaving of orders, combinations, brackets and nights, over days on which options end.

A market of six days that stands still by day and gaps at night. What was traded and what became
of expired options must explain cash and positions to the cent, and no message contradicts another.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from functools import lru_cache
from itertools import groupby
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from pytest_ibkr.sim.calendar import date_of
from pytest_ibkr.sim.combo import PRINTED_CON_ID
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.order_state import Order
from pytest_ibkr.sim.weather.catalogue import WEATHERS
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.account import Position, ReqPositions
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.executions import CommissionReport, ExecutionData, ReqExecutions
from pytest_ibkr.wire.messages.order import OrderStatus, ReqGlobalCancel
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from tests.sim.combo_bench import leg
from tests.sim.days_bench import Listed, SmallDays, abc, moment
from tests.sim.order_machine import TERMINAL
from tests.sim.orders_bench import Bench, Desk

CASH = Decimal("40000.00")
PRICES = {  # by night the stock moves across the strikes, up and down
    "20260205": 100.0,
    "20260206": 104.5,
    "20260209": 99.0,
    "20260210": 101.0,
    "20260211": 96.5,
}
EXPIRIES = ("20260206", "20260210", "20260211")
STRIKES = (98.0, 100.0, 102.0)
LOOK_S = 900.0  # between two looks of working orders at a market that stands still
ABC = Contract(symbol="ABC", sec_type="STK", exchange="SMART", currency="USD")
BAG = Contract(symbol="ABC", sec_type="BAG", exchange="SMART", currency="USD")
SKIES: dict[str, dict[str, Any]] = {
    "cancel_race": {},
    "partial_fills": {},
    "duplicate_callbacks": {},
    "fill_before_status": {},
    "nightly_restart": {"at": "23:45"},
    "price_band_cancel": {"times": 2},
    "margin_reject": {"times": 2},
}
CLIENTS = st.sampled_from([1, 2])
ACTIONS = st.sampled_from(["BUY", "SELL"])
TIFS = st.sampled_from(["DAY", "GTC"])
OFFSETS = st.sampled_from(["-2.00", "-0.50", "0.05", "2.00", "5.00"])
PLACES = st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from("CP"))


@lru_cache
def days() -> SmallDays:
    """The market, shared by all stories of a process."""
    return SmallDays(PRICES, {date: _listed(date) for date in PRICES})


def _listed(date: str) -> list[Listed]:
    alive = [expiry for expiry in EXPIRIES if expiry >= date]
    return [(expiry, strike, right) for expiry in alive for strike in STRIKES for right in "CP"]


class DaysBench(Bench):
    """A gateway on the first of the days, whose working orders look at the market now and then."""

    def __init__(self) -> None:
        market = days()
        start_s = moment(market.dates[0], 10)
        world = market.world(market.dates[0])
        self.engine = Engine(world, start_s=start_s, cash=CASH, days=market)
        self.spy_contract = ABC
        changes = self.engine.market.next_change_s

        def seldom(instrument: Instrument, at_s: float) -> float | None:
            found = changes(instrument, at_s)
            if found is None or not self.engine.market.is_open(at_s):
                return found
            return max(found, (at_s // LOOK_S + 1) * LOOK_S)

        self.engine.market.next_change_s = seldom  # type: ignore[method-assign]


class DaysMachine(RuleBasedStateMachine):
    """Two clients of one small account; ``placed`` holds (client id, order id)."""

    placed = Bundle("placed")

    @initialize()
    def begin(self) -> None:
        """Two programs connect; the first follows positions."""
        self.bench = DaysBench()
        self.desks: dict[int, Desk | None] = {
            number: self.bench.start(client_id=number) for number in (1, 2)
        }
        self.next_id = Counter({1: 0, 2: 0})
        self.weathers: set[str] = set()
        self.told: dict[tuple[int, int], list[str]] = {}
        self.positions: dict[int, Decimal] = {}
        self.day, self.base = "", Decimal(0)
        self._follow()

    # -- what may happen

    @rule(target=placed, client=CLIENTS, action=ACTIONS, tif=TIFS, offset=OFFSETS,
          quantity=st.sampled_from([1, 60, 100, 200, 700]))  # fmt: skip
    def place(self, client: int, action: str, quantity: int, offset: str, tif: str) -> Any:
        """A limit order for shares, too large a one included."""
        return self._place(client, action, quantity, limit_price=self._near(offset), tif=tif)

    @rule(target=placed, client=CLIENTS, action=ACTIONS, where=PLACES, tif=TIFS,
          quantity=st.integers(1, 3), market=st.booleans())  # fmt: skip
    def place_option(
        self, client: int, action: str, quantity: int, where: tuple[int, int, str], tif: str, *,
        market: bool,
    ) -> Any:  # fmt: skip
        """An order for options: at the market or at a price that may rest."""
        contract = self._option(where).contract(exchange="SMART")
        terms: dict[str, Any] = {} if market else {"limit_price": "2.00"}
        return self._place(client, action, quantity, contract=contract, tif=tif, **terms)

    @rule(target=placed, client=CLIENTS, action=ACTIONS, first=PLACES, second=PLACES, tif=TIFS,
          sides=st.tuples(*[st.sampled_from([1, -1])] * 2), quantity=st.integers(1, 3),
          price=st.sampled_from(["", "-1.00", "0.50", "2.00"]), covered=st.booleans())  # fmt: skip
    def place_combo(
        self, client: int, action: str, quantity: int, first: tuple[int, int, str],
        second: tuple[int, int, str], sides: tuple[int, int], price: str, tif: str, *,
        covered: bool,
    ) -> Any:  # fmt: skip
        """A spread, straddle or calendar, or an option with its shares."""
        legs = [leg(self._option(first), sides[0]), leg(self._option(second), sides[1])]
        if covered:
            legs[1] = leg(abc(days(), days().dates[0]), 100 * sides[1])
        terms: dict[str, Any] = {"limit_price": price} if price else {}
        return self._place(client, action, quantity, contract=BAG, legs=legs, tif=tif, **terms)

    @rule(target=placed, client=CLIENTS, action=ACTIONS, quantity=st.sampled_from([10, 100]),
          offset=OFFSETS, tif=TIFS)  # fmt: skip
    def place_bracket(self, client: int, action: str, quantity: int, offset: str, tif: str) -> Any:
        """A parent with its profit and its stop, which outlive the day."""
        out, sign = ("SELL", 1) if action == "BUY" else ("BUY", -1)
        parent = self._place(
            client, action, quantity, limit_price=self._near(offset), tif=tif, transmit=False
        )
        held = {"parent_id": parent[1], "tif": "GTC"}
        gain = self._near(str(3 * sign))
        stop = self._near(str(-3 * sign))
        first = self._place(client, out, quantity, limit_price=gain, transmit=False, **held)
        second = self._place(client, out, quantity, order_type="STP", aux_price=stop, **held)
        return multiple(parent, first, second)

    @rule(target=placed, client=CLIENTS, action=ACTIONS, quantity=st.integers(1, 150),
          kind=st.integers(1, 3), offsets=st.tuples(OFFSETS, OFFSETS), tif=TIFS)  # fmt: skip
    def place_group(
        self, client: int, action: str, quantity: int, kind: int, offsets: tuple[str, str], tif: str
    ) -> Any:
        """Two orders of which one cancels or reduces the other."""
        group = {"oca_group": f"g{client}-{self.next_id[client]}", "oca_type": kind, "tif": tif}
        return multiple(
            *[
                self._place(client, action, quantity, limit_price=self._near(offset), **group)
                for offset in offsets
            ]
        )

    @rule(known=placed, quantity=st.sampled_from([1, 50, 120]), offset=OFFSETS)
    def modify(self, known: tuple[int, int], quantity: int, offset: str) -> None:
        """Send a limit order for shares again, working or not, with other terms."""
        client, number = known
        desk, order = self.desks[client], self.bench.engine.orders.book.find(*known)
        if desk is None or order is None or order.instrument.sec_type != "STK":
            return
        terms = {"tif": order.terms.tif, "parent_id": order.terms.parent_id}
        desk.place(number, order.terms.action, quantity, limit_price=self._near(offset), **terms)

    @rule(known=placed)
    def cancel(self, known: tuple[int, int]) -> None:
        """Cancel an id, working or not."""
        if (desk := self.desks[known[0]]) is not None:
            desk.cancel(known[1])

    @rule(seconds=st.sampled_from([0.05, 0.2, 1.0, 1000.0]))
    def time_passes(self, seconds: float) -> None:
        """Answers and fills come due."""
        self.bench.run(seconds)

    @rule(hours=st.sampled_from([(16, 30), (23, 30)]))
    def evening(self, hours: tuple[int, int]) -> None:
        """After the close, or after what expired is settled."""
        at_s = moment(date_of(self.bench.engine.now_s), *hours)
        self.bench.engine.advance(max(self.bench.engine.now_s, at_s))

    @rule()
    def next_morning(self) -> None:
        """Over the night or the weekend into the next session."""
        following = days().after(date_of(self.bench.engine.now_s))
        if following is not None:
            self.bench.engine.advance(moment(following, 9, 30, 1.0))

    @rule(name=st.sampled_from(sorted(SKIES)))
    def weather_begins(self, name: str) -> None:
        """From now on something goes wrong again and again."""
        if name not in self.weathers:
            self.weathers.add(name)
            self.bench.engine.weather.arm(WEATHERS[name](**SKIES[name]))

    @rule(client=CLIENTS)
    def disconnect(self, client: int) -> None:
        """A program dies; its orders work on."""
        if (desk := self.desks[client]) is not None:
            self._listen(client, desk)
            self.bench.engine.gone(desk.client, "died")
            self.desks[client] = None

    @rule(client=CLIENTS)
    def reconnect(self, client: int) -> None:
        """It comes back under its id."""
        if self.desks[client] is None:
            self.desks[client] = self.bench.connect(client_id=client)
            if client == 1:
                self._follow()

    # -- what always holds

    @invariant()
    def the_books_agree(self) -> None:
        """Cash and positions are those of executions and settlements, to the cent."""
        if not hasattr(self, "bench"):
            return
        engine = self.bench.engine
        assert engine.failures == []
        cash, held, filled = (
            CASH,
            defaultdict[int, Decimal](Decimal),
            defaultdict[int, Decimal](Decimal),
        )
        for one in engine.orders.book.executions:
            signed = one.shares if one.buys else -one.shares
            if one.instrument is getattr(one.order, "instrument", None):
                filled[id(one.order)] += one.shares
            if one.instrument.sec_type == "BAG":
                assert one.commission == 0, "its legs pay"
                continue
            cash -= signed * one.price * (one.instrument.multiplier or 1) + one.commission
            held[one.instrument.con_id] += signed
        for each in engine.expiry.settled:
            option = each.option
            price, strike = PRICES[option.expiry], option.strike
            inside = price - strike if option.right == "C" else strike - price
            delivered = each.quantity * 100 * (1 if option.right == "C" else -1)
            assert each.shares == (delivered if inside >= 0.01 else 0), each
            held[option.con_id] -= each.quantity
            held[option.under_con_id] += each.shares
            cash -= each.shares * Decimal(str(strike))
        assert engine.accounts.cash == cash
        booked = {number: each for number, each in engine.accounts.quantities().items() if each}
        assert booked == {number: quantity for number, quantity in held.items() if quantity}
        for order in engine.orders.book.all():
            assert order.filled == filled[id(order)], order
            assert order.filled + order.remaining == order.quantity
            assert order.remaining >= 0
            assert (order.status == "Filled") == (order.remaining == 0), order

    @invariant()
    def the_account_is_cash_and_positions(self) -> None:
        """Net liquidation is cash and what is held at its marks; a day's P&L is its change."""
        if not hasattr(self, "bench"):
            return
        accounts = self.bench.engine.accounts
        standing, value = accounts.standing(), accounts.cash
        daily: Decimal = Decimal(0)
        for held in accounts.ledger.holdings.values():
            mark = accounts.mark(held.instrument) if held.quantity else Decimal(0)
            assert mark is not None
            value += held.market_value(mark)
            today = accounts.day.daily(held, mark)
            assert today is not None
            daily += today
        assert standing.net_liquidation == value
        if accounts.day._date != self.day:
            self.day, self.base = accounts.day._date, value - daily
        assert value - daily == self.base, "what the day began with"

    @invariant()
    def messages_agree(self) -> None:
        """Read what came: pairs agree, and who is done stays done."""
        if hasattr(self, "bench"):
            for client, desk in self.desks.items():
                if desk is not None:
                    self._listen(client, desk)

    def teardown(self) -> None:
        """Everything is cancelled; then every order is done, and the wire tells the same."""
        if not hasattr(self, "bench"):
            return
        self.reconnect(1)
        self.reconnect(2)
        desk = self.desks[1]
        assert desk is not None
        self.bench.run(1.0)
        desk.send(ReqGlobalCancel())
        self._give_up_what_is_held()
        self.bench.run(1.0)
        self.the_books_agree()
        self.messages_agree()
        assert [each for each in self.bench.engine.orders.book.all() if not each.is_done] == []
        assert {n: q for n, q in self.positions.items() if q} == {
            n: q for n, q in self.bench.engine.accounts.quantities().items() if q
        }
        self._executions_on_the_wire(desk)

    # -- the ledger's means

    def _give_up_what_is_held(self) -> None:
        """Cancel the first orders of a bracket whose last one never reached the gateway."""
        for order in self.bench.engine.orders.book.all():
            if order.held and (desk := self.desks[order.client_id]) is not None:
                desk.cancel(order.order_id)

    def _follow(self) -> None:
        desk = self.desks[1]
        assert desk is not None
        self.positions.clear()
        desk.send(ReqPositions())

    def _near(self, offset: str) -> str:
        price = PRICES[max(date for date in PRICES if date <= date_of(self.bench.engine.now_s))]
        return str(Decimal(str(price)) + Decimal(offset))

    def _option(self, where: tuple[int, int, str]) -> Instrument:
        expiry, strike, right = EXPIRIES[where[0]], STRIKES[where[1]], where[2]
        chain = days().world(days().dates[0]).book.chain("ABC")
        [found] = [o for o in chain if (o.expiry, o.strike, o.right) == (expiry, strike, right)]
        return found

    def _place(self, client: int, action: str, quantity: int, **terms: Any) -> tuple[int, int]:
        self.next_id[client] += 1
        number = self.next_id[client]
        if (desk := self.desks[client]) is not None:
            desk.place(number, action, quantity, **terms)
        return client, number

    def _listen(self, client: int, desk: Desk) -> None:
        if desk.client.closing:  # more than 50 requests in a second, or a restart
            self.bench.engine.gone(desk.client, desk.client.closing)
            self.desks[client] = None
        received = desk.receive()
        again = "duplicate_callbacks" in self.weathers
        found = [each for each, _ in groupby(received)] if again else received
        for place, message in enumerate(found):
            if isinstance(message, OpenOrder):
                second = found[place + 1]
                assert isinstance(second, OrderStatus), (message, second)
                assert (second.order_id, second.status) == (message.order_id, message.status)
            elif isinstance(message, OrderStatus):
                said = self.told.setdefault((client, message.order_id), [])
                ended = [status for status in said if status in TERMINAL]
                assert not ended or message.status == ended[-1], (message, said)
                said.append(message.status)
            elif isinstance(message, Position):
                self.positions[message.contract.con_id] = message.position

    def _executions_on_the_wire(self, desk: Desk) -> None:
        desk.send(ReqExecutions(request_id=7, last_days=7, dates=()))
        self.bench.run(5)
        rows: list[Message] = desk.receive()
        book = self.bench.engine.orders.book
        told = defaultdict[tuple[int, int], Decimal](Decimal)
        fills = {row.exec_id: row for row in rows if isinstance(row, ExecutionData)}
        for row in fills.values():
            order = book.find(row.client_id, row.order_id)
            assert order is not None
            if order.instrument.sec_type != "BAG" or row.contract.con_id == PRINTED_CON_ID:
                told[row.client_id, row.order_id] += row.shares
        assert told == {_key(o): o.filled for o in book.all() if o.filled}
        paid = {row.exec_id: row.commission for row in rows if isinstance(row, CommissionReport)}
        assert sum(paid.values()) == self.bench.engine.accounts.ledger.commissions


def _key(order: Order) -> tuple[int, int]:
    return order.client_id, order.order_id
