"""Snapshot quotes: one-shot requests that end by themselves within 11 seconds."""

from __future__ import annotations

import threading
from collections.abc import Callable

from bot.broker.convert import to_ib_contract
from bot.broker.errors import RequestTimeoutError
from bot.broker.quote_builder import QuoteBuilder
from bot.broker.session import Session
from bot.broker.share_units import shares_per_tick_size
from bot.domain.contracts import Contract
from bot.domain.quotes import Quote

Change = Callable[[QuoteBuilder], bool]


class MarketDataService:
    """Runs snapshots; any number at once, each with its own builder."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._builders: dict[int, QuoteBuilder] = {}

    def set_type(self, market_data_type: int) -> None:
        """reqMarketDataType; the gateway answers nothing."""
        if market_data_type not in (1, 2, 3, 4):
            raise ValueError(f"market data type {market_data_type} is none of 1, 2, 3, 4")
        self._session.send(lambda client: client.reqMarketDataType(market_data_type))

    def snapshot(self, contract: Contract, timeout_s: float) -> Quote:
        """The quote at the snapshot's end. A finished snapshot is never cancelled."""
        requests = self._session.requests
        pending = requests.open("snapshot", f"snapshot quote of {contract.label}")
        unit = shares_per_tick_size(contract.sec_type, self._session.server_version)
        builder = QuoteBuilder(size_unit=unit)
        with self._lock:
            self._builders[pending.id] = builder
        ib = to_ib_contract(contract)
        try:
            self._session.send(
                lambda client: client.reqMktData(pending.id, ib, "", True, False, [])  # noqa: FBT003
            )
            requests.wait(pending, timeout_s)
        except RequestTimeoutError:
            if self._session.is_ready:
                self._session.send(lambda client: client.cancelMktData(pending.id))
            raise
        finally:
            requests.forget(pending)
            with self._lock:
                del self._builders[pending.id]
        builder.warnings.extend(pending.warnings)
        return builder.quote(self._session.clock.now())

    def update(self, request_id: int, change: Change) -> bool:
        """A tick (reader thread); False when no snapshot has this id."""
        with self._lock:
            builder = self._builders.get(request_id)
        if builder is None:
            return False
        change(builder)
        return True
