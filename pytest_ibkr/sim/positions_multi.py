"""reqPositionsMulti: positions under a request id, then every change.

Source: gateway-behaviour.md 2.1. Rows are those of reqPositions. No advisor's models exist here:
a request that names one gets its end marker alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_ibkr.sim.account import ADOPTED_S
from pytest_ibkr.sim.account_codes import require_account
from pytest_ibkr.sim.positions import Holding
from pytest_ibkr.sim.refusal import failed
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.positions_multi import (
    CancelPositionsMulti,
    PositionMulti,
    PositionMultiEnd,
    ReqPositionsMulti,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.engine import Engine


@dataclass(slots=True)
class _Watch:
    """One subscription: whether its first rows are out, and contracts whose change it is owed."""

    model: str
    answered: bool = False
    untold: set[int] = field(default_factory=set)


class PositionsMultiDesk:
    """Answers 74 and 75."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watches: dict[tuple[Client, int], _Watch] = {}
        engine.accounts.followers.append(self._changed)

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {ReqPositionsMulti: self.request, CancelPositionsMulti: self.cancel}

    def client_gone(self, client: Client) -> None:
        """Forget a connection."""
        for key in [key for key in self._watches if key[0] is client]:
            del self._watches[key]

    def request(self, client: Client, message: ReqPositionsMulti) -> None:
        """Answer 71 rows and 72, then a row per change until 75 comes.

        Raises:
            Refusal: 321 for an account that is not served, 322 when the id is in use.
        """
        require_account(self._engine, message.account)
        key = client, message.request_id
        if key in self._watches:
            raise failed("Duplicate ticker id")
        watch = self._watches[key] = _Watch(message.model)

        def answer() -> None:
            if self._watches.get(key) is not watch:
                return
            watch.answered = True
            held = [] if watch.model else self._engine.accounts.ledger.open_holdings()
            rows = [self._row(message.request_id, one) for one in held]
            client.send(*rows, PositionMultiEnd(request_id=message.request_id))

        self._engine.owe(client, self._engine.conditions.latency.positions_s, answer)

    def cancel(self, client: Client, message: CancelPositionsMulti) -> None:
        """End a subscription, silently."""
        self._watches.pop((client, message.request_id), None)

    def _changed(self, instrument: Instrument, *, adopted: bool) -> None:
        for key, watch in self._watches.items():
            idle = instrument.con_id not in watch.untold  # several changes are told as one
            if watch.answered and not watch.model and idle:
                watch.untold.add(instrument.con_id)
                self._plan(key, instrument, adopted=adopted)

    def _plan(self, key: tuple[Client, int], instrument: Instrument, *, adopted: bool) -> None:
        client, request_id = key
        engine, watch = self._engine, self._watches[key]

        def tell() -> None:
            if self._watches.get(key) is watch:
                watch.untold.discard(instrument.con_id)
                held = engine.accounts.ledger.holding(instrument)
                client.send(self._row(request_id, held))

        if adopted:
            engine.later(ADOPTED_S, tell)
        else:
            engine.owe(client, engine.conditions.latency.positions_s, tell)

    def _row(self, request_id: int, held: Holding) -> PositionMulti:
        row = self._engine.accounts.position_row(held)
        return PositionMulti(
            request_id=request_id,
            account=row.account,
            contract=row.contract,
            position=row.position,
            average_cost=row.average_cost,
        )
