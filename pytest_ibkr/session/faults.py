"""Faults as a test holds them: armed at the call, taken back after their block, proven to fire.

Checks what a test's author may ask; what a fault does is decided by the engine's board.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from decimal import Decimal
from types import TracebackType
from typing import Final

from pytest_ibkr import limits
from pytest_ibkr.errors import FaultNeverFired, GatewayError, UsageError
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.session.instruments import Named, instrument_of, tradable
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.faults import Fault

_MOST: Final = 2**31 - 1


class ArmedFault:
    """A fault that is in force from the moment it was made.

    In a ``with`` statement it ends with the block, which then fails when nothing met it. Without
    one it stands until the session ends, and the session fails instead.

    Attributes:
        fired: how often something has met it.
    """

    def __init__(self, faults: Faults, arm: Callable[[], Fault]) -> None:
        self._faults = faults
        self._fault = faults.server.call(arm)

    @property
    def what(self) -> str:
        """What is wrong, for people."""
        return self._fault.what

    @property
    def fired(self) -> int:
        """How often something has met it."""
        return self._fault.fired

    def __enter__(self) -> ArmedFault:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A stopped gateway must not hide the error that the test is ending with.
        with contextlib.suppress(GatewayError) if kind else contextlib.nullcontext():
            self.disarm()
        if kind is None and not self.fired:
            raise FaultNeverFired(f"{self.what}: nothing met this fault before its block ended")

    def disarm(self) -> None:
        """Take it back; what was sent before is still met."""
        if self in self._faults.standing:
            self._faults.standing.remove(self)
        server = self._faults.server
        server.take_in()
        server.call(lambda: self._faults.engine.faults.disarm(self._fault))


class Faults:
    """What a test may break on purpose. Each fault is in force at once; ``with`` ends it.

    Requests are named as the official client calls them (``"reqHistoricalData"``). ``symbol``
    limits a fault to requests about contracts of that symbol, ``times`` to so many of them.

    Raises:
        UsageError: a request nobody knows or the gateway does not simulate, or a value that
            cannot be.
        FaultNeverFired: at the end of a block, or of the session, when nothing met the fault.
    """

    def __init__(self, server: GatewayServer, engine: Engine) -> None:
        self.server, self.engine = server, engine
        self.standing: list[ArmedFault] = []

    def delay(
        self, request: str, seconds: float, *, symbol: str = "", times: int | None = None
    ) -> ArmedFault:
        """Answer a request only after virtual seconds, > 0."""
        if not (wait_s := limits.seconds("delay", seconds)):
            raise UsageError("a delay of 0 s delays nothing")
        _check_times(times)
        board = self.engine.faults
        return self._armed(lambda: board.delay(request, wait_s, symbol=symbol, times=times))

    def refuse(
        self, request: str, code: int, text: str, *, symbol: str = "", times: int | None = None
    ) -> ArmedFault:
        """Answer a request with an error and nothing else."""
        limits.whole("an error code", code, -_MOST, _MOST)
        if not isinstance(text, str):
            raise UsageError(f"an error text cannot be {text!r}: text is expected")
        _check_times(times)
        board = self.engine.faults
        return self._armed(lambda: board.refuse(request, code, text, symbol=symbol, times=times))

    def freeze(self, symbol: str) -> ArmedFault:
        """Let a symbol's quotes, and its options', stand still."""
        instrument_of(self.engine.world, symbol)
        return self._armed(lambda: self.engine.faults.freeze(symbol))

    def cut(self, request: str, *, keep: int | None = None) -> ArmedFault:
        """Close the socket when a request comes, or after ``keep`` bytes of its answer; once."""
        if keep is not None:
            limits.whole("keep", keep, 0, _MOST)
        return self._armed(lambda: self.engine.faults.cut(request, keep=keep))

    def cut_now(self) -> None:
        """Drop every connection at once, as a gateway that dies does."""
        self.server.drop_connections()

    def external_trade(
        self, instrument: Named, quantity: int | Decimal, price: Decimal | None = None
    ) -> Fault:
        """Trade on the account as somebody else would; price defaults to the last one.

        Args:
            instrument: a symbol of the snapshot, a conId or a contract; not an index.
            quantity: signed; whole shares or contracts.
            price: dollars per share.
        """
        engine, amount = self.engine, limits.quantity(quantity)
        given = None if price is None else limits.amount("price", price, least=Decimal(0))

        def trade() -> Fault:
            found = tradable(engine.world, instrument)
            last = engine.market.quote(found, engine.now_s).last
            paid = given if given is not None else Decimal(str(last)) if last else None
            if paid is None:
                raise UsageError(f"no last price for {instrument!r}: give one")
            return engine.faults.external_trade(found.con_id, amount, paid)

        return self.server.call(trade)

    def waive(self) -> None:
        """Ask no proof of what still stands: its test has failed already."""
        self.standing.clear()

    def close(self) -> None:
        """End what still stands.

        Raises:
            FaultNeverFired: nothing met one of them.
        """
        standing, self.standing = self.standing, []
        unmet = [fault.what for fault in standing if not fault.fired]
        if unmet:
            raise FaultNeverFired(
                f"{', '.join(unmet)}: nothing met this fault before the session ended\n"
                "  state: it was armed outside a with block, so it stood until then\n"
                "  fix:   with ibkr.faults.…: and inside it what is to meet the fault"
            )

    def _armed(self, arm: Callable[[], Fault]) -> ArmedFault:
        fault = ArmedFault(self, arm)
        self.standing.append(fault)
        return fault


def _check_times(times: int | None) -> None:
    if times is not None:
        limits.whole("times", times, 1, _MOST)
