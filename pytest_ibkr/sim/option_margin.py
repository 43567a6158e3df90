"""What the options on one underlying require under the exchanges' strategy rules; pure.

Cboe Exchange Rule 10.3(c)(5) and FINRA Rule 4210(f)(2), as the published RegT tables of the broker
apply them. Premiums are no part of it where cash already shows them: a bought option is paid in
full and lends nothing; what was received for a sold one is in the cash.

===================  ==========================================================================
strategy             requirement, per share
===================  ==========================================================================
naked short          its price + the larger of 20 % of the underlying less what it is out of the
                     money, and 10 % of the underlying (calls) or of the strike (puts)
spread               the most it can lose: call strikes long - short, put strikes short - long,
                     at least 0; the long one must live as long as the short one (so calendars
                     are spreads, reversed ones naked)
straddle, strangle   the dearer side as if naked, and the price of the other side
short with stock     what the option is in the money (the stock has its own requirement)
iron condor          the larger of its two spreads: the underlying can pass one of them only;
                     options of one expiry, put strike sold not above the call strike sold
several strikes      the most all options can lose together at any strike, at zero or beyond the
                     last strike (butterflies, boxes, ratio spreads with enough longs)
===================  ==========================================================================

The account has the cheapest of the groupings tried, so never more than its shorts would need
naked. Every requirement is per contract times its unit and never below zero. Index options are
charged the 20 % of stock options, above the 15 % of the rule for broad indexes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pytest_ibkr.sim.positions import ZERO

UNDERLYING_SHARE: Final = Decimal("0.20")
FLOOR_SHARE: Final = Decimal("0.10")


@dataclass(frozen=True, slots=True)
class OptionLine:
    """Options of one contract: ``quantity`` signed, ``price`` and ``strike`` dollars per share.

    ``expiry`` sorts as text; ``unit`` shares per contract.
    """

    right: str
    strike: Decimal
    expiry: str
    quantity: Decimal
    price: Decimal
    unit: int


@dataclass(frozen=True, slots=True)
class _Spread:
    """A short option with what covers it; ``required`` dollars per contract."""

    short: OptionLine
    long: OptionLine | None
    quantity: Decimal
    required: Decimal


def naked(line: OptionLine, underlying: Decimal) -> Decimal:
    """Requirement of one short contract alone, dollars."""
    call = line.right == "C"
    distance = line.strike - underlying if call else underlying - line.strike
    floor = FLOOR_SHARE * (underlying if call else line.strike)
    extra = max(UNDERLYING_SHARE * underlying - max(ZERO, distance), floor)
    return line.unit * (line.price + extra)


def required(
    lines: Iterable[OptionLine], *, underlying: Decimal, shares: Decimal = ZERO
) -> Decimal:
    """Requirement of all options on one underlying, dollars.

    Args:
        lines: what is held, one line per contract.
        underlying: its price, dollars.
        shares: of the underlying held, signed; they cover shorts but are not charged here.
    """
    held = [line for line in lines if line.quantity]
    held.sort(key=lambda line: (line.right, line.expiry, line.strike))
    total = _best(held, underlying=underlying, shares=shares)
    by_expiry: dict[str, list[OptionLine]] = {}
    for line in held:
        by_expiry.setdefault(line.expiry, []).append(line)
    if len(by_expiry) < 2:  # nothing to split
        return total
    return min(
        total, sum((_best(part, underlying=underlying) for part in by_expiry.values()), ZERO)
    )


def _best(lines: Sequence[OptionLine], *, underlying: Decimal, shares: Decimal = ZERO) -> Decimal:
    shorts = [line for line in lines if line.quantity < 0]
    together = _largest_loss(lines)
    tried = [
        _grouped(lines, underlying=underlying, shares=shares),
        _grouped(shorts, underlying=underlying, shares=shares),
        _strangles(shorts, underlying),
    ]
    return min(tried if together is None else [*tried, together])


def _largest_loss(lines: Sequence[OptionLine]) -> Decimal | None:
    """The most the options can lose together, dollars; None when that has no bound.

    A long option that ends before some short one counts for nothing.
    """
    ends = max((line.expiry for line in lines if line.quantity < 0), default="")
    counted = [line for line in lines if line.quantity < 0 or line.expiry >= ends]
    if sum(line.quantity * line.unit for line in counted if line.right == "C") < 0:
        return None
    points = [ZERO, *(line.strike for line in counted)]
    return max(ZERO, *(-sum((_payoff(line, at) for line in counted), ZERO) for at in points))


def _payoff(line: OptionLine, at: Decimal) -> Decimal:
    gain = at - line.strike if line.right == "C" else line.strike - at
    return line.quantity * line.unit * max(ZERO, gain)


def _grouped(lines: Sequence[OptionLine], *, underlying: Decimal, shares: Decimal) -> Decimal:
    """Cover each short by what saves most, then set put against call sides."""
    spreads, uncovered = _covered(lines, underlying=underlying, shares=shares)
    condors = _one_side_free(spreads)
    total = sum((spread.required * spread.quantity for spread in spreads), ZERO) - condors
    return total + _strangles(uncovered, underlying)


def _covered(
    lines: Sequence[OptionLine], *, underlying: Decimal, shares: Decimal
) -> tuple[list[_Spread], list[OptionLine]]:
    """Pairs of shorts with longs or stock, and the shorts that are left."""
    left = {place: abs(line.quantity) for place, line in enumerate(lines)}
    stock = abs(shares)
    spreads: list[_Spread] = []
    for place, cover, needed in _candidates(lines, underlying=underlying, shares=shares):
        short = lines[place]
        room = stock // short.unit if cover is None else left[cover]
        quantity = min(left[place], room)
        if quantity <= 0:
            continue
        left[place] -= quantity
        if cover is None:
            stock -= quantity * short.unit
        else:
            left[cover] -= quantity
        long = None if cover is None else lines[cover]
        spreads.append(_Spread(short, long, quantity, needed))
    alone = [
        OptionLine(each.right, each.strike, each.expiry, -left[place], each.price, each.unit)
        for place, each in enumerate(lines)
        if each.quantity < 0 and left[place]
    ]
    return spreads, alone


def _candidates(
    lines: Sequence[OptionLine], *, underlying: Decimal, shares: Decimal
) -> list[tuple[int, int | None, Decimal]]:
    """Place of a short, of its cover (None: stock), and the requirement; most saving first."""
    found: list[tuple[Decimal, int, int | None, Decimal]] = []
    for place, short in enumerate(lines):
        if short.quantity >= 0:
            continue
        alone = naked(short, underlying)
        call = short.right == "C"
        if shares and (shares > 0) is call:
            inside = underlying - short.strike if call else short.strike - underlying
            needed = min(alone, short.unit * max(ZERO, inside))
            found.append((alone - needed, place, None, needed))
        for cover, long in enumerate(lines):
            fits = long.quantity > 0 and (long.right, long.unit) == (short.right, short.unit)
            if not fits or long.expiry < short.expiry:
                continue
            width = long.strike - short.strike if call else short.strike - long.strike
            needed = min(alone, short.unit * max(ZERO, width))
            found.append((alone - needed, place, cover, needed))
    found.sort(key=lambda one: (-one[0], one[1], -1 if one[2] is None else one[2]))
    return [(place, cover, needed) for _, place, cover, needed in found]


def _one_side_free(spreads: Sequence[_Spread]) -> Decimal:
    """What put and call spreads of one expiry save because only one of them can lose, dollars."""
    saved = ZERO
    vertical = [s for s in spreads if s.long is not None and s.long.expiry == s.short.expiry]
    left = {id(spread): spread.quantity for spread in vertical}
    calls = [spread for spread in vertical if spread.short.right == "C"]
    puts = [spread for spread in vertical if spread.short.right == "P"]
    for call in sorted(calls, key=lambda one: -one.required):
        for put in sorted(puts, key=lambda one: -one.required):
            same = (put.short.expiry, put.short.unit) == (call.short.expiry, call.short.unit)
            if not same or put.short.strike > call.short.strike:
                continue
            quantity = min(left[id(call)], left[id(put)])
            left[id(call)] -= quantity
            left[id(put)] -= quantity
            saved += quantity * min(call.required, put.required)
    return saved


def _strangles(shorts: Sequence[OptionLine], underlying: Decimal) -> Decimal:
    """Naked shorts, each call set against a put: the dearer is charged, and the other's price."""
    total = ZERO
    sides: dict[tuple[str, int], list[tuple[Decimal, Decimal, Decimal]]] = {}
    for line in shorts:
        side = sides.setdefault((line.right, line.unit), [])
        side.append((naked(line, underlying), line.price * line.unit, -line.quantity))
    for unit in sorted({unit for _, unit in sides}):
        calls, puts = (sorted(sides.get((right, unit), []), reverse=True) for right in "CP")
        total += _paired(calls, puts)
    return total


def _paired(
    calls: list[tuple[Decimal, Decimal, Decimal]], puts: list[tuple[Decimal, Decimal, Decimal]]
) -> Decimal:
    """Charge two lists of (requirement, price, contracts) side by side, dearest first."""
    total = ZERO
    while calls and puts:
        (call, call_price, of_calls), (put, put_price, of_puts) = calls[0], puts[0]
        quantity = min(of_calls, of_puts)
        total += quantity * (call + put_price if call >= put else put + call_price)
        for side, rest in ((calls, of_calls - quantity), (puts, of_puts - quantity)):
            side[0] = (side[0][0], side[0][1], rest)
            if not rest:
                side.pop(0)
    return total + sum((needed * quantity for needed, _, quantity in (*calls, *puts)), ZERO)
