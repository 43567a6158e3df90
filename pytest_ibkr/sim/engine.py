"""The simulated gateway's engine: clients and their requests in, messages and state out.

One engine is one test's session; what derives from the snapshot alone lives in the shared World.
Time comes in through ``advance`` and ``receive`` only.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from pytest_ibkr.errors import WireError
from pytest_ibkr.sim.account import AccountDesk
from pytest_ibkr.sim.admission import refused_as_read_only, within_rate
from pytest_ibkr.sim.client import Client
from pytest_ibkr.sim.combo import Combos
from pytest_ibkr.sim.conditions import Conditions
from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.sim.desks import OTHER_DESKS, Desk
from pytest_ibkr.sim.expiry import Expiry
from pytest_ibkr.sim.faults import FaultBoard
from pytest_ibkr.sim.gates import dropped
from pytest_ibkr.sim.history import HistoryDesk
from pytest_ibkr.sim.journal import Journal, Note
from pytest_ibkr.sim.malformed import complaint, met_unknown
from pytest_ibkr.sim.nightly import Hook, Nights
from pytest_ibkr.sim.orders import OrderDesk
from pytest_ibkr.sim.pacing import PACE, RateMeter
from pytest_ibkr.sim.references import ReferenceDesk
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.sim.replay import Replay
from pytest_ibkr.sim.rollover import Days, Rollover
from pytest_ibkr.sim.schedule import Schedule, Timer
from pytest_ibkr.sim.scripted_market import ScriptedMarket
from pytest_ibkr.sim.streams import StreamDesk
from pytest_ibkr.sim.weather.board import WeatherBoard
from pytest_ibkr.sim.world import World
from pytest_ibkr.wire.codec import Raw, decode_request
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.session import StartApi
from pytest_ibkr.wire.names import official_name

D = TypeVar("D")
DEFAULT_ACCOUNT = "DU0000001"
DEFAULT_CASH = Decimal("1000000.00")
_REMEMBERED = 512  # closed connections kept, for the report


class Engine:
    """One session of the simulated gateway.

    Args:
        world: contracts and market of a snapshot, shared by sessions.
        start_s: virtual Unix epoch seconds of the first moment.
        account_id: the paper account served.
        cash: its cash at the start, USD.
        seed: seeds everything random beside the market; defaults to the snapshot's.
        journal_most: entries the journal keeps beside ticks; None keeps all.
        days: the market as a sequence of days; ``world`` is the one of the day it begins on.
            None: a market of one day.
    """

    def __init__(
        self,
        world: World,
        *,
        start_s: float,
        account_id: str = DEFAULT_ACCOUNT,
        cash: Decimal = DEFAULT_CASH,
        seed: int | None = None,
        journal_most: int | None = None,
        days: Days | None = None,
    ) -> None:
        self.world, self.market = world, ScriptedMarket(world)
        self.now_s, self.account_id = start_s, account_id
        self.seed = world.snapshot.seed if seed is None else seed
        self.rng = random.Random(self.seed)
        self.schedule, self.conditions = Schedule(), Conditions()
        self.halted: set[str] = set()  # symbols; see ``market_changed``
        self.journal = Journal(most=journal_most)
        self.faults, self.weather = FaultBoard(self), WeatherBoard(self)
        self.replay: Replay | None = None  # answers instead of the desks
        self.clients: list[Client] = []
        self.opened: list[Client] = []
        self.meters: dict[int, RateMeter] = {}
        self.peak_messages = 0  # highest in a second of connections already forgotten
        self._connections = 0
        self.failures: list[Exception] = []  # defects met while serving; the session raises them
        self.earlier_ids: dict[int, str] = {}  # client ids of earlier sessions, and their names
        self.combos = Combos()
        self.accounts = AccountDesk(self, cash=cash)
        self.orders = OrderDesk(self)
        self.streams = StreamDesk(self)
        self.history = HistoryDesk(self)
        self.references = ReferenceDesk(self)
        desks: tuple[Desk, ...] = (
            *(self.accounts, self.orders, self.streams, self.history, self.references),
            *(make(self) for make in OTHER_DESKS),
        )
        self._desks = desks
        self._handlers: dict[type[Message], Callable[[Client, Any], None]] = {}
        for desk in desks:
            self._handlers.update(desk.handlers())
        self.expiry, self.rollover = Expiry(self), Rollover(self, days)
        self._nights = Nights(self, settle=self.expiry.settle, new_day=self.rollover.new_day)

    def on_night(self, hook: Hook) -> Callable[[], None]:
        """Call ``hook(night)`` at 23:00 of every day from now on; call what is returned to stop.

        Its :class:`~pytest_ibkr.sim.nightly.Night` says when this night the gateway restarts, the
        broker's servers are reset and the week's login ends; plan for them with ``later``.
        """
        self._nights.call(hook)
        return lambda: self._nights.forget(hook)

    def use_world(self, world: World) -> None:
        """Trade in this world from now on; instruments of the former one must be in it.

        What a test scripted stays.
        """
        self.world = world
        self.market.rebase(world)

    def market_changed(self, symbol: str) -> None:
        """A test changed a symbol's quotes or halted it: streams send and orders look at once."""
        for each in self.market.moving_with(symbol):
            self.streams.refresh(each)
            self.orders.flow.watch.look_now(each)

    def desk(self, kind: type[D]) -> D:
        """Return the desk of a kind, for what a session scripts on it."""
        return next(desk for desk in self._desks if isinstance(desk, kind))

    def open(self, version: int, *, options: str = "") -> Client | None:
        """Admit a connection that agreed on ``version``; None: too many are open already.

        Args:
            version: the server version in force.
            options: what followed the versions in the client's greeting.
        """
        if len([c for c in self.opened if not c.closed]) >= self.conditions.max_clients:
            self.journal.add(self.now_s, 0, "note", Note("one client too many, not served"))
            return None
        self._connections += 1
        client = Client(self, self._connections, version, paced=PACE in options)
        self.opened.append(client)
        self.meters[client.connection] = RateMeter(self.conditions.max_messages_per_s)
        self.note(client, f"connected at server version {version}")
        return client

    def note(self, client: Client, text: str) -> None:
        """Put a remark about a connection into the journal."""
        self.journal.add(self.now_s, client.connection, "note", Note(text))

    def receive(self, client: Client, payload: bytes, *, real_s: float | None = None) -> None:
        """Take one frame of a client, at ``now_s``.

        Args:
            client: whose frame it is.
            payload: without length prefix.
            real_s: monotonic real seconds, where there are any; see ``RateMeter``.
        """
        if client.closed or client.closing:
            return
        try:
            either_form = self.conditions.either_form
            message = decode_request(payload, client.version, either_form=either_form)
        except WireError as exc:
            self._record(client, Raw(None, payload), payload)
            if (text := complaint(exc)) is not None:
                client.error(-1, 320, text)
                if self.conditions.after_unreadable == "closes":
                    client.close("a message could not be read")
            return
        self._record(client, message, payload)
        if client.deaf:
            self.weather.met("swallowed", client)
            return
        if client.paced:
            wait_s = self.meters[client.connection].delay(self.now_s, real_s)
            if wait_s:
                self.owe(client, wait_s, lambda: self._take(client, message))
                return
        elif not within_rate(self, client, real_s):
            return
        self._take(client, message)

    def _take(self, client: Client, message: Message | Raw) -> None:
        if not client.started and not isinstance(message, StartApi):
            client.close("a request came before startApi")
        elif isinstance(message, Raw):
            self.note(client, f"{official_name(message.msg_id)} is not simulated by pytest-ibkr")
            met_unknown(self, client, message)
        elif dropped(message):
            self.note(client, f"{message.NAME} dropped: its id has more than 32 bits")
        else:
            self.weather.deal(client, message, lambda: self._met_by_faults(client, message))

    def _met_by_faults(self, client: Client, message: Message) -> None:
        if not self.faults.intercept(client, message):
            self.dispatch(client, message)

    def dispatch(self, client: Client, message: Message) -> None:
        """Let the desk that owns a request answer it."""
        if client.closed:
            return
        if refused_as_read_only(self, client, message):
            return
        try:
            if self.replay is not None:
                self.replay.answer(client, message, self._simulate)
            else:
                self._simulate(client, message)
        except Refusal as refusal:
            client.refuse(self.request_id(message), refusal)
        except Exception as exc:  # a defect here must cost no other client, and must not be lost
            client.error(self.request_id(message), 320, f"Error reading request. {exc!r}")
            self.failed(exc, client)

    def _simulate(self, client: Client, message: Message) -> None:
        self._handlers[type(message)](client, message)

    def advance(self, until_s: float) -> bool:
        """Run everything due up to ``until_s``, each at its own moment; True: something ran."""
        ran = False
        while (timer := self.schedule.take_due(until_s)) is not None:
            self.now_s = max(self.now_s, timer.due_s)
            try:
                timer.action()
            except Exception as exc:  # the schedule goes on; the session raises it at its end
                self.failed(exc, None)
            ran = True
        self.now_s = max(self.now_s, until_s)
        return ran

    def owe(self, client: Client, delay_s: float, action: Callable[[], None]) -> Timer:
        """Plan an answer; it is dropped when the client is gone by then."""

        def answer() -> None:
            if client.closed or client.closing:
                return
            try:
                action()
            except Exception as exc:
                self.failed(exc, client)

        return self.schedule.at(self.now_s + delay_s, answer, owed=True)

    def failed(self, exc: Exception, client: Client | None) -> None:
        """Keep a defect for the session to raise; end the connection it happened on, or all."""
        self.failures.append(exc)
        for hit in [client] if client is not None else list(self.clients):
            hit.close(f"the simulated gateway failed: {exc!r}")

    def later(self, delay_s: float, action: Callable[[], None]) -> Timer:
        """Plan an event that happens when time comes to it, and is never jumped to."""
        return self.schedule.at(self.now_s + delay_s, action, owed=False)

    def plan(self, at_s: float | None, action: Callable[[], None]) -> Timer | None:
        """Plan an event of the market for an instant, epoch seconds; None: there is none."""
        return None if at_s is None else self.later(at_s - self.now_s, action)

    def market_time(self, instrument: Instrument) -> float:
        """Return the moment an instrument is priced at: now, unless its symbol is frozen."""
        frozen_s = self.conditions.frozen.get(instrument.symbol)
        if frozen_s is None:
            return self.now_s
        self.faults.note_frozen(instrument.symbol)
        self.weather.met("frozen", instrument.symbol)
        return frozen_s

    def client_with_id(self, client_id: int) -> Client | None:
        """Return the started client that holds an id."""
        return next((c for c in self.clients if c.client_id == client_id), None)

    def gone(self, client: Client, reason: str) -> None:
        """Forget a connection: its subscriptions end, its orders keep working."""
        if client.closed or self.weather.keeps(client):
            return
        client.closed = True
        self.note(client, f"closed: {reason}" if reason else "closed by the client")
        if client in self.clients:
            self.clients.remove(client)
            for desk in self._desks:
                if (forget := getattr(desk, "client_gone", None)) is not None:
                    forget(client)
        if len(self.opened) > _REMEMBERED:
            self._forget_closed()

    def _forget_closed(self) -> None:
        for client in [c for c in self.opened if c.closed]:
            self.opened.remove(client)
            self.peak_messages = max(self.peak_messages, self.meters.pop(client.connection).peak)

    @staticmethod
    def request_id(message: Message) -> int:
        """Return the id an error about this message carries."""
        order_id: int = getattr(message, "order_id", -1)
        request_id: int = getattr(message, "request_id", order_id)
        return request_id

    def _record(self, client: Client, message: Message | Raw, payload: bytes) -> None:
        self.journal.add(self.now_s, client.connection, "in", message, size=len(payload))
