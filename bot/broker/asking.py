"""Questions whose answers carry no id: one at a time, and never a late answer for a new one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.broker.api_client import ApiClient
from bot.broker.session import Session

CURRENT_TIME = "server time"
Send = Callable[[ApiClient], object]


def ask_single(
    session: Session,
    kind: str,
    ask: Send,
    *,
    timeout_s: float,
    cancel: Send | None = None,
    request_id: int = -1,
) -> list[Any]:
    """The rows of one whole answer; a subscription is cancelled before the next one asks.

    After a time-out of the same kind, the first end marker may still be the old answer's. So
    the question is sent again after it: answers of one kind come in order, and the second end
    closes an answer to one of the two.

    Raises:
        RequestTimeoutError: no whole answer in time. BrokerError: a refusal.
    """
    requests, clock = session.requests, session.clock
    pending = requests.open_single(kind, timeout_s=timeout_s, request_id=request_id)
    try:
        session.send(ask)
        deadline = clock.monotonic() + timeout_s
        try:
            if pending.is_doubted and clock.wait(pending.first_end, timeout_s):
                session.send(ask)
            return requests.wait(pending, deadline - clock.monotonic(), keep=True, told=timeout_s)
        finally:
            if cancel is not None and session.is_ready:
                session.send(cancel)
    finally:
        requests.forget(pending)


def ask_time(session: Session, timeout_s: float) -> int:
    """The server's epoch seconds: the round trip that needs nothing else."""
    rows = ask_single(
        session, CURRENT_TIME, lambda client: client.reqCurrentTime(), timeout_s=timeout_s
    )
    return int(rows[-1])
