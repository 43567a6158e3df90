"""Quotes as tick messages: ids, order, what follows what; pure, knows no client's state.

Source: gateway-behaviour.md 2.3 ("Streams", "Field facts", "Option computations").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from pytest_ibkr.sim.quotes import Computation, Quote, Side
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.market_data import (
    TickGeneric,
    TickOptionComputation,
    TickPrice,
    TickSize,
    TickString,
)

Field = Literal["bid", "ask", "last", "open", "high", "low", "close", "volume", "last_time_s"]

SHARE_SIZES: Final = 159  # clients before it are sent stock sizes in lots of 100
_LOT: Final = 100
_AUTO_EXECUTE: Final = 1
_NO_PRICE: Final = -1.0
_NO_GREEK: Final = -2.0
HALTED: Final = {False: 49, True: 90}  # by whether the data is delayed


@dataclass(frozen=True, slots=True)
class TickIds:
    """Tick types of live or of delayed data."""

    fields: dict[Field, int]
    sizes: dict[Field, int]
    computations: dict[Side, int]
    order: tuple[Field, ...]  # of the first batch of a stream
    snapshot_order: tuple[Field, ...]


_FIELDS: Final = ("bid", "ask", "last", "high", "low", "volume", "close", "open", "last_time_s")
_SNAPSHOT_ORDER: Final[tuple[Field, ...]] = (
    *("bid", "ask", "last", "last_time_s", "high", "low", "volume", "close", "open"),
)
LIVE: Final = TickIds(
    dict(zip(_FIELDS, (1, 2, 4, 6, 7, 8, 9, 14, 45), strict=True)),
    {"bid": 0, "ask": 3, "last": 5},
    {"bid": 10, "ask": 11, "last": 12, "model": 13},
    ("bid", "ask", "last", "volume", "high", "low", "close", "open", "last_time_s"),
    _SNAPSHOT_ORDER,
)
DELAYED: Final = TickIds(
    dict(zip(_FIELDS, (66, 67, 68, 72, 73, 74, 75, 76, 88), strict=True)),
    {"bid": 69, "ask": 70, "last": 71},
    {"bid": 80, "ask": 81, "last": 82, "model": 83},
    ("open", "high", "low", "volume", "close", "last", "last_time_s", "bid", "ask"),
    _SNAPSHOT_ORDER,
)
SIDES: Final[tuple[Side, ...]] = ("bid", "ask", "last", "model")


def end_rule(sec_type: str, *, delayed: bool, quoted: bool) -> frozenset[str]:
    """What a snapshot ends after, once each was sent; what a kind does not have is not waited for.

    Args:
        sec_type: of the instrument.
        delayed: whether the data is.
        quoted: whether anybody bids and asks; for an index that is only published: no.
    """
    needed = {"bid", "ask", "last", "open", "close"}
    if sec_type in ("IND", "OPT", "CASH"):
        needed.discard("open")
    if sec_type == "CASH":
        needed.discard("last")
    if sec_type == "IND" and not quoted:
        needed -= {"bid", "ask"}
    if delayed:
        needed.add("last_time_s")
    if sec_type == "OPT":
        needed |= {f"{side} computation" for side in SIDES}
    return frozenset(needed)


class TickWriter:
    """Makes the messages of one request.

    Args:
        request_id: the client's.
        ids: live or delayed tick types.
        in_lots: sizes in lots of 100 (stocks for clients before server version 159).
        size_ticks: whether a price with a size is followed by the size alone, as live data is.
    """

    def __init__(self, request_id: int, ids: TickIds, *, in_lots: bool, size_ticks: bool) -> None:
        self.request_id, self.ids = request_id, ids
        self._in_lots, self._size_ticks = in_lots, size_ticks

    def size(self, shares: int | None) -> int:
        """A size in the unit this client is sent."""
        if not shares:
            return 0
        return max(1, shares // _LOT) if self._in_lots else shares

    def field(self, field: Field, quote: Quote, *, missing: bool = False) -> list[Message]:
        """The messages of one known field; ``missing``: -1 for a bid or ask there is none of."""
        value = getattr(quote, field)
        tick, request_id = self.ids.fields[field], self.request_id
        size_tick = self.ids.sizes.get(field)
        if value is None:
            if missing and field in ("bid", "ask"):
                return [TickPrice(request_id=request_id, tick=tick, price=_NO_PRICE, size=0)]
            return []
        if field == "volume":
            return [TickSize(request_id=request_id, tick=tick, size=self.size(value))]
        if field == "last_time_s":
            return [TickString(request_id=request_id, tick=tick, value=str(value))]
        if size_tick is None:
            return [TickPrice(request_id=request_id, tick=tick, price=value)]
        size = self.size(getattr(quote, f"{field}_size"))
        mask = 0 if field == "last" else _AUTO_EXECUTE
        price = TickPrice(request_id=request_id, tick=tick, price=value, size=size, mask=mask)
        if not self._size_ticks:
            return [price]
        return [price, TickSize(request_id=request_id, tick=size_tick, size=size)]

    def all_fields(self, quote: Quote, *, snapshot: bool) -> Iterator[tuple[Field, list[Message]]]:
        """Every field of a quote in the order of a first batch; empty lists for unknown ones."""
        for field in self.ids.snapshot_order if snapshot else self.ids.order:
            yield field, self.field(field, quote, missing=not snapshot)

    def changes(self, before: Quote, now: Quote) -> list[Message]:
        """What differs between two quotes; a size alone comes as a size tick."""
        found: list[Message] = []
        for field in LIVE.order:
            if field == "last_time_s" and (now.last, now.volume) == (before.last, before.volume):
                continue  # the time is of the last trade: nothing traded
            if getattr(before, field) != getattr(now, field):
                found += self.field(field, now, missing=True)
            elif field in self.ids.sizes:
                size = getattr(now, f"{field}_size")
                if size != getattr(before, f"{field}_size"):
                    tick = self.ids.sizes[field]
                    sent = TickSize(request_id=self.request_id, tick=tick, size=self.size(size))
                    found.append(sent)
        return found

    def halted(self, *, halted: bool) -> Message:
        """Tick 49 (delayed: 90): 0 trading, 1 halted."""
        tick = HALTED[self.ids is DELAYED]
        return TickGeneric(request_id=self.request_id, tick=tick, value=float(halted))

    def computation(self, side: Side, found: Computation) -> Message:
        """Message 21; what could not be computed is -1, greeks -2."""
        return TickOptionComputation(
            request_id=self.request_id,
            tick=self.ids.computations[side],
            implied_vol=_or(found.implied_vol, _NO_PRICE),
            delta=_or(found.delta, _NO_GREEK),
            option_price=_or(found.price, _NO_PRICE),
            pv_dividend=_or(found.pv_dividend, _NO_PRICE),
            gamma=_or(found.gamma, _NO_GREEK),
            vega=_or(found.vega, _NO_GREEK),
            theta=_or(found.theta, _NO_GREEK),
            under_price=_or(found.under_price, _NO_PRICE),
        )


def _or(value: float | None, unset: float) -> float:
    return unset if value is None else value
