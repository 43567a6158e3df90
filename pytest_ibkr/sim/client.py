"""One client's session as the engine sees it: identity, version, outgoing frames."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_ibkr.sim.journal import Note
from pytest_ibkr.sim.refusal import Refusal, with_class
from pytest_ibkr.wire.codec import decode_response, encode
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.framing import frame
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.versions import ERROR_TIME

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine

CANCELLED = 202  # the code that confirms a cancel


class Client:
    """A TCP connection that has agreed on a version; started once startApi was accepted.

    Attributes:
        client_id: -1 until startApi.
        data_type: what reqMarketDataType asked for: 1 live, 2 frozen, 3 delayed, 4 delayed-frozen.
        paced: it asked the gateway to hold messages back instead of refusing them as too many.
        deaf: nothing of it is heard any more, nor is it told anything.
        closing: why the gateway closes this connection after the pending output; empty: it stays.
    """

    def __init__(
        self, engine: Engine, connection: int, version: int, *, paced: bool = False
    ) -> None:
        self.connection, self.version, self.paced = connection, version, paced
        self.client_id = -1
        self.data_type = 1
        self.started = self.closed = self.deaf = False
        self.closing = ""
        self._engine = engine
        self._output: list[bytes] = []
        self._held = False
        self.most_waiting = self.overflows = 0  # bytes at most; how often there were too many
        self._too_many = False

    def waits(self, size: int) -> None:
        """Take note of how many bytes its socket has not taken: a program that reads slowly.

        A real gateway writes "Output exceeded limit" into its own log; here it is the journal.
        """
        self.most_waiting = max(self.most_waiting, size)
        most = self._engine.conditions.output_limit_kb * 1000
        if size > most and not self._too_many:
            self.overflows += 1
            text = f"Output exceeded limit: {size} bytes wait for the client, {most} may"
            self._engine.note(self, text)
        self._too_many = size > most

    def send(self, *messages: Message) -> None:
        """Queue messages in order, journalled; nothing happens once closed."""
        if self.closed or self.closing or self.deaf:
            return
        engine = self._engine
        if self._held:
            engine.later(0.0, lambda: self.send(*messages))
            return
        if engine.weather.sending:
            messages = tuple(engine.weather.outgoing(self, messages))
        version, connection, now_s = self.version, self.connection, engine.now_s
        record, output = engine.journal.add, self._output
        for message in messages:
            payload = encode(message, version)
            record(now_s, connection, "out", message, size=len(payload))
            output.append(frame(payload))

    def relay(self, payload: bytes) -> None:
        """Queue a payload as it is, journalled: what another gateway once sent."""
        if self.closed or self.closing:
            return
        engine = self._engine
        message = decode_response(payload, self.version)
        engine.journal.add(engine.now_s, self.connection, "out", message, size=len(payload))
        self._output.append(frame(payload))

    def error(self, request_id: int, code: int, text: str) -> None:
        """Queue message 4, dated with the gateway's virtual time where the version has a date."""
        at_ms = 0
        if code in (321, 322):
            text = with_class(text, self._engine.conditions.error_class)
        if self.version >= ERROR_TIME:
            now_s = self._engine.now_s
            # The confirmation of a cancel came on a whole second (gateway-behaviour.md 3.2).
            at_ms = int(now_s) * 1000 if code == CANCELLED else round(now_s * 1000)
        self.send(ErrorNotice(request_id=request_id, code=code, text=text, at_ms=at_ms))

    def refuse(self, request_id: int, refusal: Refusal) -> None:
        """Queue message 4 of a refusal."""
        self.error(request_id, refusal.code, refusal.text)

    def close(self, reason: str) -> None:
        """Let the gateway close this connection once what is queued went out."""
        if not (self.closed or self.closing):
            self.closing = reason
            self._engine.journal.add(self._engine.now_s, self.connection, "note", Note(reason))

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Inside, sending is an event of its own, planned with the engine's schedule."""
        self._held = True
        try:
            yield
        finally:
            self._held = False

    @contextmanager
    def torn(self, keep: int) -> Iterator[None]:
        """Of what is sent inside, only ``keep`` bytes go out; then the connection closes."""
        before = len(self._output)
        yield
        if len(self._output) > before:
            self._output[before:] = [b"".join(self._output[before:])[:keep]]
            self.close("output cut")

    def take_output(self) -> bytes:
        """Return everything queued, in one piece."""
        if not self._output or self._engine.weather.withholds(self, len(self._output)):
            return b""
        data = b"".join(self._output)
        self._output.clear()
        return data
