"""What a session tells its listeners, and the thread they run on."""

from __future__ import annotations

import enum
import logging
import threading
from collections.abc import Callable

from bot.broker.dispatcher import Dispatcher

log = logging.getLogger(__name__)


class GatewayEvent(enum.StrEnum):
    """What listeners are told. 1100, 1101 and 1102 leave the socket open."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    CONNECTIVITY_LOST = "connectivity_lost"  # 1100
    RESTORED_DATA_LOST = "restored_data_lost"  # 1101: streams are requested again
    RESTORED_DATA_KEPT = "restored_data_kept"  # 1102
    NOTICE = "notice"  # any other message about the session
    FAULT = "fault"  # a message or a listener failed and was contained


Listener = Callable[[GatewayEvent, str], None]


class EventHub:
    """Listeners and their thread outlive connections; it lives from ``start`` to ``stop``."""

    def __init__(self, on_error: Callable[[Exception], None]) -> None:
        self._lock = threading.Lock()
        self._on_error = on_error
        self._dispatcher: Dispatcher | None = None
        self._listeners: list[Listener] = []

    def start(self, name: str) -> None:
        """Begin to deliver; does nothing when it has begun."""
        with self._lock:
            if self._dispatcher is None:
                self._dispatcher = Dispatcher(name, self._on_error)

    @property
    def thread(self) -> int | None:
        """The identity of the listeners' thread, while there is one."""
        with self._lock:
            return None if self._dispatcher is None else self._dispatcher.thread

    def stop(self) -> None:
        """Deliver what is queued, then end the thread."""
        with self._lock:
            dispatcher, self._dispatcher = self._dispatcher, None
        if dispatcher is not None:
            dispatcher.stop()

    def add(self, listener: Listener) -> Callable[[], None]:
        """Register ``listener`` once; returns what removes it."""
        with self._lock:
            if listener not in self._listeners:
                self._listeners.append(listener)

        def remove() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return remove

    def emit(self, event: GatewayEvent, text: str = "") -> None:
        """Tell every listener, later."""
        log.debug("gateway event %s: %s", event, text)

        def tell(listener: Listener) -> Callable[[], None]:
            return lambda: listener(event, text)

        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            self.later(tell(listener))

    def later(self, job: Callable[[], None]) -> None:
        """Run ``job`` on the listeners' thread; dropped while there is none."""
        with self._lock:
            dispatcher = self._dispatcher
        if dispatcher is not None:
            dispatcher.submit(job)
