"""Reads what is on the account, and compares it with what the relay forwarded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from pytest_ibkr.guard.bypass import Bypass, bypasses
from pytest_ibkr.guard.trades import Baseline, Forwarded, Present, root
from pytest_ibkr.net.link import Link
from pytest_ibkr.net.link_errors import AnswerError
from pytest_ibkr.net.relay.working_orders import still_working
from pytest_ibkr.wire.messages.account import CancelPositions, Position, PositionEnd, ReqPositions
from pytest_ibkr.wire.messages.executions import ExecutionData, ExecutionDataEnd, ReqExecutions
from pytest_ibkr.wire.messages.order import OpenOrderEnd, ReqAllOpenOrders
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.versions import EXECUTION_DAYS

_MOST_DAYS: Final = 7  # what a gateway keeps at most (gateway-behaviour.md 3.8)
_SETTLE_S: Final = 0.25
_READS: Final = 12  # positions follow their executions within seconds


async def take_baseline(link: Link, *, timeout_s: float = 10.0) -> Baseline:
    """Read what is on the account before a run.

    Raises:
        AnswerError, LinkTimeout, LinkLost: it cannot be read: no order may go out.
    """
    found = await read_account(link, timeout_s=timeout_s)
    held: dict[int, list[Position]] = {}
    for each in found.positions:
        held.setdefault(each.contract.con_id, []).append(each)
    return Baseline(
        positions={con_id: found.position(con_id) for con_id in held if found.position(con_id)},
        executions=frozenset(root(each.exec_id) for each in found.executions),
        open_orders=frozenset(each.perm_id for each in found.open_orders),
    )


async def read_account(
    link: Link, *, earlier: Iterable[ExecutionData] = (), timeout_s: float = 10.0
) -> Present:
    """Read positions, executions and open orders of every client.

    Args:
        link: any client; executions are asked for with client id 0, which means all.
        earlier: executions seen before: a gateway lists those of its last days only.
    """
    orders = await open_orders(link, timeout_s=timeout_s)
    executions = {each.exec_id: each for each in earlier}
    executions |= {each.exec_id: each for each in await _executions(link, timeout_s)}
    return Present(await positions(link, timeout_s=timeout_s), tuple(executions.values()), orders)


async def compare(
    link: Link,
    baseline: Baseline,
    forwarded: Iterable[Forwarded],
    *,
    earlier: Iterable[ExecutionData] = (),
    timeout_s: float = 10.0,
) -> tuple[tuple[Bypass, ...], Present]:
    """Find what did not pass the relay; return it with the account it was found on.

    Executions and positions are listed by different parts of a gateway: a position that executions
    do not explain must stay so for about three seconds, or it was on its way only.
    """
    known, orders = tuple(earlier), tuple(forwarded)
    for _ in range(_READS):
        present = await read_account(link, earlier=known, timeout_s=timeout_s)
        found, known = bypasses(baseline, present, orders), present.executions
        if all(each.kind != "position" for each in found):
            break
        await asyncio.sleep(_SETTLE_S)
    return found, present


async def positions(link: Link, *, timeout_s: float = 10.0) -> tuple[Position, ...]:
    """What the account holds; zero rows left out. The subscription ends with the answer."""
    try:
        answer = await link.ask(ReqPositions(), until=PositionEnd, timeout_s=timeout_s)
    finally:
        if not link.closed:
            await link.send(CancelPositions())
    newest = {
        (each.account, each.contract.con_id): each for each in answer if isinstance(each, Position)
    }
    return tuple(each for each in newest.values() if each.position)


async def open_orders(link: Link, *, timeout_s: float = 10.0) -> tuple[OpenOrder, ...]:
    """Working orders of every client and of TWS; none where the gateway only reads."""
    try:
        answer = await link.ask(ReqAllOpenOrders(), until=OpenOrderEnd, timeout_s=timeout_s)
    except AnswerError as refused:
        if "Read-Only" not in refused.reason:
            raise
        return ()
    return still_working(answer)


async def _executions(link: Link, timeout_s: float) -> tuple[ExecutionData, ...]:
    request = ReqExecutions(
        request_id=link.next_request_id(),
        last_days=_MOST_DAYS if link.version >= EXECUTION_DAYS else None,
        dates=(),
    )
    answer = await link.ask(request, until=ExecutionDataEnd, timeout_s=timeout_s)
    return tuple(each for each in answer if isinstance(each, ExecutionData))
