"""Tick-by-tick data: who may ask for it, how often, and how many at a time.

Source: gateway-behaviour.md 2.4 and 5. Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.hmds import no_permissions
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.refusal import Refusal, failed, invalid
from pytest_ibkr.sim.streams import unknown_ticker
from pytest_ibkr.sim.subscriptions import Subscriptions
from pytest_ibkr.sim.tick_line import KINDS, TickLine
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.tick_by_tick import (
    CancelTickByTick,
    ReqTickByTick,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

GAP_S: Final = 15.0  # between two requests on one contract
_LEAST: Final = 5
_LINES_EACH: Final = 20  # one request for so many market data lines: 5 %
TOO_MANY: Final = "Max number of tick-by-tick requests has been reached"


class TickByTickDesk(Subscriptions[TickLine]):
    """Owns every tick-by-tick request of a session."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._asked_s: dict[tuple[int, int], float] = {}  # by connection and contract
        engine.streams.join(self)

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {ReqTickByTick: self._request, CancelTickByTick: self._cancel}

    @property
    def most(self) -> int:
        """Requests at a time, of all clients."""
        return max(_LEAST, self._engine.streams.max_lines // _LINES_EACH)

    def client_gone(self, client: Client) -> None:
        """End what a client had open."""
        super().client_gone(client)
        for asked in [asked for asked in self._asked_s if asked[0] == client.connection]:
            del self._asked_s[asked]

    def _cancel(self, client: Client, request: CancelTickByTick) -> None:
        if self._end(client, request.request_id) is None:
            raise unknown_ticker(request.request_id)

    def _request(self, client: Client, request: ReqTickByTick) -> None:
        key, engine = (client.connection, request.request_id), self._engine
        if engine.streams.uses(key):
            raise failed("Duplicate ticker id")
        if request.kind not in KINDS:
            raise invalid("Tick-by-tick data type is incorrect/not set.")
        if request.contract.sec_type == "BAG":
            raise invalid("'BAG' security type is not supported in ReqTickByTick(97) request")
        instrument = engine.world.book.resolve(request.contract)
        if len(self._open) >= self.most:
            raise Refusal(10190, TOO_MANY)
        if engine.conditions.entitlement_of(instrument.symbol) != "live":
            text = f"Failed to request tick-by-tick data.{no_permissions(instrument)}"
            self._refuse_later(client, request.request_id, Refusal(10189, text))
            return
        self._keep_pace(client, instrument)
        line = self._open[key] = TickLine(engine, client, instrument, request)
        line.start()

    def _keep_pace(self, client: Client, instrument: Instrument) -> None:
        """One request a contract in 15 s; a refused one does not count."""
        engine, asked = self._engine, (client.connection, instrument.con_id)
        if engine.conditions.tick_by_tick_pacing:
            # The evidence has the rule without its text; the limit's own is the nearest.
            if self._asked_s.get(asked, float("-inf")) > engine.now_s - GAP_S:
                raise Refusal(10190, TOO_MANY)
            self._asked_s[asked] = engine.now_s
