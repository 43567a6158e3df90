"""Instruments a session has beside the snapshot's, all synthetic: by name or of one's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_ibkr import limits
from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.custom_listing import Wanted, listing, preset
from pytest_ibkr.sim.journal import Note

if TYPE_CHECKING:
    from pytest_ibkr.net.server import GatewayServer
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.listing import Listing
    from pytest_ibkr.sim.world import World

_MOST = 2**31 - 1
Amount = int | Decimal


@dataclass(frozen=True, slots=True)
class AddedContract:
    """One instrument that was added.

    ``expiry`` is ``YYYYMMDD`` or empty, ``multiplier`` 0 for what has none, ``min_tick`` in units
    of the currency; ``source`` says in words what its synthetic prices follow.
    """

    con_id: int
    symbol: str
    sec_type: str
    exchange: str
    currency: str
    local_symbol: str
    expiry: str
    multiplier: int
    min_tick: Decimal
    expired: bool
    source: str
    provenance: str = "synthetic"


class SessionContracts:
    """What can be traded in a session; what is added goes with the session."""

    def __init__(self, server: GatewayServer, engine: Engine) -> None:
        self._server, self._engine = server, engine

    def add(
        self,
        symbol: str,
        *,
        sec_type: str | None = None,
        price: Amount | None = None,
        spread: Amount | None = None,
        exchange: str | None = None,
        currency: str = "USD",
        con_id: int | None = None,
        min_tick: Amount | None = None,
        multiplier: int = 0,
        expiry: str = "",
        long_name: str = "",
        yearly_vol: float = 0.0,
        day_volume: int | None = None,
    ) -> tuple[AddedContract, ...]:
        """List instruments for the rest of the session; every price of them is synthetic.

        By name alone: ``"ES"``, ``"MES"``, ``"SPX"``, ``"EUR.USD"``, ``"US-T"``, ``"SPY.CFD"`` (see
        docs/how-to/add-contracts.md); adding one again changes nothing. One of one's own needs
        ``sec_type`` (``STK``, ``IND``, ``FUT``, ``CASH``) and ``price``.

        Args:
            symbol: a name from above, or the symbol of one's own.
            sec_type: what kind of one's own it is.
            price: at the captured instant, in ``currency``; a multiple of ``min_tick``.
            spread: between bid and ask; default one tick. None for an index.
            exchange: default ``SMART`` for stocks, ``IDEALPRO`` for currencies.
            currency: three letters.
            con_id: default one from a range no broker's id is in.
            min_tick: default 0.01, currencies 0.00005.
            multiplier, expiry: of a future; ``YYYYMMDD``.
            long_name: as contract details print it.
            yearly_vol: of a seeded walk, 0.0 (the price stands still) to 5, decimal fraction.
            day_volume: units a day; default unknown.

        Returns:
            What was added: futures that trade by expiry, then the rest.

        Raises:
            UsageError: it cannot be, or is there already; nothing was added.
        """
        details = (sec_type, price, spread, exchange, con_id, min_tick)
        if all(each is None for each in details) and not (multiplier or expiry):
            return self._list(symbol, lambda world: preset(symbol, world))
        if sec_type is None or price is None:
            raise UsageError(f"{symbol} of your own needs sec_type and price, 'STK' and 100 say")
        wanted = Wanted(
            *(symbol, sec_type, limits.amount("price", price), _amount("spread", spread)),
            *(exchange, currency, con_id, _amount("min_tick", min_tick)),
            multiplier=limits.whole("multiplier", multiplier, 0, _MOST),
            expiry=expiry,
            long_name=long_name,
            yearly_vol=yearly_vol,
            day_volume=day_volume,
        )
        return self._list(symbol, lambda world: (listing(wanted, world),))

    def added(self) -> tuple[AddedContract, ...]:
        """Return what the session has beside the snapshot's instruments."""
        return self._server.call(lambda: _told(self._engine.world.listed))

    def _list(
        self, name: str, make: Callable[[World], tuple[Listing, ...]]
    ) -> tuple[AddedContract, ...]:
        engine = self._engine

        def add() -> tuple[AddedContract, ...]:
            found = make(engine.world)
            world = engine.world.extended(found)
            if world is not engine.world:
                engine.use_world(world)
                sources = "; ".join(f"{each.local_symbol} {each.source}" for each in found)
                text = f"listed {name}, synthetic: {sources}"
                engine.journal.add(engine.now_s, 0, "note", Note(text))
            return _told(found)

        return self._server.call(add)


def _amount(what: str, value: Amount | None) -> Decimal | None:
    return None if value is None else limits.amount(what, value)


def _told(found: tuple[Listing, ...]) -> tuple[AddedContract, ...]:
    def order(each: Listing) -> tuple[bool, bool, str]:
        return each.expired, not each.expiry, each.expiry

    return tuple(
        AddedContract(
            con_id=each.id,
            symbol=each.symbol,
            sec_type=each.sec_type,
            exchange=each.exchange,
            currency=each.currency,
            local_symbol=each.local_symbol,
            expiry=each.expiry,
            multiplier=each.multiplier,
            min_tick=Decimal(str(each.min_tick)),
            expired=each.expired,
            source=str(each.source),
        )
        for each in sorted(found, key=order)
    )
