"""When the history of a contract begins (request 87): its first bar in the snapshot.

Source: gateway-behaviour.md 2.5 and 6. Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.history_bars import BarSource
from pytest_ibkr.sim.history_request import DAY_S, WHAT
from pytest_ibkr.sim.history_shapes import SHOWN, TRADE_BARS
from pytest_ibkr.sim.hmds import PREFIX, no_trades, not_permitted
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.refusal import invalid
from pytest_ibkr.sim.times import utc_text
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.history_queries import (
    CancelHeadTimestamp,
    HeadTimestamp,
    ReqHeadTimestamp,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.schedule import Timer

_NOTHING: Final = f"{PREFIX}No head time stamp"  # as people quote it; no capture at hand


class HeadTimestampDesk:
    """Owns requests 87 and 90. A cancel is silent, whether there is something to cancel or not."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pending: dict[tuple[int, int], Timer] = {}

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {ReqHeadTimestamp: self._request, CancelHeadTimestamp: self._cancel}

    def client_gone(self, client: Client) -> None:
        """Forget a client's pending requests."""
        for key in [key for key in self._pending if key[0] == client.connection]:
            self._pending.pop(key).cancel()

    def _request(self, client: Client, request: ReqHeadTimestamp) -> None:
        engine, key = self._engine, (client.connection, request.request_id)
        instrument = engine.world.book.resolve(
            request.contract, include_expired=request.include_expired
        )
        if request.what_to_show not in WHAT:
            raise invalid("What to show field is missing or incorrect.")
        if request.date_format not in (1, 2, 3):
            raise invalid(f"Date formatting selection of {request.date_format} rejected.")
        if engine.conditions.entitlement_of(instrument.symbol) == "none":
            raise not_permitted(instrument)
        if request.what_to_show in TRADE_BARS and not instrument.traded:
            raise no_trades(instrument, "0")
        self._pending[key] = engine.owe(
            client,
            engine.conditions.latency.history_s,
            lambda: self._answer(client, request, instrument),
        )

    def _answer(self, client: Client, request: ReqHeadTimestamp, instrument: Instrument) -> None:
        self._pending.pop((client.connection, request.request_id), None)
        first_s = self._first_s(instrument, request.what_to_show)
        if first_s is None:
            client.error(request.request_id, 162, _NOTHING)
            return
        if request.date_format == 1:
            moment = utc_text(first_s, version=client.version)
        elif request.date_format == 3:
            moment = f"{datetime.fromtimestamp(first_s, UTC):%m%d-%H:%M:%S}"
        else:
            moment = str(int(first_s))
        client.send(HeadTimestamp(request_id=request.request_id, moment=moment))

    def _first_s(self, instrument: Instrument, what: str) -> float | None:
        engine = self._engine
        quoted = engine.market.spread(instrument) is not None
        if not (instrument.traded if what in TRADE_BARS else quoted and what in SHOWN):
            return None
        source = BarSource(engine.world, instrument, known_s=engine.now_s, market=engine.market)
        bars = source.bars(DAY_S, 0.0, engine.now_s)
        return bars[0].start_s if bars else None

    def _cancel(self, client: Client, request: CancelHeadTimestamp) -> None:
        pending = self._pending.pop((client.connection, request.request_id), None)
        if pending is not None:
            pending.cancel()
