"""From the gateway towards a client: held until the account is verified, then passed on as is.

Ticks that decide nothing are not decoded; what the guard must know is, after it was passed on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from pytest_ibkr.errors import WireError
from pytest_ibkr.guard.answers import seen
from pytest_ibkr.guard.decision import EndRun, Hold
from pytest_ibkr.net.relay.lanes import Lanes
from pytest_ibkr.net.relay.request_ids import asked_by, message_id, of_answer
from pytest_ibkr.wire.codec import Raw, decode_response
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.framing import frame
from pytest_ibkr.wire.messages.executions import ExecutionData
from pytest_ibkr.wire.messages.session import ErrorNotice, ManagedAccounts
from pytest_ibkr.wire.versions import PROTOBUF

if TYPE_CHECKING:
    from pytest_ibkr.net.relay.client_side import ClientSide
    from pytest_ibkr.net.relay.core import Relay

# Option computations, generic and text ticks, EFP, real-time bars, history: no fact of the guard.
# Tick types that make no quote are not decoded either, see _tells_a_price.
UNREAD_HEADS: Final = frozenset({b"17", b"21", b"45", b"46", b"47", b"50", b"89", b"90"})
_UNREAD_IDS: Final = frozenset(map(int, UNREAD_HEADS))
_ACCOUNTS: Final = b"%d\0" % ManagedAccounts.MSG_ID
_TICK_HEADS: Final = frozenset({b"1", b"2"})  # prices and sizes: id, version, request, tick type
_QUOTE_TICKS: Final = ([b"0"], [b"1"], [b"2"], [b"3"], [b"66"], [b"67"])
_CLIENT_ID_IN_USE: Final = 326


class Downward:
    """What goes down to one client."""

    def __init__(self, relay: Relay, client: ClientSide) -> None:
        self._relay, self._client = relay, client
        self._held: list[bytes] = []
        self._left: int | None = None  # bytes until a cut
        self.lanes = Lanes(relay.faults, self._write)

    def came(self, whole: bytes, payloads: list[bytes]) -> None:
        """Frames came from the gateway, in order: as they came, and their payloads."""
        loop_s = asyncio.get_running_loop().time()
        self._relay.metrics.came_down(len(payloads), len(whole), loop_s)
        if not self._client.state.verified or self._name_accounts(whole, payloads):
            for payload in payloads:
                if self._client.closed is None:
                    self._judge(payload)
        else:
            self._release(payloads, whole)
            self._examine(payloads)
        now_s = asyncio.get_running_loop().time()
        self._relay.metrics.added_down.add(now_s - loop_s, count=len(payloads))

    def cut_after(self, count: int) -> None:
        """Let so many more bytes go down, then close."""
        self._left = count

    def gateway_gone(self) -> None:
        """A client that is turned away learns it, although its session was never verified."""
        for payload in self._held:
            message = self._decoded(payload)
            if isinstance(message, ErrorNotice) and message.code == _CLIENT_ID_IN_USE:
                self._client.tell(-1, message.code, message.text)
        self.lanes.clear()

    def close(self) -> None:
        """Nothing more goes down."""
        self._held.clear()
        self.lanes.close()

    # -- inside --------------------------------------------------------------------------

    def _judge(self, payload: bytes) -> None:
        """One frame of a connection that is not verified, or that names accounts."""
        relay, client = self._relay, self._client
        message = self._decoded(payload)
        verdict = seen(
            message, client=client.state, run=relay.run, now_s=relay.latest_s(), size=len(payload)
        )
        if isinstance(message, ExecutionData):
            relay.dealings.executed(message)
        if isinstance(verdict, EndRun):
            relay.end_run(verdict, client)
        elif isinstance(verdict, Hold):
            self._held.append(payload)
        else:
            held, self._held = self._held, []
            self._release([*held, payload])
            self._answered([payload])
            client.upward.work()

    def _examine(self, payloads: Iterable[bytes]) -> None:
        """What the guard wants to know of frames that have gone down."""
        relay, client = self._relay, self._client
        state, run, now_s = client.state, relay.run, relay.latest_s()
        self._answered(payloads)
        for payload in payloads:
            if _tells_nothing(payload, state.version):
                continue
            message = self._decoded(payload)
            verdict = seen(message, client=state, run=run, now_s=now_s)
            if isinstance(message, ExecutionData):
                relay.dealings.executed(message)
            if isinstance(verdict, EndRun):
                relay.end_run(verdict, client)
                return

    def _answered(self, payloads: Iterable[bytes]) -> None:
        """Note which waiting requests these answer."""
        latencies, number = self._relay.metrics.latencies, self._client.number
        version = self._client.state.version
        loop_s = asyncio.get_running_loop().time()
        for payload in payloads:
            if not latencies:
                return
            request_id = of_answer(payload, version)
            if request_id is not None:
                latencies.answered(number, request_id, loop_s)
            for asked in asked_by(payload, version):
                latencies.answered(number, ("kind", asked), loop_s)

    def _release(self, payloads: list[bytes], whole: bytes = b"") -> None:
        if self.lanes.idle:
            self._write(payloads, whole)
            return
        self.lanes.pass_on(payloads, self._client.state.version)
        if self.lanes.overfull:
            self._relay.dropped(self._client, "fault held too much")
            self._client.close("a fault of the test held more than the relay keeps", at_once=True)

    def _write(self, payloads: list[bytes], whole: bytes = b"") -> None:
        data = whole or b"".join(map(frame, payloads))
        if self._left is not None:
            self._cut(data)
            return
        self._client.write(data)
        self._relay.tape.down(self._relay.now_s(), self._client.number, data, payloads)

    def _name_accounts(self, whole: bytes, payloads: list[bytes]) -> bool:
        version = self._client.state.version
        if version < PROTOBUF:
            return _ACCOUNTS in whole and any(each.startswith(_ACCOUNTS) for each in payloads)
        return any(message_id(each, version) == ManagedAccounts.MSG_ID for each in payloads)

    def _cut(self, data: bytes) -> None:
        left = self._left or 0
        self._client.write(data[:left])
        self._left = left - len(data)
        if self._left <= 0:
            self._client.close("fault: cut")

    def _decoded(self, payload: bytes) -> Message | Raw:
        try:
            return decode_response(payload, self._client.state.version)
        except WireError:
            self._relay.metrics.undecodable += 1
            return Raw(None, payload)


def _tells_nothing(payload: bytes, version: int) -> bool:
    """Whether a frame has no fact for the guard, as far as its first fields tell."""
    if version >= PROTOBUF:
        return message_id(payload, version) in _UNREAD_IDS
    head = payload[: payload.find(b"\0", 0, 5)]
    return head in UNREAD_HEADS or (head in _TICK_HEADS and not _tells_a_price(payload))


def _tells_a_price(payload: bytes) -> bool:
    """Whether a tick may make a quote: a price or size of bid or ask, live or delayed."""
    return payload.split(b"\0", 4)[3:4] in _QUOTE_TICKS
