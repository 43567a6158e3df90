"""What is late on its way to a client, because a fault of its test says so."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from pytest_ibkr.net.relay.faults import Fault, FaultBoard
from pytest_ibkr.net.relay.request_ids import of_answer

MOST_LATE: Final = 16 * 1024 * 1024


class Lanes:
    """One client's frames, each in the lane of its request, or of everything; order is kept.

    Args:
        board: the running test's faults.
        write: takes frames that go down now.
    """

    def __init__(self, board: FaultBoard, write: Callable[[list[bytes]], None]) -> None:
        self._board, self._write = board, write
        self._faults: dict[int, list[Fault]] = {}  # by request id
        self._lanes: dict[int | None, deque[tuple[float, bytes]]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._bytes = 0

    @property
    def idle(self) -> bool:
        """Whether frames can go down without asking here."""
        return not self._lanes and not self._faults and not self._everything()

    @property
    def overfull(self) -> bool:
        """Whether more waits than may."""
        return self._bytes > MOST_LATE

    def asked(self, message_id: int, request_id: int | None) -> None:
        """The client sent a request: its answers may be late from now on."""
        if request_id is None:
            return
        for fault in self._board.armed.values():
            timed = fault.kind in ("delay", "hold") and fault.message_id is not None
            if timed and fault.meets(message_id):
                fault.fire()
                self._faults.setdefault(request_id, []).append(fault)

    def pass_on(self, payloads: list[bytes], version: int) -> None:
        """Write what is not late, keep the rest until its moment."""
        now_s, going = asyncio.get_running_loop().time(), list[bytes]()
        for payload in payloads:
            request_id = of_answer(payload, version)
            key = request_id if request_id in self._faults else None
            wait_s = self._wait_s(key)
            lane = self._lanes.get(key)
            if lane is None and wait_s == 0.0:
                going.append(payload)
                continue
            if lane is None:
                lane = self._lanes[key] = deque()
            due_s = now_s + wait_s
            lane.append((max(due_s, lane[-1][0]) if lane else due_s, payload))
            self._bytes += len(payload)
        if going:
            self._write(going)
        self._plan()

    def clear(self, fault: Fault | None = None) -> None:
        """A fault ended, or all: what waited for it goes down now, in order."""
        for request_id, faults in list(self._faults.items()):
            kept = [each for each in faults if fault is not None and each is not fault]
            if kept:
                self._faults[request_id] = kept
            else:
                del self._faults[request_id]
                self._flush(request_id)
        if not self._everything():
            self._flush(None)

    def close(self) -> None:
        """Forget everything."""
        if self._timer is not None:
            self._timer.cancel()
        self._lanes.clear()
        self._faults.clear()

    def _everything(self) -> list[Fault]:
        timed = self._board.standing("delay") + self._board.standing("hold")
        return [fault for fault in timed if fault.message_id is None and fault.left != 0]

    def _wait_s(self, key: int | None) -> float:
        faults = self._everything() if key is None else self._faults[key]
        if key is None:
            for fault in faults:
                fault.fire()
        waits = [fault.seconds if fault.kind == "delay" else float("inf") for fault in faults]
        return max(waits, default=0.0)

    def _flush(self, key: int | None) -> None:
        lane = self._lanes.pop(key, None)
        if lane:
            self._bytes -= sum(len(payload) for _due_s, payload in lane)
            self._write([payload for _due_s, payload in lane])

    def _plan(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due_s = min((lane[0][0] for lane in self._lanes.values() if lane), default=float("inf"))
        if due_s != float("inf"):
            self._timer = asyncio.get_running_loop().call_at(due_s, self._due)

    def _due(self) -> None:
        self._timer = None
        now_s = asyncio.get_running_loop().time()
        for key, lane in list(self._lanes.items()):
            going = list[bytes]()
            while lane and lane[0][0] <= now_s + 1e-3:
                going.append(lane.popleft()[1])
            if not lane:
                del self._lanes[key]
            if going:
                self._bytes -= sum(map(len, going))
                self._write(going)
        self._plan()
