"""One run of the relay: its clients, what the guard knows, what is counted and written down.

Obeys the guard; decides nothing about what may pass.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

from pytest_ibkr.guard.decision import EndRun, Refuse, Replace
from pytest_ibkr.guard.messages import request_id
from pytest_ibkr.guard.state import Limits, MarketFacts, RunState, TestContext
from pytest_ibkr.net.relay.audit import AuditLog
from pytest_ibkr.net.relay.client_side import ClientSide
from pytest_ibkr.net.relay.dealings import Dealings
from pytest_ibkr.net.relay.faults import FaultBoard
from pytest_ibkr.net.relay.metrics import Metrics
from pytest_ibkr.net.relay.spec import EndFacts, RelaySpec, TestVerdict
from pytest_ibkr.net.relay.tape import Tape
from pytest_ibkr.net.relay.verdicts import Verdicts
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.place_order import PlaceOrder

MOST_CLIENTS: Final = 32  # a gateway serves no more (gateway-behaviour.md 1.4)
_DRAIN_S: Final = 10.0
_DRAIN_STEP_S: Final = 0.01


class Relay:
    """Everything the two sides of the connections share.

    Args:
        spec: what the harness asked for.
        tell: takes events for the harness.
        unread: how many bytes of the pipe the harness has not read.
        on_end: called once when the run ended early, to clean up at once.
    """

    def __init__(
        self,
        spec: RelaySpec,
        *,
        tell: Callable[[dict[str, Any]], None],
        unread: Callable[[], int],
        on_end: Callable[[], object],
    ) -> None:
        self.spec = spec
        self.run = RunState(
            limits=Limits().lowered(spec.limits),
            mode=spec.mode,
            expected_account=spec.expected_account,
            allowed_client_ids=set(range(spec.client_ids[0], spec.client_ids[1] + 1)),
        )
        self.metrics, self.faults, self.verdicts = Metrics(), FaultBoard(), Verdicts()
        self.tape = Tape(waiting=unread)
        self.log = AuditLog(Path(spec.audit_path) if spec.audit_path else None)
        self.dealings = Dealings(self)
        self.clients: list[ClientSide] = []
        self.ended: EndFacts | None = None
        self.failures: list[str] = []
        self.offset_s = 0.0
        self._tell, self._on_end = tell, on_end
        self._numbers = itertools.count(1)
        self._start_s, self._start_mono_s = time.time(), time.monotonic()
        self._sessions: list[tuple[float, float]] = []
        self._before: tuple[ClientSide, ...] = ()  # who was connected when the test began
        self._server: asyncio.Server | None = None

    # -- time ----------------------------------------------------------------------------

    def now_s(self) -> float:
        """The gateway's clock, Unix epoch seconds: ours plus the measured offset."""
        return self._start_s + time.monotonic() - self._start_mono_s + self.offset_s

    def latest_s(self) -> float:
        """The later of ``now_s`` and what the system's clock says.

        A machine that slept did not count the time, and one whose clock was set counted another:
        whether there is time left to the close is judged by whichever clock is ahead.
        """
        return max(self.now_s(), time.time() + self.offset_s)

    def look_at_market(self) -> None:
        """Let the guard know whether the exchange trades at this moment."""
        now_s, latest_s = self.now_s(), self.latest_s()
        closes = [
            closes
            for opens, closes in self._sessions
            if opens <= now_s < closes and opens <= latest_s < closes
        ]
        self.run.market = MarketFacts(open=bool(closes), closes_s=closes[0] if closes else None)

    # -- listening -----------------------------------------------------------------------

    async def listen(self) -> int:
        """Accept programs on a free port of 127.0.0.1; return it."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: ClientSide(self), "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def refuses_clients(self) -> str | None:
        """Why no further program is let in; None when it may."""
        if self.run.ending is not None:
            return f"the run has ended: {self.run.ending}"
        if len(self.clients) > MOST_CLIENTS:
            return f"{MOST_CLIENTS} programs are connected"
        return None

    def joined(self, client: ClientSide) -> int:
        """A program connected; return its number."""
        self.clients.append(client)
        self.metrics.connections += 1
        self.metrics.peak_connections = max(self.metrics.peak_connections, len(self.clients))
        return next(self._numbers)

    def left(self, client: ClientSide) -> None:
        """A program's connection ended, for the reason it carries."""
        if client not in self.clients:
            return
        self.clients.remove(client)
        self.run.connection_ended(client.state)
        self.verdicts.measured(client)
        self.metrics.latencies.gone(client.number)
        self.note(client, "closed", reason=client.closed)
        self.audit("closed", client, reason=client.closed)

    def end_clients(self, why: str) -> None:
        """Nothing more is forwarded from now on."""
        if self.run.ending is None:
            self.run.ending = why
        if self._server is not None:
            self._server.close()
        clients = list(self.clients)
        for client in clients:
            if client.gateway is not None:
                client.gateway.abort()
        for client in clients:
            client.close(why)

    # -- what happened -------------------------------------------------------------------

    def audit(self, what: str, client: ClientSide | None = None, **said: Any) -> None:
        """Write one line of the audit log."""
        who = {} if client is None else {"connection": client.number}
        if client is not None and client.state.client_id is not None:
            who["client_id"] = client.state.client_id
        self.log.write(self.now_s(), what, test=self.verdicts.name, **who, **said)
        if self.log.failed is not None and self.ended is None:
            why = f"the audit log cannot be written: {self.log.failed}"
            self.failures.append(why)
            fix = "make room for the audit log, then start again: nothing passes unrecorded"
            self.end_run(EndRun("audit.unwritable", why, fix))

    def note(self, client: ClientSide, kind: str, **said: Any) -> None:
        """Put something that is no frame on the tape."""
        self.tape.note(self.now_s(), client.number, kind, **said)

    def refused(self, client: ClientSide, refuse: Refuse, *, request: str) -> None:
        """A request does not pass: count it, keep it for the verdict, write it down."""
        self.metrics.refused += 1
        self.metrics.rules[refuse.rule] += 1
        self.verdicts.add(client, refuse, request=request, at_s=self.now_s())
        said = {"rule": refuse.rule, "reason": refuse.reason, "request": request}
        self.note(client, "refused", **said, fix=refuse.fix, request_id=refuse.request_id)
        self.audit("refuse", client, **said, id=refuse.request_id)

    def replaced(self, client: ClientSide, decision: Replace, *, request: str) -> None:
        """Other requests go up instead of one."""
        names = [message.NAME for message in decision.messages]
        self.audit("replace", client, request=request, reason=decision.why, by=names)
        client.upward.own(list(decision.messages))
        for client_id, message in decision.elsewhere:
            other = self._client_of(client_id)
            if other is None:
                why = f"client {client_id} is not connected; cleanup will cancel its order"
                self.audit("note", client, request=request, id=message.order_id, reason=why)
            else:
                other.upward.own([message])

    def forwarded(self, client: ClientSide, message: Message, loop_s: float) -> None:
        """A request went up."""
        self.metrics.forwarded += 1
        number = request_id(message)
        key = ("kind", message.MSG_ID) if number < 0 else number
        self.metrics.latencies.asked(client.number, key, message.NAME, loop_s)
        order = None
        if isinstance(message, PlaceOrder):
            self.verdicts.orders += not message.what_if
            order = _described(message)
        self.audit("allow", client, request=message.NAME, id=number, order=order)

    def dropped(self, client: ClientSide, why: str) -> None:
        """The relay is about to end a connection by itself."""
        self.metrics.drops[why] += 1
        self.verdicts.dropped(client, why)
        self.audit("drop", client, reason=why)

    def failed(self, failure: BaseException) -> None:
        """Something of the relay itself went wrong: nothing passes any more."""
        said = self.log.clean(f"{type(failure).__name__}: {failure}")
        self.failures.append(said)
        fix = "please report this with the audit log"
        self.end_run(EndRun("relay.failed", f"the relay failed: {said}", fix))

    def end_run(self, decision: EndRun, client: ClientSide | None = None) -> None:
        """Everything stops; the harness is told once."""
        if self.ended is not None:
            return
        said = {"rule": decision.rule, "reason": self.log.clean(decision.reason)}
        self.ended = EndFacts(**said, fix=self.log.clean(decision.fix))
        try:
            self.audit("end", client, **said)
            self.end_clients(decision.text)
        finally:
            self._tell({"event": "ended", **self.ended.as_dict()})
            self._on_end()

    def finishing(self) -> None:
        """Let the harness know that it takes longer: an earlier run is cleaned up after."""
        self._tell({"event": "finishing"})

    # -- orders --------------------------------------------------------------------------

    async def check_account(self, order_id: int, *, again: bool = False) -> Refuse | None:
        """Before the first order of a test, or ``again``: the account is still the verified one,
        and the orders on it are known."""
        why = await self.dealings.check(again=again)
        self.look_at_market()
        return None if why is None else dataclasses.replace(why, request_id=order_id)

    async def recorded(self, client: ClientSide, order: PlaceOrder) -> Refuse | None:
        """Put an order into the ledger, on disk; return why it cannot be sent."""
        why = await self.dealings.record(client, order)
        if why is not None:  # it will never be anywhere, and counts as no order
            self.run.orders.failed(client.state.client_id or 0, order.order_id, why.code)
        return why

    # -- tests ---------------------------------------------------------------------------

    def begin_test(
        self,
        context: TestContext,
        sessions: list[tuple[float, float]],
        *,
        client_ids: Collection[int] | None = None,
    ) -> None:
        """Requests belong to this test from now on."""
        self._sessions, self._before = sessions, tuple(self.clients)
        if client_ids is not None:
            first, last = self.spec.client_ids
            given = {each for each in client_ids if first <= each <= last}
            self.run.allowed_client_ids = given - {self.dealings.session.client_id}
        self.run.begin_test(context)
        self.verdicts.begin(context.name)
        self.dealings.begin_test()
        self.look_at_market()
        self.audit("begin", places_orders=context.places_orders)

    async def verdict_so_far(self) -> TestVerdict:
        """What is known of the running test, proof included; it goes on."""
        bypassed = await self.dealings.prove() if self._ordering() else ()
        return self.verdicts.so_far(self.clients, bypassed=bypassed, ended=self.ended)

    async def hang_up(self, keep: Collection[int]) -> None:
        """End what connected since the test began, once what it sent was judged.

        Args:
            keep: client ids of programs that stay.
        """
        gone = [
            client
            for client in self.clients
            if client not in self._before and client.state.client_id not in keep
        ]
        await self._drain(gone)
        for client in gone:
            client.close("its test closed the session")

    async def end_test(self) -> TestVerdict:
        """Let what was sent be judged, end faults, take the proof, return the verdict."""
        await self._drain()
        counts = self.faults.end_test()
        for client in self.clients:
            client.downward.lanes.clear()
        left = [f"order {each.order_id} of client {each.client_id}" for each in self._working()]
        ordering = self._ordering()
        self.run.end_test()  # an order that comes while the account is read is of no test
        bypassed = await self.dealings.prove() if ordering else ()
        self.audit("end_test", orders=self.verdicts.orders, left=len(left))
        return self.verdicts.end(
            self.clients, faults=counts, left_working=left, bypassed=bypassed, ended=self.ended
        )

    def _ordering(self) -> bool:
        """Whether the running test places orders, or sent some all the same."""
        marked = self.run.test is not None and self.run.test.places_orders
        return marked or bool(self.verdicts.orders)

    async def _drain(self, only: Collection[ClientSide] | None = None) -> None:
        """What a test sent is judged as its own, not as the next one's; who sends on is cut."""
        deadline_s = time.monotonic() + _DRAIN_S
        while busy := [
            client
            for client in self.clients
            if len(client.upward) and (only is None or client in only)
        ]:
            if time.monotonic() > deadline_s:
                for client in busy:
                    self.dropped(client, "requests left over at the test's end")
                    client.close("its test ended while its requests still waited for their turn")
                return
            await asyncio.sleep(_DRAIN_STEP_S)

    def _working(self) -> list[Any]:
        return [order for order in self.run.orders if order.working]

    def _client_of(self, client_id: int) -> ClientSide | None:
        for client in self.clients:
            if client.state.client_id == client_id and client.state.verified:
                return client
        return None


def _described(order: PlaceOrder) -> str:
    """An order for the log: no id, no account."""
    contract = order.contract
    price = "" if order.limit_price is None else f" {order.limit_price}"
    what = f"{contract.symbol} {contract.sec_type} {contract.expiry}"
    return f"{order.action} {order.quantity} {what.rstrip()} {order.order_type}{price} {order.tif}"
