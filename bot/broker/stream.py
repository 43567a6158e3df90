"""One market-data stream: its values, its counters, its recent past."""

from __future__ import annotations

import threading
from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING

from bot.broker.change_signal import ChangeSignal
from bot.broker.errors import BrokerError, MarketDataError, RequestTimeoutError
from bot.broker.market_data import Change
from bot.broker.quote_builder import QuoteBuilder
from bot.domain.contracts import Contract
from bot.domain.quotes import Quote

if TYPE_CHECKING:
    from bot.domain.clock import Clock

KEPT_UPDATES = 1000


class MarketDataStream:
    """One stream. ``updates`` counts ticks that changed something, ``ticks`` all of them.

    A frozen feed that repeats itself adds to ``ticks`` and not to ``updates``.
    """

    def __init__(self, contract: Contract, clock: Clock) -> None:
        self.contract = contract
        self.request_id = -1
        self.generation = -1  # of the connection it was requested on; see Session.generation
        self.is_active = True
        self.is_sealed = False
        self.error: BrokerError | None = None
        self.updates = self.ticks = self.ticks_after_cancel = self.resubscriptions = 0
        self._clock = clock
        self._lock = threading.Lock()
        self._builder = QuoteBuilder()
        self._recent: deque[tuple[int, Quote]] = deque(maxlen=KEPT_UPDATES)
        self._signal = ChangeSignal(clock)

    def latest(self) -> Quote | None:
        """The newest quote; None before the first change.

        Raises:
            MarketDataError and kin: the gateway ended the stream.
        """
        if self.error is not None:
            raise self.error
        with self._lock:
            return self._recent[-1][1] if self._recent else None

    def updates_since(self, count: int = 0) -> list[Quote]:
        """The quotes after update number ``count``, oldest first; at most the last 1000."""
        with self._lock:
            return [quote for number, quote in self._recent if number > count]

    @property
    def last_update_at(self) -> datetime | None:
        """When the newest change arrived, on the Clock."""
        with self._lock:
            return self._recent[-1][1].received_at if self._recent else None

    def wait_for_update(self, after: int, timeout_s: float) -> Quote:
        """The newest quote once there are more than ``after`` updates.

        Raises:
            RequestTimeoutError: none came within ``timeout_s``.
        """
        in_time = self._signal.wait_until(
            lambda: self.updates > after or self.error is not None, timeout_s
        )
        if not in_time:
            raise RequestTimeoutError(
                f"stream of {self.contract.label}: no update within {timeout_s:g} s"
                f" ({self.updates} so far)"
            )
        quote = self.latest()
        if quote is None:
            raise MarketDataError(f"stream of {self.contract.label}: no quote")
        return quote

    def seal(self) -> None:
        """From here on no tick may come any more; those that do are counted."""
        self.is_sealed = True

    def apply(self, change: Change) -> None:
        """A tick (reader thread)."""
        with self._lock:
            self.ticks += 1
            if not self.is_active:
                self.ticks_after_cancel += self.is_sealed
                return
            if change(self._builder):
                self.updates += 1
                self._recent.append((self.updates, self._builder.quote(self._clock.now())))
        self._signal.wake()

    def note(self, text: str, error: BrokerError | None) -> None:
        """A warning, or the error that ends the stream."""
        with self._lock:
            self._builder.warnings.append(text)
            self.error = error or self.error
        self._signal.wake()

    def restart(self, request_id: int, *, size_unit: int) -> None:
        """Go on under another request id; old values are forgotten, counters are not."""
        with self._lock:
            self.request_id, self._builder = request_id, QuoteBuilder(size_unit=size_unit)
