"""Historical ticks (request 96): trades, quotes and midpoints of the market's past.

Source: gateway-behaviour.md 2.5 ("Other HMDS requests"). Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim import past_ticks
from pytest_ibkr.sim.history_request import NO_ZONE, read_end
from pytest_ibkr.sim.hmds import no_rights
from pytest_ibkr.sim.refusal import Refusal, invalid
from pytest_ibkr.sim.tick_search import Asked
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.history_queries import CancelHistoricalTicks, ReqHistoricalTicks

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.schedule import Timer

_SOURCES: Final = {
    **{what: what for what in ("TRADES", "BID_ASK", "MIDPOINT")},
    "AGGTRADES": "TRADES",
}
_NOT_AGGREGATED: Final = (
    "Expected what to show is TRADES, please use that instead of AGGTRADES."  # only crypto has them
)
# The evidence names the rule but no text for a request with both or neither.
_EITHER: Final = "Please enter either a start time or an end time"
_NO_RIGHTS: Final = "Failed to request historical ticks:"


class HistoricalTickDesk:
    """Owns requests 96 and 107. A cancel is silent, whether there is something to cancel or not."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pending: dict[tuple[int, int], Timer] = {}

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {ReqHistoricalTicks: self._request, CancelHistoricalTicks: self._cancel}

    def client_gone(self, client: Client) -> None:
        """Forget a client's pending requests."""
        for key in [key for key in self._pending if key[0] == client.connection]:
            self._pending.pop(key).cancel()

    def _cancel(self, client: Client, request: CancelHistoricalTicks) -> None:
        pending = self._pending.pop((client.connection, request.request_id), None)
        if pending is not None:
            pending.cancel()

    def _request(self, client: Client, request: ReqHistoricalTicks) -> None:
        engine, key = self._engine, (client.connection, request.request_id)
        instrument = engine.world.book.resolve(
            request.contract, include_expired=request.include_expired
        )
        at_s, zoned = _checked(request, now_s=engine.now_s)
        if engine.conditions.entitlement_of(instrument.symbol) != "live":
            raise Refusal(10187, f"{_NO_RIGHTS}{no_rights(instrument)}")
        if request.what_to_show == "AGGTRADES":
            client.error(request.request_id, 10299, _NOT_AGGREGATED)
        if not zoned:
            client.error(request.request_id, 2174, NO_ZONE)
        asked = Asked(
            _SOURCES[request.what_to_show],
            min(request.count, past_ticks.MOST),
            min(engine.market_time(instrument), engine.now_s),
        )

        def answer() -> None:
            self._pending.pop(key, None)
            found = past_ticks.found(
                *(engine.market, instrument, asked),
                start_s=at_s,
                end_s=None if request.start else at_s,
                ignore_size=request.ignore_size,
            )
            client.send(
                past_ticks.message(
                    *(request.request_id, asked.what, found),
                    instrument=instrument,
                    version=client.version,
                )
            )

        self._pending[key] = engine.owe(client, engine.conditions.latency.history_s, answer)


def _checked(request: ReqHistoricalTicks, *, now_s: float) -> tuple[float, bool]:
    """The start or end, epoch seconds, and whether it says its zone.

    Raises:
        Refusal: 321, or 10314 for an unreadable moment.
    """
    if not request.what_to_show:
        raise invalid("Source price must not be empty")
    if request.what_to_show not in _SOURCES:
        raise invalid("Invalid source price")
    if request.count < 1:
        raise invalid("Number of ticks must be > 0")
    if bool(request.start) == bool(request.end):
        raise invalid(_EITHER)
    label = "Start Date/Time" if request.start else "End Date/Time"
    return read_end(request.start or request.end, now_s=now_s, label=label)
