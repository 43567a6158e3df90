"""The managed market-data streams: bounded, counted, cancelled, requested again after loss."""

from __future__ import annotations

import contextlib
import threading

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
        self._by_key: dict[tuple[object, ...], MarketDataStream] = {}
        self._by_id: dict[int, MarketDataStream] = {}

    def active(self) -> tuple[MarketDataStream, ...]:
        """Those that run."""
        with self._lock:
            return tuple(self._by_key.values())

    def subscribe(self, contract: Contract) -> MarketDataStream:
        """Start, or return the one that runs."""
        with self._lock:
            running = self._by_key.get(contract.key)
            if running is not None and running.error is None:
                return running
            if running is None and len(self._by_key) >= self._max:
                raise RateLimitError(f"{self._max} streams run already: unsubscribe one first")
            stream = MarketDataStream(contract, self._session.clock)
            self._by_key[contract.key] = stream
        try:
            self._request(stream)
        except BaseException:
            with self._lock:
                self._by_key.pop(contract.key, None)
                self._by_id.pop(stream.request_id, None)
            raise
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
        """Request every running stream again, each exactly once."""
        for stream in self.active():
            if stream.error is None:
                with self._lock:
                    self._by_id.pop(stream.request_id, None)
                stream.resubscriptions += 1
                self._request(stream)

    def suspend(self) -> None:
        """Cancel on the wire, as far as the connection allows; ``resubscribe`` revives."""
        for stream in self.active():
            with self._lock:
                self._by_id.pop(stream.request_id, None)
            with contextlib.suppress(GatewayConnectionError):  # closing cancels as well
                self._cancel(stream)

    def _cancel(self, stream: MarketDataStream) -> None:
        request_id = stream.request_id
        if stream.error is None and self._session.is_ready:
            self._session.send(lambda client: client.cancelMktData(request_id))

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
        self._session.send(
            lambda client: client.reqMktData(request_id, ib, "", False, False, [])  # noqa: FBT003
        )
