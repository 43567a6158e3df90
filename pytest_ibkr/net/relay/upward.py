"""From a client towards the gateway: in order, at the allowed rate, each frame judged.

Obeys the guard and decides nothing; :class:`GatewaySide` alone writes what was allowed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from pytest_ibkr.guard.canonical import canonical
from pytest_ibkr.guard.decision import Allow, EndRun, Ignore, Refuse, Replace
from pytest_ibkr.guard.requests import decide
from pytest_ibkr.net.relay.faults import PACING_CODE, PACING_TEXT
from pytest_ibkr.net.relay.meter import Meter
from pytest_ibkr.net.relay.request_ids import message_id, of_request, request_name
from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.place_order import PlaceOrder

if TYPE_CHECKING:
    from pytest_ibkr.net.relay.client_side import ClientSide
    from pytest_ibkr.net.relay.core import Relay

_LAST_S: Final = 10.0
_HIGH, _LOW = 200, 20  # waiting frames at which the client is no longer, and again, read
_PLACE_ORDER: Final = PlaceOrder.MSG_ID
_Frame = tuple[bytes, float, bool]  # payload, loop time of its arrival, whether the client sent it


class Upward:
    """The queue of one client."""

    def __init__(self, relay: Relay, client: ClientSide) -> None:
        self._relay, self._client = relay, client
        self.meter = Meter(relay.run.limits.messages_per_s)
        self._frames: deque[_Frame] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._busy: asyncio.Task[None] | None = None
        self._paused = False
        self._held_until_s = 0.0  # who came before had to wait for the rate
        self._last: str | None = None

    def __len__(self) -> int:
        return len(self._frames) + (self._busy is not None)

    def came(self, payloads: list[bytes]) -> None:
        """The client sent frames."""
        loop_s, at_s = asyncio.get_running_loop().time(), self._relay.now_s()
        metrics, tape = self._relay.metrics, self._relay.tape
        for payload in payloads:
            metrics.frames_up += 1
            metrics.bytes_up += len(payload) + 4
            self.meter.came(loop_s)
            tape.up(at_s, self._client.number, payload)
            self._frames.append((payload, loop_s, True))
        self.work()

    def own(self, messages: list[Message]) -> None:
        """Put the relay's replacements in front; they are judged like everything else."""
        loop_s, version = asyncio.get_running_loop().time(), self._client.state.version
        for message in reversed(messages):
            self._frames.appendleft((encode(message, version), loop_s, False))
        asyncio.get_running_loop().call_soon(self.work)

    def last(self, reason: str) -> None:
        """The client sends nothing more: end when everything was judged, at its pace."""
        if self._last is not None:
            return
        self._last = reason
        if not self._client.state.verified:
            self._client.close(reason)
            return
        loop = asyncio.get_running_loop()
        loop.call_later(_LAST_S, self._client.close, f"{reason}, with requests still waiting")
        self.work()

    def work(self) -> None:
        """Judge what may be judged now."""
        while self._frames and self._busy is None and self._may_judge():
            if self._client.closed is not None:
                return
            now_s = asyncio.get_running_loop().time()
            wait_s = self.meter.wait_s(now_s)
            if wait_s > 0:
                self._wait(wait_s)
                break
            payload, came_s, theirs = self._frames.popleft()
            waited_s = self.meter.goes(now_s, came_s=came_s)
            if came_s < self._held_until_s:
                self.meter.waited(waited_s)
                self._relay.metrics.delayed += 1
                self._relay.metrics.waited.add(waited_s)
                came_s = now_s
            self._meet_faults(payload, came_s, theirs=theirs)
        self._breathe()

    def close(self) -> None:
        """Nothing more goes up."""
        self._frames.clear()
        if self._timer is not None:
            self._timer.cancel()

    # -- inside --------------------------------------------------------------------------

    def _may_judge(self) -> bool:
        """Before its version nothing, before its account was verified only its start."""
        state = self._client.state
        return bool(state.version) and (not state.started or state.verified)

    def _wait(self, wait_s: float) -> None:
        self._held_until_s = asyncio.get_running_loop().time() + wait_s
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(wait_s, self._again)

    def _again(self) -> None:
        self._timer = None
        self.work()

    def _breathe(self) -> None:
        count = len(self._frames)
        if not self._paused and count >= _HIGH:
            self._paused = True
            self._client.pause()
        elif self._paused and count <= _LOW:
            self._paused = False
            self._client.resume()
        if self._last is not None and not count and self._busy is None:
            self._client.close(self._last)

    def _meet_faults(self, payload: bytes, came_s: float, *, theirs: bool) -> None:
        faults, client = self._relay.faults, self._client
        if not theirs or not faults or not client.state.verified:
            self._judge(payload, came_s)
            return
        version = client.state.version
        kind, request_id = message_id(payload, version), of_request(payload, version)
        name = request_name(kind)
        if (pacing := faults.met("pacing", kind)) is not None:
            pacing.fire()
            self._relay.note(client, "fault", fault="pacing", request=name)
            client.tell(-1, PACING_CODE, PACING_TEXT)
            if pacing.disconnect:
                client.close("fault: pacing")
            return
        cut = faults.met("cut", kind)
        if cut is not None:
            cut.fire()
            self._relay.note(client, "fault", fault="cut", request=name)
            if cut.keep is None:
                client.close("fault: cut", at_once=True)
                return
            client.downward.cut_after(cut.keep)
        client.downward.lanes.asked(kind, request_id)
        self._judge(payload, came_s)

    def _judge(self, payload: bytes, came_s: float) -> None:
        if message_id(payload, self._client.state.version) == _PLACE_ORDER:
            # Account check and ledger take time; nothing of this client overtakes them.
            task = asyncio.get_running_loop().create_task(self._order(payload, came_s))
            self._busy = task
            task.add_done_callback(self._order_done)
        elif (allowed := self._obey(payload)) is not None:
            if isinstance(allowed.message, PlaceOrder):  # it is on no disk
                self._relay.failed(RuntimeError("an order came in a frame that is none"))
                return
            self._forward(allowed, came_s)

    def _obey(self, payload: bytes) -> Allow | None:
        """Ask the guard and do what it says; what it allows is returned."""
        client, relay = self._client, self._relay
        decision = decide(payload, client=client.state, run=relay.run, now_s=relay.latest_s())
        name = request_name(message_id(payload, client.state.version))
        if isinstance(decision, Allow):
            return decision
        if isinstance(decision, Refuse):
            self._refused(decision, name)
        elif isinstance(decision, Replace):
            relay.replaced(client, decision, request=name)
        elif isinstance(decision, EndRun):
            relay.end_run(decision, client)
        elif isinstance(decision, Ignore):
            relay.audit("ignore", client, request=name, rule=decision.rule, reason=decision.reason)
        return None

    async def _order(self, payload: bytes, came_s: float) -> None:
        """Account first, then the guard, then the disk; only then may it go up."""
        client, relay = self._client, self._relay
        order_id = of_request(payload, client.state.version)
        said = canonical(payload, client.state.version)
        # Whose a group is can change at any time: the orders on the account are listed anew.
        grouped = isinstance(said, PlaceOrder) and bool(said.oca_group)
        why = await relay.check_account(-1 if order_id is None else order_id, again=grouped)
        if why is not None:
            self._refused(why, request_name(_PLACE_ORDER))
            return
        if client.closed is not None or (allowed := self._obey(payload)) is None:
            return
        message = allowed.message
        if isinstance(message, PlaceOrder) and not message.what_if:
            why = await relay.recorded(client, message)
            if why is not None:
                self._refused(why, message.NAME)
                return
        self._forward(allowed, came_s)

    def _refused(self, refuse: Refuse, request: str) -> None:
        self._relay.refused(self._client, refuse, request=request)
        self._client.tell(refuse.request_id, refuse.code, refuse.text)
        if refuse.hang_up:
            self._client.close(f"refused: {refuse.reason}")

    def _order_done(self, task: asyncio.Task[None]) -> None:
        self._busy = None
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._relay.failed(failure)
        if self._client.closed is None:
            self.work()

    def _forward(self, allowed: Allow, came_s: float) -> None:
        gateway, relay, client = self._client.gateway, self._relay, self._client
        if gateway is None or client.closed is not None or relay.run.ending is not None:
            relay.audit("unsent", client, request=allowed.message.NAME)
            return
        now_s = asyncio.get_running_loop().time()
        gateway.forward(allowed)
        relay.metrics.added_up.add(max(0.0, now_s - came_s))
        relay.forwarded(client, allowed.message, now_s)
