"""Which of an instrument's ticks a request gets: the first after a start, the last before an end.

Pure: walks over ticks and opening hours are given. Source: gateway-behaviour.md 2.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import floor
from typing import Final, Protocol, TypeVar

# Seconds of open market a request looks into: ten sessions for trades, which may be few; two hours
# for quotes, which are many except of an option that nothing moves, where each look is dear.
_REACH_S: Final = {"TRADES": 234_000.0, "BID_ASK": 7_200.0, "MIDPOINT": 7_200.0}
_FIRST_SPAN_S: Final = 60.0
_INSTANT_S: Final = 0.001

Hours = Sequence[tuple[float, float]]  # opening and close of the sessions with ticks, epoch seconds


class _Tick(Protocol):
    @property
    def at_s(self) -> float: ...


T = TypeVar("T", bound=_Tick)
T_co = TypeVar("T_co", bound=_Tick, covariant=True)


class Walk(Protocol[T_co]):
    """Ticks after ``from_s``, up to and including ``until_s``, ascending."""

    def __call__(self, *, from_s: float, until_s: float) -> Iterator[T_co]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """TRADES, BID_ASK or MIDPOINT; how many at least; the moment of asking, epoch seconds."""

    what: str
    count: int
    now_s: float


def from_start(walk: Walk[T], hours: Hours, asked: Asked, *, start_s: float) -> list[T]:
    """The first ticks from ``start_s`` on."""
    first_s = start_s - _INSTANT_S
    last_s = min(asked.now_s, _reached(hours, first_s, _REACH_S[asked.what]))
    return earliest(walk, from_s=first_s, until_s=last_s, count=asked.count)


def to_end(walk: Walk[T], hours: Hours, asked: Asked, *, end_s: float) -> list[T]:
    """The last ticks up to ``end_s``."""
    until_s = min(asked.now_s, end_s)
    return latest(walk, _back(hours, until_s, _REACH_S[asked.what]), count=asked.count)


def _reached(hours: Hours, from_s: float, reach_s: float) -> float:
    """Where ``reach_s`` of open market after a moment end."""
    last_s = from_s
    for open_s, close_s in hours:
        if close_s > from_s and reach_s > 0:
            begin_s = max(open_s, from_s)
            last_s = min(close_s, begin_s + reach_s)
            reach_s -= last_s - begin_s
    return last_s


def _back(hours: Hours, until_s: float, reach_s: float) -> Iterator[tuple[float, float]]:
    """Stretches of open market before a moment, the last first, ``reach_s`` altogether."""
    for open_s, close_s in reversed(hours):
        if open_s <= until_s and reach_s > 0:
            end_s = min(close_s, until_s)
            begin_s = max(open_s, end_s - reach_s)
            reach_s -= end_s - begin_s
            yield begin_s - _INSTANT_S, end_s


def earliest(walk: Walk[T], *, from_s: float, until_s: float, count: int) -> list[T]:
    """The first ``count`` ticks, and all others of the last one's second, ascending."""
    found: list[T] = []
    for tick in walk(from_s=from_s, until_s=until_s):
        if len(found) >= count and int(tick.at_s) != int(found[-1].at_s):
            break
        found.append(tick)
    return found


def latest(walk: Walk[T], stretches: Iterable[tuple[float, float]], *, count: int) -> list[T]:
    """The last ``count`` ticks, and all others of the first one's second, ascending.

    Args:
        walk: the ticks.
        stretches: where to look, the last first; each exclusive and inclusive, epoch seconds.
        count: how many there shall be at least.
    """
    found: list[T] = []
    for from_s, until_s in stretches:
        span_s, end_s = _FIRST_SPAN_S, until_s
        while len(found) < count and end_s > from_s:
            begin_s = max(from_s, floor(end_s - span_s) - _INSTANT_S)  # whole seconds
            found = [*walk(from_s=begin_s, until_s=end_s), *found]
            span_s, end_s = 2 * span_s, begin_s
        if len(found) >= count:
            break
    if len(found) <= count:
        return found
    second = int(found[-count].at_s)
    return [tick for tick in found if int(tick.at_s) >= second]
