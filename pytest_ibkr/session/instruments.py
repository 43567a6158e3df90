"""Which instrument a test means: a symbol, a conId, or a contract of any client library."""

from __future__ import annotations

from typing import Any, Final

from pytest_ibkr import limits
from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.sim.world import World
from pytest_ibkr.wire.messages.contract import Contract

Named = object  # a symbol, a conId, or an object with a contract's attributes
_MOST: Final = 2**31 - 1
# Attributes of a contract: ours, and what the official library and ib_async call them.
_NAMES: Final = {
    "con_id": "conId",
    "symbol": "symbol",
    "sec_type": "secType",
    "expiry": "lastTradeDateOrContractMonth",
    "strike": "strike",
    "right": "right",
    "multiplier": "multiplier",
    "currency": "currency",
    "local_symbol": "localSymbol",
    "trading_class": "tradingClass",
}


def instrument_of(world: World, instrument: Named) -> Instrument:
    """Return what a symbol, a conId or a contract means.

    Raises:
        UsageError: nothing, or more than one thing; the symbols that exist are listed.
    """
    book = world.book
    found: Instrument | None
    if isinstance(instrument, str):
        found, what = book.by_symbol(instrument), repr(instrument)
    elif hasattr(instrument, "conId") or hasattr(instrument, "con_id"):
        return _of_contract(world, instrument)
    else:
        con_id = limits.whole("an instrument", instrument, 0, _MOST)
        found, what = book.by_id(con_id), f"conId {con_id}"
    if found is None:
        raise UsageError(f"{what} is not in the snapshot: {_known(world)}")
    return found


def tradable(world: World, instrument: Named) -> Instrument:
    """Return an instrument that somebody can hold.

    Raises:
        UsageError: it is not in the snapshot, or an index.
    """
    found = instrument_of(world, instrument)
    if found.sec_type == "IND":
        raise UsageError(f"{found.symbol} is an index: nobody can trade or hold it")
    return found


def _of_contract(world: World, contract: object) -> Instrument:
    values = {ours: _read(contract, ours, theirs) for ours, theirs in _NAMES.items()}
    strike = float(values.pop("strike") or 0.0)
    asked = Contract(
        con_id=int(values.pop("con_id") or 0),
        strike=strike if strike < _MOST else 0.0,  # an unset one is huge
        **{name: str(value or "") for name, value in values.items()},
    )
    found = world.book.find(asked)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"{contract} is not in the snapshot: {_known(world)}")
    raise UsageError(
        f"{contract} means {len(found)} instruments, {found[0].local_symbol} and others\n"
        "  fix:   give its conId, or expiry, strike and right of an option"
    )


def _read(contract: object, ours: str, theirs: str) -> Any:
    return getattr(contract, theirs, None) or getattr(contract, ours, None)


def _known(world: World) -> str:
    return ", ".join(dict.fromkeys(each.symbol for each in world.book.underlyings))
