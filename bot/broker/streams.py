"""The managed market-data streams: bounded, counted, cancelled, requested again after loss."""

from __future__ import annotations

import contextlib
import threading

from bot.broker.api_client import ApiClient
from bot.broker.convert import to_ib_contract
from bot.broker.error_codes import ErrorKind, request_error
from bot.broker.errors import (
    GatewayConnectionError,
    MarketDataError,
    RateLimitError,
)
from bot.broker.market_data import Change
from bot.broker.session import Session
from bot.broker.share_units import shares_per_tick_size
from bot.broker.stream import MarketDataStream
from bot.domain.contracts import Contract
from bot.domain.quotes import Quote


class StreamService:
    """All streams of a gateway object; they outlive connections."""

    def __init__(self, session: Session, *, max_streams: int) -> None:
        self._session, self._max = session, max_streams
        self._lock = threading.Lock()
        # Requests and cancels, one after another; never taken by the reader.
        self._wire = threading.RLock()
        self._by_key: dict[tuple[object, ...], MarketDataStream] = {}
        self._by_id: dict[int, MarketDataStream] = {}

    def active(self) -> tuple[MarketDataStream, ...]:
        """Those that run."""
        with self._lock:
            return tuple(self._by_key.values())

    def subscribe(self, contract: Contract) -> MarketDataStream:
        """Start, or return the one that runs."""
        with self._wire:
            stream = self._registered(contract)
            if stream.generation >= 0:
                return stream
            try:
                self._request(stream)
            except BaseException:
                with self._lock:
                    self._by_key.pop(contract.key, None)
                    self._by_id.pop(stream.request_id, None)
                raise
            return stream

    def _registered(self, contract: Contract) -> MarketDataStream:
        """The stream that runs, or a new one that is not requested yet."""
        with self._lock:
            running = self._by_key.get(contract.key)
            if running is not None and running.error is None:
                return running
            if running is None and len(self._by_key) >= self._max:
                raise RateLimitError(f"{self._max} streams run already: unsubscribe one first")
            stream = MarketDataStream(contract, self._session.clock)
            self._by_key[contract.key] = stream
            return stream

    def running(self, contract: Contract) -> MarketDataStream:
        """The stream of ``contract``."""
        with self._lock:
            stream = self._by_key.get(contract.key)
        if stream is None:
            raise MarketDataError(f"no stream runs for {contract.label}: subscribe first")
        return stream

    def unsubscribe(self, target: Contract | MarketDataStream) -> MarketDataStream | None:
        """Cancel; None when nothing ran."""
        contract = target.contract if isinstance(target, MarketDataStream) else target
        with self._wire:
            with self._lock:
                stream = self._by_key.pop(contract.key, None)
            if stream is None:
                return None
            stream.is_active = False
            self._cancel(stream)
            return stream

    def first_quote(self, contract: Contract, timeout_s: float) -> Quote:
        """Subscribe until a two-sided quote is there, then cancel."""
        clock = self._session.clock
        deadline, count = clock.monotonic() + timeout_s, 0
        shared = any(stream.contract.key == contract.key for stream in self.active())
        stream = self.subscribe(contract)
        try:
            while True:
                quote = stream.latest()
                if quote is not None and quote.is_two_sided:
                    return quote
                count = stream.updates if quote is not None else count
                stream.wait_for_update(count, deadline - clock.monotonic())
        finally:
            if not shared:
                self.unsubscribe(stream)

    def resubscribe(self) -> None:
        """Request again what was requested before the connection, or its data, was lost.

        Each stream exactly once per loss, however many threads call.
        """
        for stream in self.active():
            with self._wire:
                is_lost = stream.generation < self._session.generation
                if is_lost and stream.is_active and stream.error is None:
                    with self._lock:
                        self._by_id.pop(stream.request_id, None)
                    stream.resubscriptions += 1
                    self._request(stream)

    def suspend(self) -> None:
        """Cancel on the wire, as far as the connection allows; ``resubscribe`` revives."""
        for stream in self.active():
            with self._wire, contextlib.suppress(GatewayConnectionError):  # closing cancels, too
                with self._lock:
                    self._by_id.pop(stream.request_id, None)
                self._cancel(stream)

    def _cancel(self, stream: MarketDataStream) -> None:
        session, request_id = self._session, stream.request_id
        is_held = stream.generation == session.generation  # else the gateway has forgotten it
        if stream.error is None and session.is_ready and is_held:
            session.send(lambda client: client.cancelMktData(request_id))

    def update(self, request_id: int, change: Change) -> None:
        """A tick (reader thread)."""
        with self._lock:
            stream = self._by_id.get(request_id)
        if stream is not None:
            stream.apply(change)

    def failed(self, request_id: int, code: int, *, text: str, kind: ErrorKind) -> bool:
        """An error for a stream; True when it was one of ours."""
        with self._lock:
            stream = self._by_id.get(request_id)
        if stream is None:
            return False
        alive = kind in (ErrorKind.WARNING, ErrorKind.INFO, ErrorKind.AFTER_CANCEL)
        alive = alive or code == 10197  # silent while the other session runs; may resume
        about = f"stream of {stream.contract.label}"
        error = request_error(code, text, request_id=request_id, about=about)
        if stream.is_active:
            stream.note(f"{code}: {text}", None if alive else error)
        return True

    def _request(self, stream: MarketDataStream) -> None:
        request_id = self._session.requests.reserve_id()
        sec_type, version = stream.contract.sec_type, self._session.server_version
        stream.restart(request_id, size_unit=shares_per_tick_size(sec_type, version))
        with self._lock:
            self._by_id[request_id] = stream
        ib = to_ib_contract(stream.contract)

        def ask(client: ApiClient) -> None:
            generation = self._session.generation  # of now: the pacer may outlast a connection
            client.reqMktData(request_id, ib, "", False, False, [])  # noqa: FBT003
            stream.generation = generation

        self._session.send(ask)
