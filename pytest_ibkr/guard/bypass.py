"""Proof after the fact: whether something reached the account without passing the relay.

Pure. Executions, open orders and positions are compared with what the relay forwarded
(design.md 3, point 8); a direct client, a child process or a hand at TWS all show up here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pytest_ibkr.guard.trades import (
    ZERO,
    Baseline,
    Forwarded,
    OrderKey,
    Present,
    described,
    net,
    new_fills,
)
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.executions import ExecutionData
from pytest_ibkr.wire.messages.order_echo import OpenOrder

Kind = Literal["execution", "open order", "changed order", "position"]


@dataclass(frozen=True, slots=True)
class Bypass:
    """One thing on the account that the relay did not let through.

    Attributes:
        what: one sentence; equal for the same thing seen again.
        contract_id: conId, 0 where unknown.
    """

    kind: Kind
    what: str
    contract_id: int = 0

    def __str__(self) -> str:
        return (
            f"an order bypassed the relay: {self.what}"
            "\n  state: it is on the account and was not checked by anything"
            "\n  fix:   send everything to the host and port the test was given; close what it"
            " left by hand, and trade on this account by nothing else during a run"
        )


def bypasses(
    baseline: Baseline, present: Present, forwarded: Iterable[Forwarded]
) -> tuple[Bypass, ...]:
    """Compare the account with what was forwarded since the baseline.

    Args:
        baseline: the account before the run.
        present: the account now; its executions cover the whole run.
        forwarded: every order that went through the relay, as it last did, cleanup's included.
    """
    known = {each.key: each for each in forwarded}
    fills = new_fills(present.executions, baseline)
    found: list[Bypass] = []
    for fill in fills:
        if (fill.client_id, fill.order_id) not in known:
            found.append(_stranger(fill))
    found += _too_much(fills, known)
    for order in present.open_orders:
        if order.perm_id not in baseline.open_orders:
            found += _open(order, known)
    return (*found, *_positions(baseline, present, fills))


def _stranger(fill: ExecutionData) -> Bypass:
    who = _who(fill.client_id, fill.order_id)
    what = f"{fill.side} {fill.shares} {described(fill.contract)} at {fill.price} by {who}"
    return Bypass("execution", f"{what} (execution {fill.exec_id})", fill.contract.con_id)


def _too_much(fills: Iterable[ExecutionData], known: dict[OrderKey, Forwarded]) -> list[Bypass]:
    """Orders of which more was filled than was ever forwarded, or the other side."""
    filled: dict[tuple[OrderKey, int], Decimal] = {}
    contracts: dict[tuple[OrderKey, int], Contract] = {}
    for fill in fills:
        part = (fill.client_id, fill.order_id), fill.contract.con_id
        filled[part] = filled.get(part, ZERO) + net([fill])
        contracts[part] = fill.contract
    found = []
    for (key, con_id), quantity in filled.items():
        order = known.get(key)
        if order is None or order.contract.sec_type == "BAG":
            continue
        sign = 1 if order.action == "BUY" else -1
        if not 0 <= sign * quantity <= max(order.quantity, *order.earlier, ZERO):
            name = described(contracts[key, con_id])
            what = f"{quantity:+} {name} was filled, forwarded was {order}"
            found.append(Bypass("changed order", what, con_id))
    return found


def _open(order: OpenOrder, known: dict[OrderKey, Forwarded]) -> list[Bypass]:
    mine = known.get((order.client_id, order.order_id))
    name = f"{order.action} {order.quantity} {described(order.contract)} {order.order_type}"
    con_id = order.contract.con_id
    if mine is None:
        what = f"{name} works, placed by {_who(order.client_id, order.order_id)}"
        return [Bypass("open order", what, con_id)]
    if order.action != mine.action or order.quantity not in (mine.quantity, *mine.earlier):
        return [Bypass("changed order", f"{name} works, forwarded was {mine}", con_id)]
    return []


def _positions(
    baseline: Baseline, present: Present, fills: Iterable[ExecutionData]
) -> list[Bypass]:
    """Positions that moved by another amount than the executions say."""
    moved: dict[int, list[ExecutionData]] = {}
    for fill in fills:
        moved.setdefault(fill.contract.con_id, []).append(fill)
    names = {each.contract.con_id: each.contract for each in present.positions}
    names |= {con_id: same[0].contract for con_id, same in moved.items()}
    found = []
    for con_id in sorted({*baseline.positions, *names}):
        start, now = baseline.positions.get(con_id, ZERO), present.position(con_id)
        explained = net(moved.get(con_id, ()))
        if now - start != explained:
            name = described(names.get(con_id, Contract(con_id=con_id)))
            what = f"the position in {name} went from {start} to {now}, executions explain"
            found.append(Bypass("position", f"{what} {explained:+}", con_id))
    return found


def _who(client_id: int, order_id: int) -> str:
    if client_id == 0 and order_id <= 0:
        return "hand in TWS"
    return f"client {client_id} as order {order_id}"
