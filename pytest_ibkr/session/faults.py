"""Faults as context managers: armed inside the block, taken back after it, proven to have fired."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from pytest_ibkr.errors import FaultNeverFired, UsageError
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.faults import Fault
from pytest_ibkr.sim.world import World


class Faults:
    """What a test may break on purpose; every method is a context manager yielding the fault.

    Raises:
        FaultNeverFired: at the end of a block whose fault nothing met.
    """

    def __init__(self, server: GatewayServer, engine: Engine) -> None:
        self._server, self._engine, self._board = server, engine, engine.faults

    @contextmanager
    def delay(
        self, request: str, seconds: float, *, symbol: str = "", times: int | None = None
    ) -> Iterator[Fault]:
        """Answer a request (``"reqHistoricalData"``) only after virtual seconds."""
        arm = lambda: self._board.delay(request, seconds, symbol=symbol, times=times)  # noqa: E731
        with self._armed(arm) as fault:
            yield fault

    @contextmanager
    def refuse(
        self, request: str, code: int, text: str, *, symbol: str = "", times: int | None = None
    ) -> Iterator[Fault]:
        """Answer a request with an error and nothing else."""
        with self._armed(
            lambda: self._board.refuse(request, code, text, symbol=symbol, times=times)
        ) as fault:
            yield fault

    @contextmanager
    def freeze(self, symbol: str) -> Iterator[Fault]:
        """Let a symbol's quotes, and its options', stand still."""
        with self._armed(lambda: self._board.freeze(symbol)) as fault:
            yield fault

    @contextmanager
    def cut(self, request: str, *, keep: int | None = None) -> Iterator[Fault]:
        """Close the socket when a request comes, or after ``keep`` bytes of its answer."""
        with self._armed(lambda: self._board.cut(request, keep=keep)) as fault:
            yield fault

    def cut_now(self) -> None:
        """Drop every connection at once, as a gateway that dies does."""
        self._server.drop_connections()

    def external_trade(
        self, instrument: str | int, quantity: int | Decimal, price: Decimal | None = None
    ) -> Fault:
        """Trade on the account as somebody else would; price defaults to the last one.

        Args:
            instrument: a symbol of the snapshot, or a conId.
            quantity: signed; shares or contracts.
        """
        engine = self._engine

        def trade() -> Fault:
            found = instrument_of(engine.world, instrument)
            last = engine.world.market.quote(found, engine.now_s).last
            paid = price if price is not None else Decimal(str(last)) if last else None
            if paid is None:
                raise UsageError(f"no last price for {instrument!r}: give one")
            return engine.faults.external_trade(found.con_id, Decimal(quantity), paid)

        return self._server.call(trade)

    @contextmanager
    def _armed(self, arm: Callable[[], Fault]) -> Iterator[Fault]:
        fault = self._server.call(arm)
        try:
            yield fault
        finally:
            self._server.call(lambda: self._board.disarm(fault))
        if not fault.fired:
            raise FaultNeverFired(f"{fault.what}: nothing met this fault before its block ended")


def instrument_of(world: World, instrument: str | int) -> Instrument:
    """Return what a symbol or a conId means.

    Raises:
        UsageError: it is not in the snapshot; the symbols that are, are listed.
    """
    book = world.book
    by_symbol = isinstance(instrument, str)
    found = book.by_symbol(str(instrument)) if by_symbol else book.by_id(int(instrument))
    if found is None:
        known = ", ".join(world.snapshot.symbols)
        raise UsageError(f"{instrument!r} is not in the snapshot: {known}")
    return found
