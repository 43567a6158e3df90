"""reqExecutions: which fills a filter matches, and when "at or after" is.

Reads the book; the live pushes of executions are ``order_reports``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim import echo
from pytest_ibkr.sim.calendar import EXCHANGE_ZONE, date_of
from pytest_ibkr.sim.order_state import Execution, OrderBook
from pytest_ibkr.sim.refusal import Refusal
from pytest_ibkr.sim.times import names_zone, read_moment
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.executions import ExecutionDataEnd, ReqExecutions
from pytest_ibkr.wire.versions import ZONED_TIMES

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

DAYS_KEPT: Final = 7  # what the gateway's trade log holds at most (gateway-behaviour.md 3.8)
_SIDES: Final = {"BUY": True, "BOT": True, "SELL": False, "SLD": False, "SSHORT": False}
BAD_TIME: Final = (
    "Time: The date, time, or time-zone entered is invalid.\n"
    "The correct format is yyyymmdd hh:mm:ss xx/xxxx"
)
NO_ZONE: Final = (
    "Warning: You submitted request with date-time attributes without explicit time zone. Please"
    " switch to use yyyymmdd-hh:mm:ss in UTC or use instrument time zone, like US/Eastern."
    " Implied time zone functionality will be removed in the next API release"
)


def read_time(text: str) -> float:
    """Epoch seconds of ``yyyymmdd hh:mm:ss[ zone]`` (exchange time) or ``yyyymmdd-hh:mm:ss`` (UTC).

    Raises:
        Refusal: 10314 when it is neither, or names no real date, time, zone or year.
    """
    try:
        return read_moment(text.strip(), zone=EXCHANGE_ZONE)
    except ValueError:
        raise Refusal(10314, BAD_TIME) from None


class ExecutionDesk:
    """Answers 7 with the fills of every client and of others on the account: today's, or those
    of the days asked for, up to a week back.
    """

    def __init__(self, engine: Engine, book: OrderBook) -> None:
        self._engine, self._book = engine, book

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {ReqExecutions: self.request}

    def request(self, client: Client, message: ReqExecutions) -> None:
        """Answer per fill 11 and its 59, then 55.

        Raises:
            Refusal: 10314 for a time that cannot be read.
        """
        since_s = read_time(message.time) if message.time else None
        zoneless = message.time and not names_zone(message.time.strip())
        if zoneless and client.version >= ZONED_TIMES:
            client.error(message.request_id, 2174, NO_ZONE)
        delay_s = self._engine.conditions.latency.query_s
        self._engine.owe(client, delay_s, lambda: self._answer(client, message, since_s))

    def _answer(self, client: Client, message: ReqExecutions, since_s: float | None) -> None:
        engine = self._engine
        days = _days_asked(message, engine.now_s)
        for execution in self._book.executions:
            if date_of(execution.at_s) not in days:
                continue
            if not self._matches(execution, message, since_s):
                continue
            client.send(
                echo.execution_data(
                    execution,
                    account=engine.account_id,
                    version=client.version,
                    request_id=message.request_id,
                    utc=engine.conditions.execution_times == "utc",
                )
            )
            if execution.reported:
                client.send(echo.commission_report(execution))
        client.send(ExecutionDataEnd(request_id=message.request_id))

    def _matches(self, execution: Execution, message: ReqExecutions, since_s: float | None) -> bool:
        """Whether a fill passes every filter that is set."""
        placed_by = 0 if execution.order is None else execution.order.client_id
        instrument = execution.instrument
        return (
            message.client_id in (0, placed_by)
            and message.symbol.upper() in ("", instrument.symbol)
            and message.sec_type in ("", instrument.sec_type)
            and message.exchange in ("", execution.venue)
            and (not message.side or _SIDES.get(message.side.upper()) == execution.buys)
            and (since_s is None or execution.at_s >= since_s)
        )


def _days_asked(message: ReqExecutions, now_s: float) -> frozenset[str]:
    """Dates ``YYYYMMDD`` a request covers: today unless it names days; never older than kept."""
    today = datetime.fromtimestamp(now_s, EXCHANGE_ZONE).date()
    kept = [f"{today - timedelta(days=back):%Y%m%d}" for back in range(DAYS_KEPT)]
    named = {str(day.date) for day in message.dates}
    if not message.last_days:
        return frozenset(named.intersection(kept) if named else kept[:1])
    return frozenset(named.intersection(kept).union(kept[: max(0, message.last_days)]))
