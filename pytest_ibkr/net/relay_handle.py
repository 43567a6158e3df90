"""The harness's side of a relay: start it, command it, hear its tape, stop it.

Every program that meets a real gateway (tests, capture, check, close-positions) holds one of these.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import threading
from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import Any, Final, Literal, Self

from pytest_ibkr.errors import GatewayError, GatewayUnreachable, LiveRefused
from pytest_ibkr.net.relay.pipe_frames import TAPE
from pytest_ibkr.net.relay.spec import EndFacts, RelayFacts, RelaySpec, RelaySummary, TestVerdict
from pytest_ibkr.net.relay.tape import TapeRecord, records
from pytest_ibkr.net.relay_process import RelayProcess

FaultKind = Literal["cut", "delay", "hold", "pacing"]
_START_GRACE_S: Final = 20.0  # beside the handshake: process, probe
_FINISH_S: Final = 300.0  # ledgers of earlier runs: client ids get free, closing orders fill
_ASK_S: Final = 60.0
_STOP_S: Final = 120.0  # cleanup waits for fills
_KILL_S: Final = 5.0


class RelayHandle:
    """A running relay; :meth:`start` makes one.

    Attributes:
        host: where programs under test connect: always 127.0.0.1.
        port: there.
        facts: what the relay found at the gateway.
        listeners: called with every tape record on the reader's thread; one that raises is
            dropped and remembered in ``broken``.
        on_end: called once on the reader's thread when the run ended early.
        ended: why; None while it may go on.
    """

    def __init__(self, spec: RelaySpec) -> None:
        self.spec = spec
        self.host, self.port = "127.0.0.1", 0
        self.facts = RelayFacts()
        self.listeners: list[Callable[[TapeRecord], None]] = []
        self.broken: list[Exception] = []
        self.on_end: Callable[[EndFacts], None] | None = None
        self.ended: EndFacts | None = None
        self.summary: RelaySummary | None = None
        self._numbers = itertools.count(1)
        self._asked: dict[int, _Reply] = {}
        self._guard = threading.Lock()
        self._stopping = threading.Lock()
        self._ready = _Reply()
        self._gone = self._finishing = False
        self._process = RelayProcess(self._frame, self._over)

    @classmethod
    def start(
        cls, spec: RelaySpec, *, listeners: Sequence[Callable[[TapeRecord], None]] = ()
    ) -> Self:
        """Start a relay and wait until it has verified its gateway.

        Raises:
            LiveRefused: endpoint, account, lock or version is not acceptable.
            GatewayUnreachable: no gateway, or none that gets ready; names the likely causes.
            GatewayError: the relay itself failed.
        """
        handle = cls(spec)
        handle.listeners.extend(listeners)
        try:
            line = json.dumps({**spec.as_dict(), "parent_pid": os.getpid()}, default=str)
            handle._process.send(line)
            ready = handle._ready.wait(spec.handshake_timeout_s + _START_GRACE_S)
            if ready is None and handle._finishing:
                ready = handle._ready.wait(_FINISH_S)
            if ready is None:
                raise GatewayError(handle._silent("it did not get ready"))
            handle._welcome(ready)
        except BaseException:
            handle._drop()
            raise
        return handle

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Of the relay's process."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether commands can be given."""
        return not self._gone and self._process.running

    # -- commands ------------------------------------------------------------------------

    def ask(self, do: str, *, timeout_s: float = _ASK_S, **arguments: Any) -> Any:
        """Give any command; return what it answers.

        Raises:
            GatewayError: the relay refused it, with its text; or it is gone.
        """
        number, reply = next(self._numbers), _Reply()
        with self._guard:
            self._asked[number] = reply
        line = json.dumps({"id": number, "do": do, **arguments}, default=str)
        try:
            if self._gone or not self._process.send(line):
                raise GatewayError(self._silent(f"it cannot {do}"))
            answer = reply.wait(timeout_s)
        finally:
            with self._guard:
                self._asked.pop(number, None)
        if answer is None:
            raise GatewayError(self._silent(f"it did not answer {do} within {timeout_s:g} s"))
        if "error" in answer:
            raise _error(answer["error"])
        return answer.get("ok")

    def begin_test(
        self,
        name: str,
        *,
        places_orders: bool = False,
        market_closed: bool = False,
        market: Sequence[tuple[float, float]] | None = None,
        client_ids: Sequence[int] | None = None,
    ) -> None:
        """From now on requests belong to this test.

        Args:
            name: the test's id.
            places_orders: whether orders may pass at all.
            market_closed: whether the test is about orders outside market hours.
            market: sessions of the exchange as (opens, closes), Unix epoch seconds on the
                gateway's clock, that a moment of this test may lie in; None: looked up.
            client_ids: the only ones programs may bring from now on; None: as before.
        """
        if market is None and places_orders and not market_closed:
            market = _sessions_around(self.ask("now")["now_s"])
        self.ask(
            "begin_test",
            name=name,
            places_orders=places_orders,
            market_closed=market_closed,
            market=[list(each) for each in market or ()],
            client_ids=None if client_ids is None else list(client_ids),
        )

    def verdict_so_far(self) -> TestVerdict:
        """What is known of the running test; where it placed orders, proof is taken. It goes on."""
        return TestVerdict.of(self.ask("verdict"))

    def hang_up(self, *, keep: Collection[int] = ()) -> None:
        """End the connections made since the test began, once what they sent was judged.

        Args:
            keep: client ids of programs that stay connected.
        """
        self.ask("hang_up", keep=sorted(keep))

    def end_test(self) -> TestVerdict:
        """Close the test: nothing of it is forwarded any more, faults end, proof is taken."""
        return TestVerdict.of(self.ask("end_test"))

    def status(self) -> dict[str, Any]:
        """Counts, connections and peaks up to now."""
        found: dict[str, Any] = self.ask("status")
        return found

    def fault(
        self,
        kind: FaultKind,
        *,
        request: str = "",
        seconds: float | None = None,
        keep: int | None = None,
        times: int | None = None,
        disconnect: bool = False,
    ) -> int:
        """Arm a fault on the clients' side; return its number. The gateway never feels it.

        Args:
            kind: ``cut``: close the socket when the request comes, or after ``keep`` bytes of
                what follows it, at once without a request; ``delay``: what is sent down comes
                ``seconds`` late; ``hold``: it waits until the fault is cleared; ``pacing``:
                error 100 instead of forwarding, followed by a close if ``disconnect``.
            request: as the official client names it (``"reqMktData"``); empty: every one.
            times: how often at most.

        Raises:
            GatewayError: the relay does not know the request, or the values cannot be.
        """
        number: int = self.ask(
            "fault",
            kind=kind,
            request=request,
            seconds=seconds,
            keep=keep,
            times=times,
            disconnect=disconnect,
        )
        return number

    def fired(self, fault: int) -> int:
        """How often a fault was met."""
        count: int = self.ask("fired", fault=fault)
        return count

    def clear_fault(self, fault: int) -> int:
        """End a fault, releasing what it held; return how often it was met."""
        count: int = self.ask("clear_fault", fault=fault)
        return count

    def stop(self, *, timeout_s: float = _STOP_S) -> RelaySummary:
        """Stop forwarding, take the proof, clean up, end the process. Idempotent."""
        with self._stopping:
            if self.summary is None:
                self.summary = self._stop(timeout_s)
            return self.summary

    def _stop(self, timeout_s: float) -> RelaySummary:
        failed: tuple[str, ...] = ()
        said: dict[str, Any] = {}
        try:
            said = self.ask("stop", timeout_s=timeout_s)
        except GatewayError as exc:
            failed = (str(exc),)
        self._process.hang_up()
        if self._process.wait(timeout_s) is None:
            # A kill would leave what it is just taking back: it ends by itself.
            still = f"the relay (process {self.pid}) goes on cleaning up; until it has ended, the"
            failed += (f"{still} account is locked for other runs",)
        else:
            self._process.release()
        summary = RelaySummary.of(said)
        ended = summary.ended or self.ended
        return dataclasses.replace(summary, failed=summary.failed + failed, ended=ended)

    # -- inside --------------------------------------------------------------------------

    def _welcome(self, ready: dict[str, Any]) -> None:
        if "error" in ready:
            raise _error(ready["error"])
        self.port = ready["port"]
        self.facts = RelayFacts.of(ready["facts"])

    def _drop(self) -> None:
        self._process.hang_up()
        if self._process.wait(_KILL_S) is None:
            if self._finishing:  # it cleans up after an earlier run, and ends by itself
                return
            self._process.kill()
            self._process.wait(_KILL_S)
        self._process.release()

    def _silent(self, what: str) -> str:
        state = "its process runs" if self._process.running else "its process has ended"
        words = self._process.last_words
        return (
            f"the relay: {what}\n  state: {state}"
            + (f"\n  said:  {words}" if words else "")
            + "\n  fix:   the gateway's client list and `pytest-ibkr close-positions` show what is"
            " left; start again"
        )

    def _frame(self, kind: bytes, body: bytes) -> None:
        if kind == TAPE:
            for record in records(body):
                self._tell(record)
            return
        content = json.loads(body)
        if "id" in content:
            with self._guard:
                reply = self._asked.get(content["id"])
            if reply is not None:
                reply.set(content)
        elif content.get("event") == "finishing":
            self._finishing = True
        elif content.get("event") in ("ready", "refused"):
            self._ready.set(content)
        elif content.get("event") == "ended":
            self._end(EndFacts.of(content))

    def _tell(self, record: TapeRecord) -> None:
        for listener in tuple(self.listeners):
            try:
                listener(record)
            except Exception as exc:
                self.broken.append(exc)
                self.listeners.remove(listener)

    def _end(self, facts: EndFacts) -> None:
        if self.ended is None:
            self.ended = facts
            if self.on_end is not None:
                self.on_end(facts)

    def _over(self) -> None:
        self._gone = True
        with self._guard:
            waiting = [self._ready, *self._asked.values()]
        for reply in waiting:
            reply.give_up()


class _Reply:
    """One answer on its way; given up when the relay is gone."""

    def __init__(self) -> None:
        self._there = threading.Event()
        self._content: dict[str, Any] | None = None

    def set(self, content: dict[str, Any]) -> None:
        if not self._there.is_set():
            self._content = content
            self._there.set()

    def give_up(self) -> None:
        self._there.set()

    def wait(self, timeout_s: float) -> dict[str, Any] | None:
        self._there.wait(timeout_s)
        return self._content


_ERRORS: Final = {"unreachable": GatewayUnreachable, "failed": GatewayError}


def _error(said: dict[str, Any]) -> Exception:
    if said.get("kind") == "refused":
        return LiveRefused(said["text"], rule=said.get("rule", ""))
    return _ERRORS.get(said.get("kind", ""), GatewayError)(said["text"])


def _sessions_around(now_s: float) -> list[tuple[float, float]]:
    """Regular sessions of New York around a moment, as epoch seconds."""
    from pytest_ibkr import market_hours  # its calendar costs half a second

    return market_hours.stretches_s(now_s)
