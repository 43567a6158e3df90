"""How much was traded at which price (request 88): the bars of a period, spread over their prices.

A snapshot has no trades: each bar's volume lies evenly over the prices between its low and high,
five-minute bars where the day has them, else the day's own; prices are synthetic to that extent.
Source: gateway-behaviour.md 2.5. Imports the engine for types only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.day_path import Window
from pytest_ibkr.sim.history_bars import BarSource
from pytest_ibkr.sim.history_request import DAY_S, Asked
from pytest_ibkr.sim.hmds import no_data, not_permitted
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.lots import hmds_size
from pytest_ibkr.sim.refusal import invalid
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.history_queries import (
    CancelHistogram,
    Histogram,
    HistogramStep,
    ReqHistogram,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.schedule import Timer

_PERIOD: Final = re.compile(r"(\d{1,3}) (day|week|month|year)s?", re.ASCII)
_FIVE_MINUTES_S: Final = 300


class HistogramDesk:
    """Owns requests 88 and 89. A cancel is silent, whether there is something to cancel or not."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pending: dict[tuple[int, int], Timer] = {}

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {ReqHistogram: self._request, CancelHistogram: self._cancel}

    def client_gone(self, client: Client) -> None:
        """Forget a client's pending requests."""
        for key in [key for key in self._pending if key[0] == client.connection]:
            self._pending.pop(key).cancel()

    def _request(self, client: Client, request: ReqHistogram) -> None:
        engine, key = self._engine, (client.connection, request.request_id)
        instrument = engine.world.book.resolve(
            request.contract, include_expired=request.include_expired
        )
        period = _PERIOD.fullmatch(request.period)
        if period is None or not int(period[1]):
            # "3 days" and "1 week" are what the client's own documentation shows.
            raise invalid("Historical data requested duration is invalid.")
        if engine.conditions.entitlement_of(instrument.symbol) == "none":
            raise not_permitted(instrument)
        asked = _whole_days(int(period[1]), period[2], end_s=engine.now_s)
        self._pending[key] = engine.owe(
            client,
            engine.conditions.latency.history_s,
            lambda: self._answer(client, request, instrument, asked=asked),
        )

    def _answer(
        self, client: Client, request: ReqHistogram, instrument: Instrument, *, asked: Asked
    ) -> None:
        self._pending.pop((client.connection, request.request_id), None)
        found = self._volumes(instrument, asked)
        if not found:
            client.refuse(request.request_id, no_data(instrument, request.contract, "Trades"))
            return
        sent = partial(hmds_size, instrument=instrument, version=client.version)
        steps = tuple(
            HistogramStep(price=float(price), size=sent(size))
            for price, size in sorted(found.items())
        )
        client.send(Histogram(request_id=request.request_id, steps=steps))

    def _volumes(self, instrument: Instrument, asked: Asked) -> Counter[Decimal]:
        """Shares by price, as known at the moment of the request."""
        engine = self._engine
        known_s = asked.end_s if asked.end_s is not None else engine.now_s
        source = BarSource(engine.world, instrument, known_s=known_s, market=engine.market)
        start_s, end_s = source.window(asked)
        fine = source.bars(_FIVE_MINUTES_S, start_s, end_s)
        covered = {bar.date for bar in fine}
        daily = [bar for bar in source.bars(DAY_S, start_s, end_s) if bar.date not in covered]
        found: Counter[Decimal] = Counter()
        for bar in (*daily, *fine):
            self._spread(instrument, bar.window, found)
        return found

    def _spread(self, instrument: Instrument, window: Window, found: Counter[Decimal]) -> None:
        tick = self._engine.market.tick_size(instrument, Decimal(str(window.low)))
        # Vendors' bars have prices between ticks; nothing trades there.
        low, high = (round(Decimal(str(x)) / tick) for x in (window.low, window.high))
        prices = [tick * step for step in range(low, high + 1)]
        share, rest = divmod(window.volume or 0, len(prices))
        for place, price in enumerate(prices):
            # What does not divide lies at the low end, one share a price.
            if size := share + (place < rest):
                found[price] += size

    def _cancel(self, client: Client, request: CancelHistogram) -> None:
        pending = self._pending.pop((client.connection, request.request_id), None)
        if pending is not None:
            pending.cancel()


def _whole_days(count: int, unit: str, *, end_s: float) -> Asked:
    return Asked(
        bar_s=DAY_S,
        count=count,
        unit=unit[0].upper(),
        end_s=end_s,
        without_zone=False,
        what="TRADES",
    )
