"""Faults a test arms on purpose: delay, freeze, cut, refuse, external trade; each counts itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.consequences import Consequences
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.names import request_type

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine


@dataclass(slots=True)
class Fault:
    """One armed fault; ``fired`` counts how often something met it."""

    what: str
    request: type[Message] | None = None
    symbol: str = ""
    times: int | None = None  # how often it may fire; None: every time
    fired: int = 0
    meet: Callable[[Client, Message], bool] = field(default=lambda _c, _m: False)

    def applies(self, message: Message) -> bool:
        """Whether this message meets the fault."""
        if self.request is None or not isinstance(message, self.request):
            return False
        if self.times is not None and self.fired >= self.times:
            return False
        contract = getattr(message, "contract", None)
        return not self.symbol or getattr(contract, "symbol", "") == self.symbol


class FaultBoard:
    """The faults armed on one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.armed: list[Fault] = []

    def intercept(self, client: Client, message: Message) -> bool:
        """Let the first matching fault deal with a request; True when it took it over."""
        for fault in self.armed:
            if fault.applies(message):
                fault.fired += 1
                return fault.meet(client, message)
        return False

    def delay(
        self, request: str, seconds: float, *, symbol: str = "", times: int | None = None
    ) -> Fault:
        """Answer matching requests only ``seconds`` later, in virtual time that must pass.

        The request itself is taken at once: a cancel in between finds it pending.
        """
        fault = Fault(f"{request} delayed by {seconds:g} s", request_type(request), symbol, times)

        def meet(client: Client, message: Message) -> bool:
            plan = Consequences(self._engine, delay_s=seconds)
            with plan, client.held_back():
                self._engine.dispatch(client, message)
            return True

        return self._arm(fault, meet)

    def refuse(
        self, request: str, code: int, text: str, *, symbol: str = "", times: int | None = None
    ) -> Fault:
        """Answer matching requests with message 4 and nothing else."""
        if "\0" in text:
            raise UsageError("an error text cannot contain a NUL byte: it ends a field")
        fault = Fault(f"{request} refused with {code}", request_type(request), symbol, times)

        def meet(client: Client, message: Message) -> bool:
            client.error(self._engine.request_id(message), code, text)
            return True

        return self._arm(fault, meet)

    def cut(self, request: str, *, keep: int | None = None, times: int | None = 1) -> Fault:
        """Close the socket without a message when a matching request comes.

        ``keep``: answer it, but let only that many bytes of the answer out: a torn frame.
        """
        fault = Fault(f"cut at {request}", request_type(request), times=times)

        def meet(client: Client, message: Message) -> bool:
            if keep is None:
                client.close(f"cut by a fault at {request}")
                return True
            plan = Consequences(self._engine, around=lambda: client.torn(keep))
            with plan, client.torn(keep):
                self._engine.dispatch(client, message)
            return True

        return self._arm(fault, meet)

    def freeze(self, symbol: str) -> Fault:
        """Let a symbol's quotes (and its options') stand still from now on."""
        fault = self._arm(Fault(f"{symbol} frozen", symbol=symbol), lambda _c, _m: False)
        self._engine.conditions.frozen[symbol] = self._engine.now_s
        return fault

    def note_frozen(self, symbol: str) -> None:
        """Count that somebody looked at a frozen quote."""
        for fault in self.armed:
            if fault.request is None and fault.symbol == symbol:
                fault.fired += 1

    def external_trade(self, con_id: int, quantity: Decimal, price: Decimal) -> Fault:
        """Trade on the account as somebody else would: at once, for all clients to notice."""
        instrument = self._engine.world.book.by_id(con_id)
        if instrument is None:
            raise UsageError(f"conId {con_id} is not in the snapshot")
        self._engine.orders.external_trade(instrument, quantity, price)
        return Fault(f"external trade of {quantity} {instrument.local_symbol}", fired=1)

    def disarm(self, fault: Fault) -> None:
        """Take a fault back; a frozen symbol moves again."""
        if fault in self.armed:
            self.armed.remove(fault)
        if fault.request is None:
            self._engine.conditions.frozen.pop(fault.symbol, None)

    def _arm(self, fault: Fault, meet: Callable[[Client, Message], bool]) -> Fault:
        fault.meet = meet
        self.armed.append(fault)
        return fault
