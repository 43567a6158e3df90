"""Faults of a live run: made by the relay on the program's side, never felt by the gateway."""

from __future__ import annotations

import contextlib
from types import TracebackType
from typing import Any, Final

from pytest_ibkr import limits
from pytest_ibkr.errors import FaultNeverFired, GatewayError, UsageError
from pytest_ibkr.net.relay_handle import FaultKind, RelayHandle
from pytest_ibkr.wire.names import request_type

_MOST: Final = 2**31 - 1
_PACING: Final = 100  # the gateway's "Max rate of messages per second has been exceeded"


class LiveFault:
    """A fault in force; in a ``with`` statement until its end, otherwise until the session's.

    Attributes:
        what: what is wrong, for people.
    """

    def __init__(self, faults: LiveFaults, what: str, kind: FaultKind, **values: Any) -> None:
        self.what, self._faults = what, faults
        self._number: int | None = faults.relay.fault(kind, **values)
        self._fired = 0

    @property
    def fired(self) -> int:
        """How often something has met it."""
        if self._number is not None:
            self._fired = self._faults.relay.fired(self._number)
        return self._fired

    def __enter__(self) -> LiveFault:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with contextlib.suppress(GatewayError) if kind else contextlib.nullcontext():
            self.disarm()
        if kind is None and not self._fired:
            raise FaultNeverFired(f"{self.what}: nothing met this fault before its block ended")

    def disarm(self) -> None:
        """Take it back; what it held is released."""
        if self in self._faults.standing:
            self._faults.standing.remove(self)
        if self._number is not None:
            number, self._number = self._number, None
            self._fired = self._faults.relay.clear_fault(number)


class LiveFaults:
    """What a live test may break on purpose, between the relay and its program.

    Requests are named as the official client calls them (``"reqHistoricalData"``).
    """

    def __init__(self, relay: RelayHandle) -> None:
        self.relay = relay
        self.standing: list[LiveFault] = []

    def delay(
        self, request: str, seconds: float, *, symbol: str = "", times: int | None = None
    ) -> LiveFault:
        """Let what is sent down after a request come real seconds late, > 0."""
        if not (wait_s := limits.seconds("delay", seconds)):
            raise UsageError("a delay of 0 s delays nothing")
        what = f"{request} answered {wait_s:g} s late"
        return self._armed(what, "delay", request, symbol, seconds=wait_s, times=times)

    def hold(self, request: str = "", *, times: int | None = None) -> LiveFault:
        """Keep back what is sent down, after a request or all of it, until the fault ends."""
        what = f"{request or 'everything'} held back"
        return self._armed(what, "hold", request, "", times=times)

    def refuse(
        self,
        request: str,
        code: int,
        text: str = "",
        *,
        symbol: str = "",
        times: int | None = None,
    ) -> LiveFault:
        """Answer a request with error 100, the pacing error; no other can be made live."""
        if code != _PACING:
            raise simulator_only(
                f"faults.refuse({request!r}, {code}, …)",
                "refuse with error 100 (faults.pacing), or mark the test as one of the simulator",
            )
        return self._armed(f"{request} refused with 100", "pacing", request, symbol, times=times)

    def pacing(
        self, request: str, *, times: int | None = None, disconnect: bool = False
    ) -> LiveFault:
        """Answer a request with error 100, and close the socket if ``disconnect``."""
        what = f"{request} refused with 100"
        return self._armed(what, "pacing", request, "", times=times, disconnect=disconnect)

    def cut(self, request: str, *, keep: int | None = None) -> LiveFault:
        """Close the socket when a request comes, or after ``keep`` bytes of what follows; once."""
        if keep is not None:
            limits.whole("keep", keep, 0, _MOST)
        return self._armed(f"{request} cut", "cut", request, "", keep=keep, times=1)

    def cut_now(self) -> None:
        """Drop the connections of all programs at once, as a gateway that dies does."""
        self.relay.fault("cut")

    def freeze(self, symbol: str) -> LiveFault:
        """Simulator only."""
        raise simulator_only(f"faults.freeze({symbol!r})", "hold() keeps everything back")

    def external_trade(self, *what: object) -> LiveFault:
        """Simulator only."""
        raise simulator_only(f"faults.external_trade{what!r}", "nobody trades on a paper account")

    def waive(self) -> None:
        """Ask no proof of what still stands: its test has failed already."""
        for fault in tuple(self.standing):
            with contextlib.suppress(GatewayError):
                fault.disarm()
        self.standing.clear()

    def close(self) -> None:
        """End what still stands.

        Raises:
            FaultNeverFired: nothing met one of them.
        """
        standing = tuple(self.standing)
        for fault in standing:
            fault.disarm()
        if unmet := [fault.what for fault in standing if not fault.fired]:
            raise FaultNeverFired(
                f"{', '.join(unmet)}: nothing met this fault before the session ended\n"
                "  state: it was armed outside a with block, so it stood until then\n"
                "  fix:   with ibkr.faults.…: and inside it what is to meet the fault"
            )

    def _armed(
        self, what: str, kind: FaultKind, request: str, symbol: str, **values: Any
    ) -> LiveFault:
        if symbol:
            raise simulator_only(f"a fault for symbol={symbol!r} alone", "leave symbol= out")
        if request:
            request_type(request)  # a name nobody knows is a UsageError that says what was meant
        if values.get("times") is not None:
            limits.whole("times", values["times"], 1, _MOST)
        fault = LiveFault(self, what, kind, request=request, **values)
        self.standing.append(fault)
        return fault


def simulator_only(what: str, fix: str) -> UsageError:
    """What cannot be had from a gateway that is not ours."""
    return UsageError(
        f"{what} is for the simulator only: this test meets a paper gateway (--live-gateway)\n"
        "  state: nothing was changed and nothing was sent\n"
        f"  fix:   {fix}"
    )
