"""One program under test at the relay: its handshake, its socket, its end.

What it sends goes to :mod:`upward`, what comes for it through :mod:`downward`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast

from pytest_ibkr.guard.decision import Refuse
from pytest_ibkr.guard.state import ClientState
from pytest_ibkr.net.relay.downward import Downward
from pytest_ibkr.net.relay.gateway_side import GatewaySide, acknowledge_at_once
from pytest_ibkr.net.relay.upward import Upward
from pytest_ibkr.wire.codec import encode_frame
from pytest_ibkr.wire.connection import (
    Ended,
    Event,
    FrameReceived,
    GatewayConnection,
    VersionChosen,
    VersionsOffered,
)
from pytest_ibkr.wire.framing import frame
from pytest_ibkr.wire.messages.session import ErrorNotice
from pytest_ibkr.wire.versions import OLDEST

if TYPE_CHECKING:
    from pytest_ibkr.net.relay.core import Relay

MAX_FRAME: Final = 256 * 1024  # no request comes near; a gateway's own limit is not known
MOST_UNREAD: Final = 16 * 1024 * 1024
_LINGER_S: Final = 2.0


class ClientSide(asyncio.Protocol):
    """One accepted connection and the connection to the gateway that belongs to it.

    Attributes:
        number: counts from 1 in each relay.
        state: what the guard knows of it.
        gateway: its own connection upward; None before and after.
        closed: why it ended; None while it is open.
    """

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.number = 0
        self.state = ClientState(connection=0, version=0)
        self.gateway: GatewaySide | None = None
        self.closed: str | None = None
        self.upward = Upward(relay, self)
        self.downward = Downward(relay, self)
        self._machine = GatewayConnection(max_frame=MAX_FRAME)
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._dialling: asyncio.Task[None] | None = None
        self._offer: tuple[int, int] = (0, 0)

    # -- asyncio.Protocol ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept; nothing is dialled before a proper greeting."""
        self._transport = cast(asyncio.Transport, transport)
        acknowledge_at_once(self._transport)
        self.number = self.state.connection = self.relay.joined(self)
        limit_s = self.relay.spec.handshake_timeout_s
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(limit_s, self._too_late)
        if (why := self.relay.refuses_clients()) is not None:
            self.close(why)

    def data_received(self, data: bytes) -> None:
        """Feed the state machine, let frames be judged."""
        if self.closed is not None or self._transport is None:
            return
        acknowledge_at_once(self._transport)
        self._take(self._machine.receive(data))

    def eof_received(self) -> bool:
        """End of stream: what was complete is still judged, at its pace."""
        self._take(self._machine.receive(b""))
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone; what was complete before is still judged."""
        self._transport = None
        self._take(self._machine.receive(b""))
        self.upward.last(str(exc) if exc else "the client hung up")

    def pause(self) -> None:
        """Let the client's system hold what it sends."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _take(self, events: list[Event]) -> None:
        payloads = [event.payload for event in events if isinstance(event, FrameReceived)]
        if payloads and self.closed is None:
            self.upward.came(payloads)
        for event in events:
            if isinstance(event, VersionsOffered):
                self._greeted(event)
            elif isinstance(event, Ended) and self.closed is None:
                if event.error and not event.error.startswith("closed inside"):
                    self.relay.refused(self, _unreadable(event.error), request="")
                    self.close(event.error)
                else:
                    self.upward.last(event.error or "the client hung up")

    # -- handshake -----------------------------------------------------------------------

    def _greeted(self, offer: VersionsOffered) -> None:
        newest = self.relay.spec.newest_version
        highest = min(offer.highest, newest)
        if highest < max(OLDEST, offer.lowest):
            offered = f"{offer.lowest} to {offer.highest}"
            refusal = Refuse(
                "client.version",
                f"the client speaks server versions {offered}, the relay {OLDEST} to {newest}",
                "use a client library that speaks one of these for live tests",
            )
            self.relay.refused(self, refusal, request="handshake")
            self.close(refusal.reason)
            return
        self._offer = (max(OLDEST, offer.lowest), highest)
        self.relay.note(self, "opened", lowest=offer.lowest, highest=offer.highest)
        if offer.options:
            self.relay.audit("note", self, reason=f"connect options left out: {offer.options}")
        self._dialling = asyncio.get_running_loop().create_task(self._dial())

    async def _dial(self) -> None:
        lowest, highest = self._offer
        endpoint = self.relay.spec.host, self.relay.spec.port
        try:
            side = await GatewaySide.open(endpoint, self, lowest=lowest, highest=highest)
        except OSError as exc:
            self.close(f"the gateway cannot be reached: {exc.strerror or exc}")
            return
        if self.closed is not None:
            side.abort()
            return
        self.gateway = side

    def gateway_answered(self, chosen: VersionChosen) -> None:
        """The gateway chose a version: the client learns it, if it is one that was asked for."""
        lowest, highest = self._offer
        if not lowest <= chosen.version <= highest:
            self.relay.dropped(self, "version")
            self.close(f"the gateway answered version {chosen.version}, not {lowest} to {highest}")
            return
        self.state.version = chosen.version
        self.relay.note(self, "version", version=chosen.version)
        self.write(frame(b"%d\0%s\0" % (chosen.version, chosen.connection_time)))
        asyncio.get_running_loop().call_soon(self.upward.work)

    def gateway_sent(self, whole: bytes, payloads: list[bytes]) -> None:
        """Frames came down."""
        if self.closed is None:
            self.downward.came(whole, payloads)

    def gateway_gone(self, reason: str) -> None:
        """The gateway's side ended: so does the client's."""
        if self.closed is None:
            self.downward.gateway_gone()
            self.close(reason)

    def _too_late(self) -> None:
        if not self.state.verified and self.closed is None:
            seconds = self.relay.spec.handshake_timeout_s
            self.relay.dropped(self, "handshake")
            self.close(f"no verified session within {seconds:g} s")

    # -- towards the client --------------------------------------------------------------

    def write(self, data: bytes) -> None:
        """Send bytes down; a client that does not read is dropped, not buffered for ever."""
        transport = self._transport
        if transport is None or self.closed is not None:
            return
        if transport.get_write_buffer_size() > MOST_UNREAD:
            self.relay.dropped(self, "slow reader")
            self.close("the client does not read its socket", at_once=True)
            return
        transport.write(data)

    def tell(self, request_id: int, code: int, text: str) -> None:
        """Send an error as the gateway would."""
        if not self.state.version:
            return
        at_ms = int(self.relay.now_s() * 1000)
        notice = ErrorNotice(request_id=request_id, code=code, text=text, at_ms=at_ms)
        data = encode_frame(notice, self.state.version)
        self.write(data)
        self.relay.tape.down(self.relay.now_s(), self.number, data, [data[4:]])

    def close(self, reason: str, *, at_once: bool = False) -> None:
        """End both sides; ``reason`` goes to tape and log. Idempotent."""
        if self.closed is not None:
            return
        self.closed = reason
        if self._deadline is not None:
            self._deadline.cancel()
        if self._dialling is not None and self._dialling is not asyncio.current_task():
            self._dialling.cancel()
        self.upward.close()
        self.downward.close()
        gateway, self.gateway = self.gateway, None
        if gateway is not None:
            gateway.close()
        transport, self._transport = self._transport, None
        if transport is not None and at_once:
            transport.abort()
        elif transport is not None:
            transport.close()
            asyncio.get_running_loop().call_later(_LINGER_S, transport.abort)
        self.relay.left(self)


def _unreadable(error: str) -> Refuse:
    return Refuse(
        "frame.stream",
        f"what the client sent is no TWS API stream: {error[:200]}",
        "let a TWS API client, and nothing else, connect to the port the test was given",
        hang_up=True,
    )
