"""Sends every message of the error channel to whom it concerns (reader thread)."""

from __future__ import annotations

from bot.broker.error_codes import (
    CONNECTIVITY_LOST,
    RESTORED_DATA_KEPT,
    RESTORED_DATA_LOST,
    ErrorKind,
    classify,
    is_read_only_text,
    request_error,
)
from bot.broker.errors import GatewayConnectionError, RateLimitError
from bot.broker.events import GatewayEvent
from bot.broker.order_book import OrderBook
from bot.broker.order_queries import ORDER_KINDS
from bot.broker.requests import PendingRequest
from bot.broker.session import Session
from bot.broker.streams import StreamService

NO_ID = frozenset({-1, 0, 2**31 - 1})  # 10.x reads an absent id as 0, some builds send INT_MAX
_ALIVE = (ErrorKind.INFO, ErrorKind.WARNING)


class ErrorRouter:
    """One entry point; ids of requests, streams and orders never overlap."""

    def __init__(self, session: Session, streams: StreamService, book: OrderBook) -> None:
        self._session, self._streams, self._book = session, streams, book

    def error(self, request_id: int, code: int, *, text: str) -> None:
        """Error ``code`` about ``request_id``; -1 is about the session."""
        kind = classify(code, text)
        if request_id in NO_ID:
            self._session_error(code, text, kind)
            return
        pending = self._session.requests.get(request_id)
        if pending is not None:
            self._request_error(pending, code, text=text, kind=kind)
        elif not (
            self._streams.failed(request_id, code, text=text, kind=kind)
            or self._book.error(request_id, code, text=text, kind=kind)
        ):
            note = f"{code} for id {request_id}, which nobody waits for: {text}"
            self._session.events.emit(GatewayEvent.NOTICE, note)

    def _request_error(
        self, pending: PendingRequest, code: int, *, text: str, kind: ErrorKind
    ) -> None:
        if kind in _ALIVE:
            pending.warnings.append(f"{code}: {text}")
        elif kind is ErrorKind.CONNECTION:
            pending.fail(GatewayConnectionError(f"{pending.about}: {code}: {text}", code=code))
        else:
            error = request_error(code, text, request_id=pending.id, about=pending.about)
            pending.fail(error)

    def _session_error(self, code: int, text: str, kind: ErrorKind) -> None:
        session = self._session
        if kind is ErrorKind.LOGIN:
            session.login_refused(code, text)
        elif code == CONNECTIVITY_LOST:
            session.connectivity_lost = True
            session.events.emit(GatewayEvent.CONNECTIVITY_LOST, text)
        elif code in (RESTORED_DATA_LOST, RESTORED_DATA_KEPT):
            session.connectivity_lost = False
            if code == RESTORED_DATA_LOST:
                session.data_lost(text)
            else:
                session.events.emit(GatewayEvent.RESTORED_DATA_KEPT, text)
        else:
            self._unnumbered(code, text, kind)
            session.events.emit(GatewayEvent.NOTICE, f"{code}: {text}")

    def _unnumbered(self, code: int, text: str, kind: ErrorKind) -> None:
        """Refusals that do not say of what."""
        requests = self._session.requests
        if kind is ErrorKind.PACING:  # which message was dropped is not said: all are in doubt
            error = RateLimitError(f"the gateway answered {code}: {text}", code=code)
            requests.fail_all(error, connection_lives=True)
        elif kind is ErrorKind.REQUEST_FAILED:
            kinds = ORDER_KINDS if is_read_only_text(text) else frozenset[str]()
            about = "request without id"
            refusal = request_error(code, text, request_id=-1, about=about)
            requests.fail_unnumbered(kinds, refusal)
