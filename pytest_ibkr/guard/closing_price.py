"""At which price, and when, a closing order may go out: marketable limits, re-priced, pure."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pytest_ibkr.guard.limits import Limits
from pytest_ibkr.guard.notional import MULTIPLIERS

REPRICES: Final = 3
_ROOM: Final = Decimal("0.9")  # the price may rise while an order works
_SESSION: Final = re.compile(r"(\d{8}):(\d{4})-(\d{8}):(\d{4})", re.ASCII)
_ZONES: Final = {  # short names as gateways print them (gateway-behaviour.md 1.2, 2.1)
    "EST": "America/New_York",
    "EST5EDT": "America/New_York",
    "EST (Eastern Standard Time)": "America/New_York",
    "CST": "America/Chicago",
    "CST (Central Standard Time)": "America/Chicago",
    "MET": "Europe/Berlin",
}


def closing_price(
    action: str,
    *,
    bid: Decimal,
    ask: Decimal,
    tick: Decimal,
    step: int = 0,
    previous: Decimal | None = None,
) -> Decimal | None:
    """The limit of a closing order, dollars per share, on the tick grid.

    Step 0 meets the other side of the quote. An order that did not fill stands away from a
    market that has moved: steps 1 to 3 take it to the mid of the present quote, half way on,
    and to its other side. It never moves back: prices of a SELL only fall, of a BUY only rise.

    Args:
        action: BUY or SELL.
        tick: smallest price step, above zero.
        step: 0 to 3.
        previous: the limit before; None for the first.

    Returns:
        None when nobody is on the other side, or the quote is crossed.
    """
    buys = action == "BUY"
    touch = ask if buys else bid
    if touch <= 0 or tick <= 0 or bid < 0 or bid > ask:
        return None
    mid = (bid + ask) / 2
    way = Decimal(max(step - 1, 0)) / (REPRICES - 1)
    wanted = touch if step == 0 else mid + (touch - mid) * way
    rounding = ROUND_CEILING if buys else ROUND_FLOOR
    limit = max((wanted / tick).to_integral_value(rounding) * tick, tick)
    if previous is None:
        return limit
    return max(previous, limit) if buys else min(previous, limit)


def portion(quantity: Decimal, sec_type: str, price: Decimal, limits: Limits) -> Decimal:
    """How much of a position one order may close; 0 when a single one is worth too much.

    Args:
        quantity: unsigned shares or contracts still to close.
        price: the limit, dollars per share.
    """
    most = limits.option_contracts if sec_type == "OPT" else limits.shares
    worth = price * MULTIPLIERS.get(sec_type, 100)
    affordable = (limits.notional_usd * _ROOM / worth).to_integral_value(ROUND_FLOOR)
    return min(quantity, Decimal(most), affordable)


def trades_at(liquid_hours: str, time_zone: str, at_s: float) -> bool | None:
    """Whether a contract trades at a moment, by the hours its details name.

    Args:
        liquid_hours: ``20260710:0930-20260710:1600;20260711:CLOSED;...``
        time_zone: as the details name it: ``US/Eastern``.
        at_s: Unix epoch, seconds, of the gateway's clock.

    Returns:
        None when the hours say nothing of that day, or the zone is unknown.
    """
    try:
        zone = ZoneInfo(_ZONES.get(time_zone, time_zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):  # "America" is a folder
        return None
    local = datetime.fromtimestamp(at_s, zone).replace(tzinfo=None)
    days = liquid_hours.split(";")
    for found in filter(None, map(_SESSION.fullmatch, days)):
        opens, closes = _moment(found[1], found[2]), _moment(found[3], found[4])
        if opens is None or closes is None:
            return None
        if opens <= local < closes:
            return True
    known = any(day.startswith(f"{local:%Y%m%d}:") for day in days)
    return False if known else None


def _moment(day: str, clock: str) -> datetime | None:
    try:
        return datetime.strptime(f"{day}{clock}", "%Y%m%d%H%M")  # noqa: DTZ007 - local, as `local`
    except ValueError:
        return None
