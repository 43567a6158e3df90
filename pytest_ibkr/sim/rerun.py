"""Lets a simulated gateway meet what recorded clients sent, in virtual time and without sockets.

A client's next frame comes when it came in the recording, and not before what the client had been
answered by then was answered here too: clients go on when answers come, not by the clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pytest_ibkr.errors import GatewayError, WireError
from pytest_ibkr.sim.conversation import Said, id_of
from pytest_ibkr.wire.codec import Raw, decode_request, decode_response, encode
from pytest_ibkr.wire.messages.session import (
    ErrorNotice,
    ManagedAccounts,
    NextValidId,
    ReqIds,
    ReqManagedAccounts,
    StartApi,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

_GREETING: Final = (b"9", b"15")
PATIENCE_S: Final = 15.0  # a snapshot ends after 11 seconds
HASTE_S: Final = 2.0  # by how much an answer may come sooner here than it was recorded
_Answer = tuple[str, int | None, object]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded connection."""

    number: int
    version: int
    client_id: int
    said: Sequence[Said]


class Rerun:
    """One simulated gateway that meets recorded clients."""

    def __init__(self, engine: Engine, connections: Sequence[Recorded]) -> None:
        self._engine, self._start_s = engine, engine.now_s
        self._connections = {each.number: each for each in connections}
        self._clients: dict[int, Client] = {}
        self.said: dict[int, list[Said]] = {each.number: [] for each in connections}
        self._due: dict[int, Counter[_Answer]] = {n: Counter() for n in self._connections}
        self._came: dict[int, Counter[_Answer]] = {n: Counter() for n in self._connections}
        self._ended: set[int] = set()

    def run(self) -> Mapping[int, list[Said]]:
        """Return what clients and the simulated gateway said, by connection.

        What comes here at the end of a recorded connection and was not recorded is left out: nobody
        knows what that client would have been told next.

        Raises:
            GatewayError: the simulated gateway failed.
        """
        left = {number: len(each.said) for number, each in self._connections.items()}
        for number, each in self._in_order():
            if each.by_client:
                self._walk_to(self._start_s + each.at_s)
                self._wait_for_answers(number)
                self._send(number, each)
            elif (answer := _answer(each.payload, self._connections[number].version)) is not None:
                self._due[number][answer] += 1
            left[number] -= 1
            if not left[number]:
                self._walk_to(self._start_s + each.at_s)
                self._wait_for_answers(number)
                self._end(number)
        if self._engine.failures:
            raise GatewayError(
                f"the simulated gateway failed: {self._engine.failures[0]!r}\n"
                "  state: at a request of this recording\n"
                "  fix:   this is a defect of pytest-ibkr: please report it with the recording"
            ) from self._engine.failures[0]
        return self.said

    def _end(self, number: int) -> None:
        """Hear this connection no further, and forget what it may not have stayed to hear."""
        end_s, version = self._engine.now_s - self._start_s, self._connections[number].version
        said, came, due = self.said[number], self._came[number], self._due[number]
        while said and not said[-1].by_client and said[-1].at_s > end_s - HASTE_S:
            answer = _answer(said[-1].payload, version)
            if answer is not None and came[answer] <= due[answer]:
                break
            said.pop()
            if answer is not None:
                came[answer] -= 1
        self._ended.add(number)

    def _in_order(self) -> Iterator[tuple[int, Said]]:
        everything = [(n, s) for n, each in self._connections.items() for s in each.said]
        yield from sorted(everything, key=lambda one: one[1].at_s)

    def _send(self, number: int, said: Said) -> None:
        client = self._clients.get(number) or self._opened(number, said)
        at_s = self._engine.now_s - self._start_s
        self.said[number].append(Said(at_s, by_client=True, payload=said.payload))
        self._engine.receive(client, said.payload)
        self._collect()

    def _opened(self, number: int, said: Said) -> Client:
        """A connection at its first frame; one that was open before says startApi here."""
        recorded, engine = self._connections[number], self._engine
        client = engine.open(recorded.version)
        if client is None:
            raise GatewayError("the recording has more clients at a time than a gateway serves")
        self._clients[number] = client
        first = decode_request(said.payload, recorded.version)
        if not isinstance(first, StartApi):
            start = StartApi(client_id=recorded.client_id)
            engine.receive(client, encode(start, recorded.version))
            if not any(_greets(each, recorded.version) for each in recorded.said):
                client.take_output()
        return client

    def _wait_for_answers(self, number: int) -> None:
        """Walk from answer to answer until the client has what it had, or nothing more is owed."""
        until_s = self._engine.now_s + PATIENCE_S
        while any(answer not in self._came[number] for answer in self._due[number]):
            owed_s = self._engine.schedule.next_owed_s()
            if owed_s is None or owed_s > until_s:
                break
            self._walk_to(owed_s)

    def _walk_to(self, at_s: float) -> None:
        """Advance event by event, so that every answer is dated with its own moment."""
        schedule = self._engine.schedule
        while (due_s := schedule.next_due_s()) is not None and due_s <= at_s:
            self._engine.advance(due_s)
            self._collect()
        self._engine.advance(max(at_s, self._engine.now_s))
        self._collect()

    def _collect(self) -> None:
        at_s = self._engine.now_s - self._start_s
        for number, client in self._clients.items():
            version = self._connections[number].version
            for payload in _payloads(client.take_output()):
                if number in self._ended:
                    continue
                self.said[number].append(Said(at_s, by_client=False, payload=payload))
                if (answer := _answer(payload, version)) is not None:
                    self._came[number][answer] += 1


def sessions(said: Sequence[Said], *, version: int) -> list[list[Said]]:
    """Take apart what one log has of several connections: each begins with a greeting.

    Logs do not say which connection a line is of; two at the same time stay mixed.
    """
    found: list[list[Said]] = [[]]
    asked = False
    for each in said:
        if each.by_client:
            request = decode_request(each.payload, version)
            asked = asked or isinstance(request, ReqManagedAccounts | ReqIds)
        elif not asked and any(e.by_client for e in found[-1]) and _greets(each, version):
            found.append([])
        found[-1].append(each)
    return found


def _greets(said: Said, version: int) -> bool:
    """Whether this is what a gateway says first of all."""
    if said.by_client or said.payload.partition(b"\0")[0] not in _GREETING:
        return False
    return isinstance(decode_response(said.payload, version), ManagedAccounts | NextValidId)


def _payloads(data: bytes) -> Iterator[bytes]:
    while data:
        size = int.from_bytes(data[:4])
        yield data[4 : 4 + size]
        data = data[4 + size :]


def _answer(payload: bytes, version: int) -> _Answer | None:
    """What a client may have waited for: a kind of message, about what, and how it stands."""
    try:
        message = decode_response(payload, version)
    except WireError:
        return None
    if isinstance(message, Raw):
        return None
    state = message.code if isinstance(message, ErrorNotice) else getattr(message, "status", None)
    return (type(message).__name__, id_of(message), state)
