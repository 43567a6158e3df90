"""What the relay finds out about its gateway by itself, before it lets anybody in.

It asks, and judges nothing: whether the accounts may be used is the guard's decision, taken on
``link.accounts`` before any of this is asked.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from pytest_ibkr.net.link import Link
from pytest_ibkr.net.link_errors import AnswerError, LinkTimeout
from pytest_ibkr.wire.messages.account import (
    AccountSummary,
    AccountSummaryEnd,
    CancelAccountSummary,
    ReqAccountSummary,
)
from pytest_ibkr.wire.messages.order import OpenOrderEnd, ReqOpenOrders
from pytest_ibkr.wire.messages.session import CurrentTime, ErrorNotice, ReqCurrentTime
from pytest_ibkr.wire.messages.user import CurrentTimeInMillis, ReqCurrentTimeInMillis
from pytest_ibkr.wire.versions import MILLISECONDS

ROUND_TRIPS: Final = 3
_TAGS: Final = "AccountType,NetLiquidation"
_FARM_CODES: Final = {
    2103: "broken",
    2104: "ok",
    2105: "broken",
    2106: "ok",
    2107: "inactive",
    2108: "inactive",
    2119: "connecting",
    2157: "broken",
    2158: "ok",
}


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The gateway's clock against this machine's.

    Attributes:
        offset_s: gateway minus local, seconds.
        resolution_s: how far off that may be: the gateway tells whole seconds below 197.
        round_trip_ms: of the question.
    """

    offset_s: float
    resolution_s: float
    round_trip_ms: float


@dataclass(frozen=True, slots=True)
class ProbeFacts:
    """What a gateway said of itself.

    Attributes:
        accounts: text of managedAccounts as it came.
        next_order_id: of the probe's own client id.
        farms: data farms by name: ok, broken, inactive, connecting.
        read_only: whether it refuses order requests; None: it did not say.
        account_type: legal form of the account; the same for paper and live; None: not told.
        net_liquidation: as text, in the account's currency; None: not told.
        latency_ms: every round trip of the probe.
    """

    accounts: str
    server_version: int
    connection_time: str
    next_order_id: int | None
    clock: ClockReading
    farms: dict[str, str] = field(default_factory=dict)
    read_only: bool | None = None
    account_type: str | None = None
    net_liquidation: str | None = None
    latency_ms: tuple[float, ...] = ()


async def probe(link: Link, *, timeout_s: float = 10.0) -> ProbeFacts:
    """Ask a gateway whose accounts the guard has accepted.

    Raises:
        LinkTimeout: no round trip: it accepted the session and answers nothing.
        LinkLost: it hung up.
    """
    readings = [await read_clock(link, timeout_s=timeout_s) for _ in range(ROUND_TRIPS)]
    read_only = await _read_only(link, timeout_s)
    summary = await _summary(link, timeout_s)
    return ProbeFacts(
        accounts=link.accounts or "",
        server_version=link.version,
        connection_time=link.connection_time,
        next_order_id=link.next_order_id,
        clock=min(readings, key=lambda each: each.round_trip_ms),
        farms=farms(link.notices),
        read_only=read_only,
        account_type=summary.get("AccountType"),
        net_liquidation=summary.get("NetLiquidation"),
        latency_ms=tuple(each.round_trip_ms for each in readings),
    )


async def read_clock(link: Link, *, timeout_s: float = 10.0) -> ClockReading:
    """One round trip, and what the gateway's clock shows in its middle.

    Raises:
        LinkTimeout, LinkLost: the gateway did not answer.
    """
    precise = link.version >= MILLISECONDS
    request = ReqCurrentTimeInMillis() if precise else ReqCurrentTime()
    until = CurrentTimeInMillis if precise else CurrentTime
    sent_s, began_s = time.time(), time.perf_counter()
    [answer] = await link.ask(request, until=until, timeout_s=timeout_s)
    took_s = time.perf_counter() - began_s
    if isinstance(answer, CurrentTimeInMillis):
        told_s, resolution_s = answer.epoch_ms / 1000, 0.0
    elif isinstance(answer, CurrentTime):
        told_s, resolution_s = answer.epoch_s + 0.5, 0.5
    offset_s = told_s - (sent_s + took_s / 2)
    return ClockReading(offset_s, resolution_s + took_s / 2, took_s * 1000)


def farms(notices: Iterable[ErrorNotice]) -> dict[str, str]:
    """The last word about every data farm (gateway-behaviour.md 1.5)."""
    found: dict[str, str] = {}
    for notice in notices:
        state = _FARM_CODES.get(notice.code)
        name = _farm_name(notice.text)
        if state is not None and name:
            found[name] = state
    return found


def _farm_name(text: str) -> str:
    """``...is OK:usfarm`` and ``...upon demand.eufarm``; names may have a dot (usfarm.nj)."""
    if ":" in text:
        return text.rpartition(":")[2].strip()
    return text.partition("demand.")[2].strip()


async def _read_only(link: Link, timeout_s: float) -> bool | None:
    """A gateway that only reads refuses even the question for open orders."""
    try:
        await link.ask(ReqOpenOrders(), until=OpenOrderEnd, timeout_s=timeout_s)
    except AnswerError as refused:
        return True if "Read-Only" in refused.reason else None
    except LinkTimeout:
        return None
    return False


async def _summary(link: Link, timeout_s: float) -> dict[str, str]:
    request = ReqAccountSummary(request_id=link.next_request_id(), group="All", tags=_TAGS)
    try:
        answer = await link.ask(request, until=AccountSummaryEnd, timeout_s=timeout_s)
    except (AnswerError, LinkTimeout):  # recorded when told, never needed
        return {}
    finally:
        if not link.closed:
            await link.send(CancelAccountSummary(request_id=request.request_id))
    return {each.tag: each.value for each in answer if isinstance(each, AccountSummary)}
