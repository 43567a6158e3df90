"""Faults a test arms on the clients' side of the relay; the gateway never feels any of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any, Final, Literal

from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.relay.request_ids import position
from pytest_ibkr.wire.declare import REQUESTS
from pytest_ibkr.wire.versions import NEWEST_TEXT

Kind = Literal["cut", "delay", "hold", "pacing"]
KINDS: Final = ("cut", "delay", "hold", "pacing")
PACING_CODE: Final = 100
# gateway-behaviour.md 5; marked, so that nobody takes it for the gateway's.
PACING_TEXT: Final = "Max rate of messages per second has been exceeded:max=50 rec=138 (1)"
_LONGEST_DELAY_S: Final = 600.0
_MOST_ARMED: Final = 50


@dataclass(kw_only=True)
class Fault:
    """One armed fault.

    Attributes:
        message_id: of the request that meets it; None: every request, or everything at once.
        seconds: of a delay.
        keep: of a cut: bytes that still go down after the request came.
        left: how often it may still be met; None: always.
        fired: how often it was met.
    """

    number: int
    kind: Kind
    message_id: int | None
    seconds: float = 0.0
    keep: int | None = None
    left: int | None = None
    disconnect: bool = False
    fired: int = 0

    def meets(self, message_id: int) -> bool:
        """Whether a request with this id meets it."""
        return self.left != 0 and self.message_id in (None, message_id)

    def fire(self) -> None:
        """Count one meeting."""
        self.fired += 1
        if self.left is not None:
            self.left -= 1


class FaultBoard:
    """The faults of the running test."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.armed: dict[int, Fault] = {}
        self._ended: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self.armed)

    def arm(self, asked: dict[str, Any]) -> Fault:
        """Make one of what a command says.

        Raises:
            UsageError: there is no such kind or request, or a value cannot be.
        """
        kind = asked.get("kind")
        if kind not in KINDS:
            raise UsageError(f"no fault {kind!r}: there are {', '.join(KINDS)}")
        if len(self.armed) >= _MOST_ARMED:
            raise UsageError(f"{_MOST_ARMED} faults are armed: clear some")
        fault = Fault(
            number=next(self._numbers),
            kind=kind,
            message_id=_message_id(asked.get("request") or ""),
            seconds=_seconds(kind, asked.get("seconds")),
            keep=_whole("keep", asked.get("keep"), least=0),
            left=_whole("times", asked.get("times"), least=1),
            disconnect=bool(asked.get("disconnect")),
        )
        if fault.keep is not None and (kind != "cut" or fault.message_id is None):
            raise UsageError("keep belongs to a cut that waits for a request")
        if kind in ("delay", "hold") and fault.message_id is not None:
            request = REQUESTS[fault.message_id]
            if position(request, NEWEST_TEXT) is None:
                raise UsageError(
                    f"{request.NAME} carries no id, so its answers cannot be told from others"
                    f"\n  fix:   {kind} everything, without request="
                )
        self.armed[fault.number] = fault
        return fault

    def fired(self, number: int) -> int:
        """How often a fault of this test was met.

        Raises:
            UsageError: there was no such fault.
        """
        fault = self.armed.get(number)
        if fault is None and number not in self._ended:
            raise UsageError(f"no fault {number} was armed in this test")
        return self._ended[number] if fault is None else fault.fired

    def clear(self, number: int) -> Fault | None:
        """End one; None: it has ended before."""
        self.fired(number)
        fault = self.armed.pop(number, None)
        if fault is not None:
            self._ended[number] = fault.fired
        return fault

    def end_test(self) -> dict[str, int]:
        """End all; return how often each of this test was met, by number."""
        for number in list(self.armed):
            self.clear(number)
        counts, self._ended = self._ended, {}
        return {str(number): fired for number, fired in sorted(counts.items())}

    def met(self, kind: Kind, message_id: int) -> Fault | None:
        """The first fault of a kind that a request meets."""
        for fault in self.armed.values():
            if fault.kind == kind and fault.meets(message_id):
                return fault
        return None

    def standing(self, kind: Kind) -> list[Fault]:
        """All armed faults of a kind."""
        return [fault for fault in self.armed.values() if fault.kind == kind]


def _message_id(name: str) -> int | None:
    if not name:
        return None
    for number, cls in REQUESTS.items():
        if name in (cls.NAME, cls.__name__):
            return number
    raise UsageError(f"no request {name!r}: requests are named as the official client does")


def _seconds(kind: str, value: Any) -> float:
    if kind != "delay":
        if value is not None:
            raise UsageError(f"a {kind} has no seconds")
        return 0.0
    if not isinstance(value, (int, float)) or not 0 < value <= _LONGEST_DELAY_S:
        raise UsageError(f"a delay cannot be {value!r}: seconds in 0 to {_LONGEST_DELAY_S:g}")
    return float(value)


def _whole(name: str, value: Any, *, least: int) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or value < least:
        raise UsageError(f"{name} cannot be {value!r}: a whole number from {least}")
    return value
