"""Checks what a test's author wants listed, and makes a listing of it; pure."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr import limits
from pytest_ibkr.errors import UsageError
from pytest_ibkr.sim.instruments import STOCK_EXCHANGES
from pytest_ibkr.sim.listing import FIRST_LISTED, Follows, Listing, Walks
from pytest_ibkr.sim.presets import PRESETS

if TYPE_CHECKING:
    from pytest_ibkr.sim.world import World

KINDS: Final = ("STK", "IND", "FUT", "CASH")
_SYMBOL: Final = re.compile(r"[A-Z0-9][A-Z0-9. ]{0,14}", re.ASCII)
_LARGEST_ID: Final = 2**31 - 1
_HIGHEST_VOL: Final = 5
_HIGHEST_PRICE: Final = Decimal(10_000_000)
_TICKS: Final = {"CASH": Decimal("0.00005")}
_CENT: Final = Decimal("0.01")
_EXCHANGES: Final = {"STK": "SMART", "CASH": "IDEALPRO"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """An instrument as a test's author describes it; see ``SessionContracts.add``."""

    symbol: str
    sec_type: str
    price: Decimal
    spread: Decimal | None
    exchange: str | None
    currency: str
    con_id: int | None
    min_tick: Decimal | None
    multiplier: int
    expiry: str
    long_name: str
    yearly_vol: float
    day_volume: int | None


def preset(name: str, world: World) -> tuple[Listing, ...]:
    """The listings of a preset.

    Raises:
        UsageError: no preset is called so, or the snapshot lacks what it follows.
    """
    make = PRESETS.get(name) if isinstance(name, str) else None
    if make is None:
        near = difflib.get_close_matches(str(name), PRESETS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"by name there are {', '.join(PRESETS)}"
        raise UsageError(
            f"no instrument is listed by the name {name!r}; {hint}\n"
            "  fix:   for one of your own give at least sec_type and price"
        )
    found = make(f"{world.snapshot.captured_at:%Y%m%d}")
    for source in {each.source for each in found if isinstance(each.source, Follows)}:
        if source.symbol not in world.snapshot.symbols:
            known = ", ".join(world.snapshot.symbols)
            raise UsageError(
                f"{name} follows {source.symbol}, which is not in the snapshot: {known}\n"
                f"  fix:   take a snapshot with {source.symbol}, or list your own with a price"
            )
    return found


def listing(wanted: Wanted, world: World) -> Listing:
    """The listing of what is wanted.

    Raises:
        UsageError: what it says of itself cannot be, or is there already.
    """
    _check_words(wanted)
    tick = wanted.min_tick
    if tick is None:
        tick = _TICKS.get(wanted.sec_type, _CENT)
    _positive("price", wanted.price, most=_HIGHEST_PRICE)
    _positive("min_tick", tick, most=wanted.price)
    if wanted.price % tick:
        raise UsageError(f"price cannot be {wanted.price}: prices move in steps of {tick}")
    spread = _spread(wanted, tick)
    vol = wanted.yearly_vol
    if not isinstance(vol, int | float) or not 0 <= vol <= _HIGHEST_VOL:  # NaN is not either
        raise UsageError(f"yearly_vol cannot be {vol!r}: 0 to 5 is, 0.2 is 20 % a year")
    if wanted.day_volume is not None:
        limits.whole("day_volume", wanted.day_volume, 0, _LARGEST_ID)
    made = _made(wanted, tick, spread)
    _check_new(made, wanted, world)
    return made


def _check_words(wanted: Wanted) -> None:
    kind = wanted.sec_type
    if kind not in KINDS:
        raise UsageError(f"sec_type cannot be {kind!r}: one of {', '.join(KINDS)} is expected")
    if not isinstance(wanted.symbol, str) or not _SYMBOL.fullmatch(wanted.symbol):
        raise UsageError(
            f"symbol cannot be {wanted.symbol!r}: capital letters and digits are expected"
        )
    if not re.fullmatch(r"[A-Z]{3}", wanted.currency, re.ASCII):
        raise UsageError(f"currency cannot be {wanted.currency!r}: three letters, as in 'USD'")
    if kind in ("STK", "FUT") and wanted.currency != "USD":
        raise UsageError(f"currency cannot be {wanted.currency!r}: the account keeps USD only")
    if kind in ("IND", "FUT") and not wanted.exchange:
        raise UsageError(f"exchange is missing: {kind} {wanted.symbol} must say where it is listed")
    if (kind == "FUT") != bool(wanted.expiry):
        raise UsageError("expiry 'YYYYMMDD' is what every future has and nothing else")
    if wanted.expiry and not _is_day(wanted.expiry):
        raise UsageError(f"expiry cannot be {wanted.expiry!r}: a day YYYYMMDD is expected")
    if (kind == "FUT") != bool(wanted.multiplier) or wanted.multiplier < 0:
        raise UsageError("multiplier, a whole number from 1, is what every future has, none else")


def _is_day(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{8}", text, re.ASCII):
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


def _positive(what: str, value: Decimal, *, most: Decimal) -> None:
    if not value.is_finite() or not 0 < value <= most:
        raise UsageError(f"{what} cannot be {value}: it is not above 0 and up to {most}")


def _spread(wanted: Wanted, tick: Decimal) -> Decimal | None:
    if wanted.sec_type == "IND":
        if wanted.spread is not None:
            raise UsageError("spread: an index is published, not quoted; leave it out")
        return None
    spread = tick if wanted.spread is None else wanted.spread
    if not spread.is_finite() or spread < tick or spread % tick or spread >= wanted.price:
        raise UsageError(
            f"spread cannot be {spread}: whole steps of {tick}, at least one, below the price"
        )
    return spread


def _made(wanted: Wanted, tick: Decimal, spread: Decimal | None) -> Listing:
    kind, symbol = wanted.sec_type, wanted.symbol
    exchange = wanted.exchange or _EXCHANGES[kind]
    local = {"FUT": f"{symbol} {wanted.expiry}", "CASH": f"{symbol}.{wanted.currency}"}
    stock = kind == "STK"
    smart = stock and exchange == "SMART"
    return Listing(
        family=local.get(kind, f"{symbol} {kind} {wanted.currency}"),
        symbol=symbol,
        sec_type=kind,
        source=Walks(float(wanted.price), wanted.yearly_vol, wanted.day_volume),
        exchange=exchange,
        valid_exchanges=STOCK_EXCHANGES if smart else exchange,
        primary_exchange=("NYSE" if smart else exchange) if kind in ("STK", "IND") else "",
        currency=wanted.currency,
        local_symbol=local.get(kind, symbol),
        trading_class=local.get("CASH", symbol) if kind == "CASH" else symbol,
        long_name=wanted.long_name or symbol,
        min_tick=float(tick),
        time_zone="US/Central" if kind == "FUT" else "US/Eastern",
        spread=None if spread is None else float(spread),
        con_id=wanted.con_id or 0,
        size=100 if spread is not None else 0,
        multiplier=wanted.multiplier,
        stock_type="COMMON" if stock else "",
        expiry=wanted.expiry,
        expiry_time="08:30 US/Central" if wanted.expiry else "",
    )


def _check_new(made: Listing, wanted: Wanted, world: World) -> None:
    con_id = wanted.con_id
    if con_id is not None:
        limits.whole("con_id", con_id, 1, _LARGEST_ID)
    if made in world.listed:
        return
    identity = (made.symbol, made.sec_type, made.currency, made.expiry)
    for each in world.book.underlyings:
        if (each.symbol, each.sec_type, each.currency, each.expiry) == identity:
            raise UsageError(
                f"{made.sec_type} {made.symbol} {made.currency} is there already, contract"
                f" {each.con_id}\n  fix:   its price is set with market.quote"
            )
    known = world.book.by_id(made.id)
    if known is not None:
        raise UsageError(
            f"contract {made.id} is {known.local_symbol} already\n"
            f"  fix:   give another con_id, or none: ids from {FIRST_LISTED} on are made up here"
        )
