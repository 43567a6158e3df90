"""Quotes of one stock or index: the captured spread around the day's path.

Imports the path only. Instants are epoch milliseconds unless they say ``_s``.
"""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import Final

from pytest_ibkr.sim.calendar import Session
from pytest_ibkr.sim.day_path import Point
from pytest_ibkr.sim.quotes import Quote
from pytest_ibkr.sim.underlying_path import UnderlyingPath

_MASK: Final = (1 << 64) - 1
_LOT: Final = 100
SIZE_HOLD_MS: Final = 750  # displayed sizes change more slowly than prices


def mixed(value: int) -> int:
    """64 well-mixed bits of an integer (the finaliser of SplitMix64, Steele et al. 2014)."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def around(base: int | None, bits: int, *, unit: int) -> int:
    """A size near a captured one (half to one and a half of it), or 1 to 12 units."""
    if base:
        return max(1, base * (512 + (bits & 1023)) // 1024)
    return (1 + bits % 12) * unit


class UnderlyingQuoter:
    """Quotes of one underlying before the captured instant, and the captured one.

    Args:
        path: where its price went.
        captured_s: epoch seconds of the captured instant.
        traded: whether trades are reported; a currency pair has bid and ask only.
        from_path: whether the captured quote and the close before it are the path's, for a
            block that has none.
    """

    def __init__(
        self,
        path: UnderlyingPath,
        *,
        captured_s: float,
        traded: bool = True,
        from_path: bool = False,
    ) -> None:
        self.path, self.block = path, path.block
        self._traded, self._from_path = traded, from_path
        self.captured_s = captured_s
        block = self.block
        both = block.bid is not None and block.ask is not None
        # An index has no bid unless the snapshot shows one.
        self._quoted = both or block.sec_type == "STK"
        self._spread = 1
        if block.bid is not None and block.ask is not None:
            self._spread = max(1, round((block.ask - block.bid) * path.per_dollar))
        self._last: tuple[str, int, Quote] | None = None

    def over(self, path: UnderlyingPath) -> UnderlyingQuoter:
        """The same quotes around another path."""
        found = copy(self)
        found.path, found._last = path, None
        return found

    @cached_property
    def captured(self) -> Quote:
        """The snapshot's own quote."""
        block = self.block
        session = self.path.calendar.latest(self.captured_s) if self._from_path else None
        if session is not None:
            return self.quote(session, round(self.captured_s * 1000) - 1)
        return Quote(
            bid=block.bid,
            ask=block.ask,
            last=block.last,
            bid_size=block.bid_size,
            ask_size=block.ask_size,
            last_size=block.last_size,
            open=block.open,
            high=block.high,
            low=block.low,
            close=block.close,
            volume=block.volume,
            last_time_s=int(self.captured_s) if block.last is not None else None,
        )

    @property
    def captured_spot(self) -> float | None:
        """The captured price: last, mid or close, as the snapshot says."""
        return self.block.price

    def previous_close(self, session: Session) -> float | None:
        """Close before a session; the snapshot's own day has it in the quote."""
        own_day = session.open_s <= self.captured_s < session.day_start_s + 86400
        if own_day and not self._from_path:
            return self.block.close
        return self.path.previous_close(session)

    def quote(self, session: Session, at_ms: int) -> Quote:
        """The quote at an instant of the calendar day of ``session`` or later."""
        if at_ms < session.open_s * 1000:
            return Quote(close=self.previous_close(session))
        at_ms = min(at_ms, round(session.close_s * 1000) - 1)
        last = self._last
        if last is not None and last[0] == session.date and last[1] == at_ms:
            return last[2]
        point = self.path.day(session).point(at_ms)
        quote = self._made(session, point, at_ms)
        self._last = (session.date, at_ms, quote)
        return quote

    def spot(self, session: Session, at_ms: int) -> float | None:
        """Middle of the quote (an index: its value); what options are priced on."""
        first_ms, last_ms = round(session.open_s * 1000), round(session.close_s * 1000) - 1
        ticks = self.path.day(session).price_ticks(min(max(at_ms, first_ms), last_ms))
        if ticks is None:
            return None
        if not self._quoted:
            return ticks / self.path.per_dollar
        return (self.bid_ticks(ticks) + self._spread / 2) / self.path.per_dollar

    def bid_ticks(self, price_ticks: int) -> int:
        """The bid while the last trade was at ``price_ticks``."""
        return price_ticks - self._spread // 2

    @property
    def spread_ticks(self) -> int | None:
        """Ask minus bid, ticks; None when it is not quoted."""
        return self._spread if self._quoted else None

    def _made(self, session: Session, point: Point | None, at_ms: int) -> Quote:
        close = self.previous_close(session)
        if point is None:
            return Quote(close=close)
        per, block = self.path.per_dollar, self.block
        bits = mixed(at_ms // SIZE_HOLD_MS * 31 + block.con_id)
        bid = self.bid_ticks(point.price_ticks)
        day = self.path.day(session)
        stock = block.sec_type == "STK" and self._traded
        return Quote(
            bid=bid / per if self._quoted else None,
            ask=(bid + self._spread) / per if self._quoted else None,
            last=point.price_ticks / per if self._traded else None,
            bid_size=around(block.bid_size, bits, unit=_LOT) if self._quoted else None,
            ask_size=around(block.ask_size, bits >> 12, unit=_LOT) if self._quoted else None,
            last_size=around(block.last_size, bits >> 24, unit=_LOT) if stock else None,
            open=day.bars[0].bar.open if self._traded else None,
            high=point.high_ticks / per,
            low=point.low_ticks / per,
            close=close,
            volume=point.volume if stock else None,
            last_time_s=at_ms // 1000 if self._traded else None,
        )
