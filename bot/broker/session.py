"""One API session after another: connect, prove paper, send under the pacer, lose, recover.

What the callbacks mean for a request family is in the services.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.broker import paper
from bot.broker.api_client import OLDEST_VERSION, ApiClient
from bot.broker.errors import (
    AuthenticationError,
    BrokerError,
    ClientIdInUseError,
    GatewayConnectionError,
    LiveAccountRefusedError,
)
from bot.broker.events import EventHub, GatewayEvent
from bot.broker.frames import request_id_of
from bot.broker.lifecycle import Lifecycle
from bot.broker.order_ids import OrderIds
from bot.broker.pacing import MessagePacer, RateCounter
from bot.broker.requests import RequestRegistry

if TYPE_CHECKING:
    from bot.domain.clock import Clock

log = logging.getLogger(__name__)


class Session:
    """State shared by all services. Thread-safe."""

    def __init__(
        self,
        host: str,
        port: int,
        client_id: int,
        *,
        timeout_s: float,
        clock: Clock,
        max_messages_per_s: int,
        max_version: int | None = None,
    ) -> None:
        paper.refuse_live_port(port)
        self.host, self.port, self.client_id = host, port, client_id
        self.timeout_s, self.clock = timeout_s, clock
        self.pacer, self.sent = MessagePacer(clock, max_messages_per_s), RateCounter(clock)
        self.requests = RequestRegistry(clock)
        self.order_ids = OrderIds()
        self.events = EventHub(self._listener_failed)
        self.faults: deque[str] = deque(maxlen=100)
        self.when_closed: list[Callable[[], None]] = []  # wake who waits without a request
        self.wrapper: Any = None  # set once by the facade; receives the callbacks
        self.accounts: tuple[str, ...] = ()
        self.connectivity_lost = False
        self._max_version = max_version
        self.lifecycle = Lifecycle()
        self.disconnects = 0  # how often the user said so: a waiting reconnect gives up
        self.generation = 0  # counts connections and 1101s: what was requested before is gone
        self.renew: Callable[[], None] = lambda: None  # set by the facade: requests it again
        self._lock = threading.Lock()
        self._client: ApiClient | None = None
        self._ready = False
        self._version_known, self._progress = threading.Event(), threading.Event()
        self._accounts_known, self._order_id_known = threading.Event(), threading.Event()
        self._refusal: BrokerError | None = None
        self._closed_reason = ""

    # ------------------------------------------------------------ state

    @property
    def is_ready(self) -> bool:
        """True when the socket is up and the accounts are proven paper."""
        return self._ready

    @property
    def server_version(self) -> int:
        """The negotiated version; 0 while there is none."""
        client = self._client
        return 0 if client is None else int(client.serverVersion() or 0)

    @property
    def connection_time(self) -> str:
        """The handshake's time text, in the gateway machine's zone."""
        client = self._client
        return "" if client is None else str(client.connTime or "")

    # ------------------------------------------------------------ connect

    def connect(self) -> None:
        """One attempt. Does nothing when connected.

        Raises:
            GatewayConnectionError: no socket, or closed during the handshake.
            AuthenticationError: no API session within ``timeout_s``; 326 and live accounts
                have their own classes.
        """
        with self.lifecycle.turn():
            if not self._ready:
                self._close_client()
                self._reset()
                self._open()

    def _open(self) -> None:
        deadline = self.clock.monotonic() + self.timeout_s
        client = ApiClient(
            self.wrapper,
            on_version=self._version_arrived,
            on_fault=self._decode_failed,
            on_closed=self._lost,
            max_version=self._max_version,
        )
        self._client = client
        try:
            client.open(self.host, self.port, client_id=self.client_id, timeout_s=self.timeout_s)
            self._await(self._version_known, deadline, "sent no version frame")
            self._check_version(client)
            with self.pacer.turn():
                client.startApi()
            self._await(self._accounts_known, deadline, "sent no account list")
            self._await(self._order_id_known, deadline, "sent no order id")
        except BaseException:
            self._close_client()
            raise
        self.events.start(f"ibkr-events-{self.client_id}")
        with self._lock:
            self.generation += 1
            self._ready = self._client is client  # else this object was disconnected meanwhile
        if not self._ready or self._closed_reason or self._refusal is not None:
            self._ready = False
            client.close()
            self._close_client()
            if self._refusal is not None:
                raise self._refusal
            why = self._closed_reason or "disconnected by this client"
            raise GatewayConnectionError(f"connection lost: {why}")
        self.events.emit(GatewayEvent.CONNECTED, f"{self.host}:{self.port}")

    def _reset(self) -> None:
        self._version_known.clear()
        self._accounts_known.clear()
        self._order_id_known.clear()
        self._progress.clear()
        self._refusal, self._closed_reason, self.accounts = None, "", ()
        self.connectivity_lost = False

    def _await(self, event: threading.Event, deadline: float, missing: str) -> None:
        """Wait for ``event``, a refusal or the end of the connection."""
        where = f"the gateway at {self.host}:{self.port}"
        while not event.is_set() and self._refusal is None and not self._closed_reason:
            self._progress.clear()
            if event.is_set() or self._refusal is not None or self._closed_reason:
                break
            left_s = deadline - self.clock.monotonic()
            if left_s <= 0 or not self.clock.wait(self._progress, left_s):
                raise AuthenticationError(
                    f"{where} took the connection but {missing} within {self.timeout_s:g} s\n"
                    "  state: disconnected; no request was sent\n"
                    "  fix:   finish the gateway's login (2FA, dialogs), enable the API, and"
                    " trust this host"
                )
        if self._refusal is not None:
            raise self._refusal
        if self._closed_reason and not event.is_set():
            raise GatewayConnectionError(f"{where} {missing}: {self._closed_reason}")

    def _check_version(self, client: ApiClient) -> None:
        version = client.serverVersion()
        if version < OLDEST_VERSION:
            raise AuthenticationError(
                f"the gateway speaks version {version}, this client needs {OLDEST_VERSION} or"
                " later: upgrade the gateway"
            )

    def _version_arrived(self) -> None:
        self._version_known.set()
        self._progress.set()

    # ------------------------------------------------------------ disconnect

    def disconnect(self) -> None:
        """Close the socket, end both threads, fail what is pending. May be called twice."""
        self.disconnects += 1
        self.drop()
        # No turn is taken for this: the listener that is waited for may be waiting for one.
        with self.lifecycle.awaiting(self.events.thread):
            self.events.stop()

    def drop(self) -> None:
        """Close the socket and fail what is pending; listeners live on."""
        with self._lock:
            was_ready, self._ready = self._ready, False
        self._close_client()
        if was_ready:
            self.events.emit(GatewayEvent.DISCONNECTED, "disconnected by this client")

    def _close_client(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()
        self.requests.fail_all(GatewayConnectionError("the connection was closed while waiting"))
        self._wake_all()

    def _wake_all(self) -> None:
        for wake in self.when_closed:
            wake()

    def _lost(self, reason: str) -> None:
        """The reader ended (reader thread)."""
        was_ready, self._ready = self._ready, False
        self._closed_reason = self._closed_reason or reason
        self._progress.set()
        error = self._refusal or GatewayConnectionError(f"connection lost: {reason}")
        self.requests.fail_all(error)
        self._wake_all()
        if was_ready:
            self.events.emit(GatewayEvent.DISCONNECTED, reason)

    # ------------------------------------------------------------ sending

    def send(self, message: Callable[[ApiClient], object]) -> None:
        """Send one message when the pacer allows.

        Raises:
            GatewayConnectionError: there is no session.
            LiveAccountRefusedError: the gateway started to serve a live account.
        """
        self.require_ready()
        with self.pacer.turn():
            client = self.require_ready()
            self.sent.count()
            message(client)

    def require_ready(self) -> ApiClient:
        """The client of the running session, or the exception that says why there is none."""
        client = self._client
        if self._refusal is not None and isinstance(self._refusal, LiveAccountRefusedError):
            raise self._refusal
        if not self._ready or client is None:
            why = f": {self._closed_reason}" if self._closed_reason else ""
            raise GatewayConnectionError(
                f"not connected to {self.host}:{self.port}{why}; call connect() or reconnect()"
            )
        return client

    def next_valid_id(self, order_id: int) -> None:
        """nextValidId, at connect or as an answer to reqIds (reader thread)."""
        self.order_ids.at_least(order_id)
        self.requests.keep_clear_of(order_id)
        self._order_id_known.set()
        self._progress.set()

    # ------------------------------------------------------------ callbacks

    def managed_accounts(self, text: str) -> None:
        """managedAccounts: anything but paper ends the session at once (reader thread)."""
        accounts = paper.split_accounts(text)
        try:
            paper.refuse_live_accounts(accounts)
        except LiveAccountRefusedError as refusal:
            self._refuse(refusal)
            return
        self.accounts = accounts
        self._accounts_known.set()
        self._progress.set()

    def login_refused(self, code: int, text: str) -> None:
        """326, 501, 503, 507 (reader thread)."""
        if code == 326:
            self._refuse(
                ClientIdInUseError(
                    f"client id {self.client_id} is in use at {self.host}:{self.port}\n"
                    "  state: disconnected by the gateway; a dead client's id is freed within a"
                    " minute\n"
                    "  fix:   wait and retry, or connect with another client id",
                    code=code,
                )
            )
        else:
            self._refuse(AuthenticationError(f"the gateway answered {code}: {text}", code=code))

    def _refuse(self, refusal: BrokerError) -> None:
        was_ready, self._ready = self._ready, False
        self._refusal = refusal
        client = self._client
        if client is not None:
            client.close()
        self._progress.set()
        if was_ready:
            self.events.emit(GatewayEvent.DISCONNECTED, str(refusal))

    def _decode_failed(self, payload: bytes, error: Exception) -> None:
        note = f"undecodable message of {len(payload)} bytes: {type(error).__name__}: {error}"
        self.record_fault(note, request_id_of(payload, self.server_version))

    def data_lost(self, text: str) -> None:
        """1101: the servers forgot every stream (reader thread)."""
        with self._lock:
            self.generation += 1
        self.events.later(self.renew)
        self.events.emit(GatewayEvent.RESTORED_DATA_LOST, text)

    def callback_failed(self, name: str, request: int | str | None, *, error: Exception) -> None:
        """A handler raised (reader thread): recorded, and its request (id or kind) fails."""
        self.record_fault(f"{name} failed: {type(error).__name__}: {error}", request)

    def _listener_failed(self, error: Exception) -> None:
        """A listener raised (dispatcher's thread)."""
        self.record_fault(f"listener failed: {type(error).__name__}: {error}", None)

    def record_fault(self, note: str, request: int | str | None) -> None:
        """Keep ``note``; fail the request it belongs to, an id or a kind, if that is known."""
        log.error("%s", note)
        self.faults.append(note)
        if isinstance(request, str):
            pending = self.requests.single(request)
        else:
            pending = None if request is None else self.requests.get(request)
        if pending is not None:
            pending.fail(BrokerError(f"{pending.about}: {note}", request_id=pending.id))
