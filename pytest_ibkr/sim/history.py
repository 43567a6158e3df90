"""Historical data requests: validation, waiting, answer, updates, cancel, limits.

Source: gateway-behaviour.md 2.5 and 5. Imports the engine for types only.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim import history_request, trading_schedule
from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.sim.history_live import LiveBars
from pytest_ibkr.sim.history_query import Query
from pytest_ibkr.sim.history_request import NO_ZONE, Asked
from pytest_ibkr.sim.hmds import PREFIX
from pytest_ibkr.sim.refusal import Refusal, failed
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.history import CancelHistoricalData, ReqHistoricalData

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.schedule import Timer

_PACING: Final = f"{PREFIX}Historical data request pacing violation"
_MAX_OPEN: Final = 50
_SMALL_BAR_S: Final = 30
_BUDGET, _BUDGET_S = 60, 600.0  # small-bar requests a client
_BURST, _BURST_S = 6, 2.0  # on one contract
_SAME_S: Final = 15.0  # between identical ones


@dataclass(frozen=True, slots=True)
class _Small:
    """One request for small bars, as pacing remembers it."""

    at_s: float
    con_id: int
    text: str
    cost: int


class HistoryDesk:
    """Owns every historical data request of a session."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open: dict[tuple[int, int], Timer | LiveBars] = {}
        self._small: dict[int, deque[_Small]] = {}

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {ReqHistoricalData: self._request, CancelHistoricalData: self._cancel}

    def client_gone(self, client: Client) -> None:
        """Forget a client's pending requests."""
        for key in [key for key in self._open if key[0] == client.connection]:
            self._open.pop(key).cancel()
        self._small.pop(client.connection, None)

    def new_day(self) -> None:
        """Go on with the live updates of bars in the market's next day."""
        for live in self._live():
            live.new_day()

    def instruments(self) -> list[Instrument]:
        """What the live updates of bars are about."""
        return [live.instrument for live in self._live()]

    def _live(self) -> list[LiveBars]:
        return [each for each in self._open.values() if isinstance(each, LiveBars)]

    def drop_live(self) -> None:
        """End the live updates of bars without a word, as a lost data connection (1101) does."""
        for key in [key for key, each in self._open.items() if isinstance(each, LiveBars)]:
            self._open.pop(key).cancel()

    def _request(self, client: Client, request: ReqHistoricalData) -> None:
        key = (client.connection, request.request_id)
        if key in self._open:
            raise failed("Duplicate ticker id")
        engine = self._engine
        instrument = engine.world.book.resolve(
            request.contract, include_expired=request.include_expired
        )
        asked = history_request.read(request, now_s=engine.now_s)
        if sum(each[0] == client.connection for each in self._open) >= _MAX_OPEN:
            raise failed(f"Only {_MAX_OPEN} simultaneous API historical data requests allowed.")
        self._keep_pace(client, request, instrument=instrument, asked=asked)
        if asked.without_zone:
            client.error(request.request_id, 2174, NO_ZONE)

        if asked.end_s is None:  # now means when it was asked, not when it is answered
            asked = replace(asked, end_s=engine.now_s)

        query = Query(engine, client, request, instrument, asked)
        delay_s = engine.conditions.latency.history_s
        self._open[key] = engine.owe(client, delay_s, lambda: self._answer(key, query))

    def _answer(self, key: tuple[int, int], query: Query) -> None:
        del self._open[key]
        client, request = query.client, query.request
        if query.asked.what == "SCHEDULE":
            trading_schedule.answer(query)
            return
        try:
            answers, last = query.answer()
        except Refusal as refusal:
            client.refuse(request.request_id, refusal)
            return
        client.send(*answers)
        if request.keep_up_to_date:
            live = LiveBars(
                *(self._engine, client, query.instrument),
                request_id=request.request_id,
                bars=query.since,
                last=last,
            )
            self._open[key] = live

    def _cancel(self, client: Client, request: CancelHistoricalData) -> None:
        found = self._open.pop((client.connection, request.request_id), None)
        number = request.request_id
        if found is None:
            raise Refusal(366, f"No historical data query found for ticker id:{number}")
        found.cancel()
        raise Refusal(162, f"{PREFIX}API historical data query cancelled: {number}")

    def _keep_pace(
        self, client: Client, request: ReqHistoricalData, *, instrument: Instrument, asked: Asked
    ) -> None:
        """Refuse small-bar requests beyond the limits; a refused one does not count."""
        if asked.bar_s > _SMALL_BAR_S:
            return
        now_s = self._engine.now_s
        recent = self._small.setdefault(client.connection, deque())
        while recent and recent[0].at_s <= now_s - _BUDGET_S:
            recent.popleft()
        text = f"{request.end}|{request.bar_size}|{request.duration}|{request.use_rth}|{asked.what}"
        cost = 2 if asked.what == "BID_ASK" else 1
        same = [each for each in recent if each.con_id == instrument.con_id]
        if (
            sum(each.cost for each in recent) + cost > _BUDGET
            or any(each.text == text and each.at_s > now_s - _SAME_S for each in same)
            or sum(each.at_s > now_s - _BURST_S for each in same) >= _BURST - 1
        ):
            raise Refusal(162, _PACING)
        recent.append(_Small(now_s, instrument.con_id, text, cost))
