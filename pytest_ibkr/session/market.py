"""The market as a test's author writes it: quotes, moves of the price, halts.

Checks what may be asked; what it does to quotes is decided by the session's market.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Final, Literal, TypeVar

from pytest_ibkr import limits
from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.session.instruments import Named, instrument_of
from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.quotes import Quote
from pytest_ibkr.sim.scripted_market import Change

Price = float | Decimal
T = TypeVar("T")
_MOST: Final = 2**31 - 1
_HIGHEST_PCT: Final = 1000.0
_SIDES: Final = ("bid", "ask")


class SessionMarket:
    """What a test may do to the market. Everything is in force when the call returns.

    ``instrument`` is a symbol of the snapshot, a conId, or a contract of any client library.
    Streams are sent what changed, and working orders look at it, before anything else happens; an
    order looks for the first time when its fill latency is over.
    An order fills as at any other quote: at the opposite side, for no more than its size; a
    crossed quote or one with a side missing fills nothing and has no greeks.
    """

    def __init__(self, server: GatewayServer, engine: Engine) -> None:
        self._server, self._engine = server, engine

    def quote(
        self,
        instrument: Named,
        *,
        bid: Price | None = None,
        ask: Price | None = None,
        last: Price | None = None,
        bid_size: int | None = None,
        ask_size: int | None = None,
        last_size: int | None = None,
    ) -> Quote:
        """Write over a quote, and return the one that is shown now; without values only return it.

        What is not given stays as it was. A side that was given a price stands still until it is
        given another, taken away (:meth:`withdraw`) or cleared (:meth:`clear`). Only this
        instrument is written over: let an underlying :meth:`move` and its options follow. Written
        quotes are no part of historical bars.

        Args:
            instrument: symbol, conId or contract.
            bid, ask, last: dollars per share on the instrument's price grid; a bid may be 0.
            bid_size, ask_size, last_size: shares or contracts; by default what is shown now, or a
                round lot (options: 10 contracts) where nothing is.

        Raises:
            UsageError: a price beside the grid or below zero, a bid or ask of what is not quoted.
        """
        given = {"bid": bid, "ask": ask, "last": last}
        asked = {"bid": bid_size, "ask": ask_size, "last": last_size}
        sizes = {
            side: limits.whole(f"{side}_size", size, 0, _MOST)
            for side, size in asked.items()
            if size is not None
        }

        def write() -> Quote:
            engine, found = self._engine, instrument_of(self._engine.world, instrument)
            prices = {
                name: _price(engine, found, name, price)
                for name, price in given.items()
                if price is not None
            }
            if prices or sizes:
                engine.market.write(found, Change(prices, sizes), at_s=engine.now_s)
                engine.market_changed(found.symbol)
            return self._shown(found)

        return self._server.call(write)

    def withdraw(self, instrument: Named, *sides: Literal["bid", "ask"]) -> Quote:
        """Let nobody bid, or ask, any more; both without ``sides``. Return what is shown now."""
        if unknown := set(sides) - set(_SIDES):
            raise UsageError(f"cannot withdraw {', '.join(map(repr, unknown))}: 'bid' or 'ask'")

        def write() -> Quote:
            engine, found = self._engine, instrument_of(self._engine.world, instrument)
            change = Change(gone=frozenset(sides or _SIDES))
            engine.market.write(found, change, at_s=engine.now_s)
            engine.market_changed(found.symbol)
            return self._shown(found)

        return self._server.call(write)

    def clear(self, instrument: Named | None = None) -> None:
        """Show the market's own quotes again, of one instrument or of all; moves stay."""

        def clear() -> None:
            engine, book = self._engine, self._engine.world.book
            if instrument is not None:
                chosen = [instrument_of(engine.world, instrument)]
            else:
                named = (book.by_id(con_id) for con_id in engine.market.written())
                chosen = [found for found in named if found is not None]
            for found in chosen:
                if engine.market.clear(found, at_s=engine.now_s):
                    engine.market_changed(found.symbol)

        self._server.call(clear)

    def move(self, underlying: Named, *, pct: float, over_s: float = 0.0) -> None:
        """Shift an underlying's price from now on; its options follow through the model.

        The path it takes through the day is multiplied, so that it goes on moving as it did, and
        later quotes and the running day's historical bars agree with it. Moves multiply: -3 and
        then -3 is -5.91 per cent. What was before stays.

        Args:
            underlying: anything but an option.
            pct: per cent, above -100; -3 is three down.
            over_s: virtual seconds over which it gets there, in even steps; 0: at once.

        Raises:
            UsageError: an option, a percentage that cannot be, or the snapshot's market is over.
        """
        if isinstance(pct, bool) or not isinstance(pct, int | float | Decimal):
            raise UsageError(f"pct cannot be {pct!r}: a number of per cent is expected")
        if not -100 < pct <= _HIGHEST_PCT:
            raise UsageError(f"pct cannot be {pct}: above -100, at most {_HIGHEST_PCT:g}")
        seconds = limits.seconds("over_s", over_s)

        def move() -> None:
            engine, found = self._engine, instrument_of(self._engine.world, underlying)
            _check_movable(engine, found)
            share = float(pct) / 100
            engine.market.move(found, share=share, over_s=seconds, at_s=engine.now_s)
            engine.market_changed(found.symbol)

        self._server.call(move)

    def halt(self, symbol: Named) -> None:
        """Halt a symbol and its options: tick 49 says so, quotes stand still, nothing fills."""
        self._set_halted(symbol, lambda halted, name: halted.add(name))

    def resume(self, symbol: Named) -> None:
        """End a halt; working orders look at the market at once."""
        self._set_halted(symbol, lambda halted, name: halted.discard(name))

    def _set_halted(self, symbol: Named, change: Callable[[set[str], str], None]) -> None:
        def apply() -> None:
            found = instrument_of(self._engine.world, symbol)
            change(self._engine.halted, found.symbol)
            self._engine.market_changed(found.symbol)

        self._server.call(apply)

    def bid(self, instrument: Named) -> float | None:
        """Return the bid shown now, dollars per share; None: nobody bids."""
        return self.quote(instrument).bid

    def ask(self, instrument: Named) -> float | None:
        """Return the ask shown now, dollars per share; None: nobody asks."""
        return self.quote(instrument).ask

    def last(self, instrument: Named) -> float | None:
        """Return the last price, dollars per share; None: nothing traded."""
        return self.quote(instrument).last

    def _shown(self, instrument: Instrument) -> Quote:
        engine = self._engine
        # Not engine.market_time: the test's own look is no meeting with a freeze fault.
        at_s = engine.conditions.frozen.get(instrument.symbol, engine.now_s)
        return engine.market.quote(instrument, at_s)


def _price(engine: Engine, instrument: Instrument, name: str, price: Price) -> float:
    """Check one price and return it as the market holds it."""
    if isinstance(price, bool) or not isinstance(price, int | float | Decimal):
        raise UsageError(f"{name} cannot be {price!r}: a price in dollars is expected")
    if not math.isfinite(price) or price < 0 or (price == 0 and name != "bid"):
        raise UsageError(f"{name} cannot be {price}: a price above zero is expected")
    if name != "last" and instrument.sec_type == "IND" and engine.market.spread(instrument) is None:
        raise UsageError(f"{instrument.symbol} is an index that nobody bids for: give last only")
    exact = Decimal(str(price))
    tick = Decimal(str(instrument.min_tick))
    if instrument.sec_type == "OPT":
        tick = engine.market.tick_size(instrument, exact)
    elif 0 < instrument.quote_tick < instrument.min_tick:
        tick = Decimal(str(instrument.quote_tick))
    if exact % tick:
        raise UsageError(
            f"{name} cannot be {price}: {instrument.local_symbol} moves in steps of {tick}, and"
            f" the market never quotes between them\n  fix:   {exact - exact % tick} or"
            f" {exact - exact % tick + tick}"
        )
    return float(exact)


def _check_movable(engine: Engine, instrument: Instrument) -> None:
    if instrument.sec_type == "OPT":
        raise UsageError(
            f"{instrument.local_symbol} is an option: it follows its underlying\n"
            f"  fix:   move({instrument.symbol!r}, …), or quote() this option alone"
        )
    if engine.now_s >= engine.market.captured_s:
        raise UsageError(
            f"{instrument.symbol} cannot move: the snapshot's market is over\n"
            "  state: quotes stand as they were captured\n"
            "  fix:   begin earlier (market_hours(at='HH:MM')), or write a quote()"
        )
