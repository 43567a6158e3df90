"""Runs listeners and re-subscriptions off the reader thread, one after another.

A listener may call the gateway and wait for answers, which the reader has to deliver.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

Job = Callable[[], None]


class Dispatcher:
    """One thread and a queue; ``stop`` lets queued jobs finish."""

    def __init__(self, name: str, on_error: Callable[[Exception], None]) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._on_error = on_error
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def thread(self) -> int | None:
        """The identity of the thread jobs run on."""
        return self._thread.ident

    def submit(self, job: Job) -> None:
        """Run ``job`` later on the dispatcher's thread."""
        self._jobs.put(job)

    def stop(self) -> None:
        """End the thread after the queued jobs; may be called from it and twice."""
        self._jobs.put(None)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except Exception as error:  # a listener must not end the others
                self._on_error(error)
