"""A gateway engine without sockets, over a scripted market: for tests of orders and account.

Instruments, calendar and engine are the real ones; only quotes are written by the test.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from pytest_ibkr.sim.calendar import SessionCalendar
from pytest_ibkr.sim.client import Client
from pytest_ibkr.sim.contracts import ContractBook, Instrument
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.order_state import Order
from pytest_ibkr.sim.quotes import Quote
from pytest_ibkr.snapshot import Snapshot, load
from pytest_ibkr.wire.codec import decode_response, encode
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.executions import CommissionReport, ExecutionData
from pytest_ibkr.wire.messages.order import CancelOrder, OrderStatus
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice, NextValidId, StartApi
from pytest_ibkr.wire.versions import NEWEST

SNAPSHOT = (
    Path(__file__).parents[2] / "fixtures/ibkr_snapshots/snapshot_normal_20260710_160000.json"
)
TEN_O_CLOCK_S = 1783692000.0  # 2026-07-10 10:00:00 US/Eastern
SATURDAY_S = TEN_O_CLOCK_S + 26 * 3600
GRID_S = 0.25


@lru_cache
def _snapshot() -> tuple[Snapshot, ContractBook, SessionCalendar]:
    snapshot = load(str(SNAPSHOT), directory=SNAPSHOT.parent)
    return snapshot, ContractBook(snapshot), SessionCalendar(snapshot.sessions)


class ScriptedMarket:
    """Quotes as a test sets them, on a grid of 250 ms; 100 shares a side unless said otherwise."""

    def __init__(self, calendar: SessionCalendar) -> None:
        self._calendar = calendar
        self._quotes: dict[int, Quote] = {}
        self.grid_s = GRID_S
        self.ended = False  # its data is over: quotes stand still for ever

    def set(
        self, instrument: Instrument, bid: float | None, ask: float | None, **rest: Any
    ) -> None:
        known = {"bid_size": 100, "ask_size": 100, "close": 700.0, **rest}
        last = known.pop("last", bid)
        self._quotes[instrument.con_id] = Quote(bid=bid, ask=ask, last=last, **known)

    def quote(self, instrument: Instrument, at_s: float) -> Quote:
        return self._quotes.get(instrument.con_id, Quote())

    def is_open(self, at_s: float) -> bool:
        return self._calendar.is_open(at_s)

    def next_change_s(self, instrument: Instrument, at_s: float) -> float | None:
        if self.ended:
            return None
        if not self.is_open(at_s):
            return self._calendar.next_open_s(at_s)
        return (at_s // self.grid_s + 1) * self.grid_s

    def tick_size(self, instrument: Instrument, price: Decimal) -> Decimal:
        return Decimal("0.01")


@dataclass
class BenchWorld:
    """What an engine needs of a world."""

    snapshot: Snapshot
    book: ContractBook
    calendar: SessionCalendar
    market: ScriptedMarket

    def as_of(self, _today: str) -> BenchWorld:
        """The same on every day: it outlives the contracts in it."""
        return self


@dataclass
class Desk:
    """One client: what it sends, and everything it received, decoded at its version."""

    bench: Bench
    client: Client
    seen: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> None:
        self.bench.engine.receive(self.client, encode(message, self.client.version))

    def place(self, order_id: int, action: str, quantity: int | str, **terms: Any) -> None:
        contract = terms.pop("contract", None) or self.bench.spy_contract
        terms.setdefault("tif", "DAY")
        money = ("limit_price", "aux_price", "trail_stop_price")
        values = {k: Decimal(str(v)) if k in money else v for k, v in terms.items()}
        values.setdefault("order_type", "LMT" if "limit_price" in terms else "MKT")
        self.send(
            PlaceOrder(
                order_id=order_id,
                contract=contract,
                action=action,
                quantity=Decimal(quantity),
                **values,
            )
        )

    def cancel(self, order_id: int) -> None:
        self.send(CancelOrder(order_id=order_id))

    def receive(self) -> list[Message]:
        """Everything since the last call, decoded from the bytes."""
        data, found = self.client.take_output(), []
        while data:
            size = int.from_bytes(data[:4])
            message = decode_response(data[4 : 4 + size], self.client.version)
            assert isinstance(message, Message), message
            found.append(message)
            data = data[4 + size :]
        self.seen += found
        return found

    def script(self) -> list[str]:
        """What came since the last call, in the notation of the golden scripts."""
        return [short(message) for message in self.receive()]

    def order(self, order_id: int) -> Order:
        return self.bench.engine.orders.find(self.client.client_id, order_id)


def short(message: Message) -> str:
    """``5:Submitted``, ``3:Submitted 40/60``, ``11 40``, ``59``, ``202``; commissions as ``+c``."""
    if isinstance(message, OpenOrder):
        return f"5:{message.status}" + ("+c" if message.commission is not None else "")
    if isinstance(message, OrderStatus):
        held = f" ({message.why_held})" if message.why_held else ""
        return f"3:{message.status} {message.filled:f}/{message.remaining:f}{held}"
    if isinstance(message, ExecutionData):
        return f"11 {message.shares:f}"
    if isinstance(message, CommissionReport):
        return "59"
    if isinstance(message, ErrorNotice):
        return str(message.code)
    return str(message.MSG_ID)


class Bench:
    """One engine, its market, and clients on demand."""

    def __init__(self, *, start_s: float = TEN_O_CLOCK_S, cash: str = "1000000.00") -> None:
        snapshot, book, calendar = _snapshot()
        self.market = ScriptedMarket(calendar)
        self.world = BenchWorld(snapshot, book, calendar, self.market)
        self.engine = Engine(self.world, start_s=start_s, cash=Decimal(cash))  # type: ignore[arg-type]
        self.spy = self.instrument("SPY")
        self.option = book.chain("SPY")[0]
        self.spy_contract = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
        self.option_contract = dataclasses.replace(self.option.contract(), exchange="SMART")
        self.market.set(self.spy, 754.90, 754.95)
        self.market.set(self.option, 2.50, 2.55, bid_size=10, ask_size=10)

    def instrument(self, symbol: str) -> Instrument:
        found = self.world.book.by_symbol(symbol)
        assert found is not None
        return found

    def connect(self, version: int = NEWEST, client_id: int = 1) -> Desk:
        """A started client, its greeting swallowed."""
        client = self.engine.open(version)
        assert client is not None
        desk = Desk(self, client)
        desk.send(StartApi(client_id=client_id))
        return desk

    def start(self, version: int = NEWEST, client_id: int = 1) -> Desk:
        desk = self.connect(version, client_id)
        assert any(isinstance(message, NextValidId) for message in desk.receive())
        return desk

    def run(self, seconds: float) -> None:
        """Let virtual time pass."""
        self.engine.advance(self.engine.now_s + seconds)
