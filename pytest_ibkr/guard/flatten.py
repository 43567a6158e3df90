"""What the cleanup of a run may trade: per contract at most what the run's executions opened.

Pure. It never goes through the position of the start, and never touches a contract that somebody
else traded meanwhile: such a contract is reported instead (design.md 3, point 9).
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass
from decimal import Decimal

from pytest_ibkr.guard.trades import (
    ZERO,
    Baseline,
    Forwarded,
    OrderKey,
    Present,
    described,
    may_be_same,
    net,
    new_fills,
)
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.executions import ExecutionData


@dataclass(frozen=True, slots=True)
class Trade:
    """One order that brings a contract back to where the run found it.

    Attributes:
        quantity: unsigned shares or contracts.
        target: the signed position afterwards, that of the start.
    """

    contract: Contract
    action: str
    quantity: Decimal
    target: Decimal

    def __str__(self) -> str:
        return f"{self.action} {self.quantity} {described(self.contract)}"


@dataclass(frozen=True, slots=True)
class Left:
    """A contract that stays as it is, and why.

    Attributes:
        settles: a position that lags behind its executions looks the same: read again first.
        unknown: it may be what became of an order whose outcome nobody tells any more.
    """

    contract: Contract
    reason: str
    fix: str
    settles: bool
    unknown: bool = False

    def __str__(self) -> str:
        return f"{described(self.contract)} stays as it is: {self.reason}\n  fix:   {self.fix}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to trade and what to report."""

    trades: tuple[Trade, ...] = ()
    left: tuple[Left, ...] = ()


def plan(baseline: Baseline, present: Present, ours: Container[OrderKey]) -> Plan:
    """Decide, contract by contract, what takes back what this run's orders did.

    Args:
        baseline: the account before the run.
        present: the account now; its executions cover the whole run.
        ours: (client id, order id) of every order that went through the relay.
    """
    by_contract: dict[int, list[ExecutionData]] = {}
    for fill in new_fills(present.executions, baseline):
        by_contract.setdefault(fill.contract.con_id, []).append(fill)
    trades, left = [], []
    for con_id, fills in sorted(by_contract.items()):
        own = [each for each in fills if (each.client_id, each.order_id) in ours]
        if not own:
            continue
        start, now = baseline.positions.get(con_id, ZERO), present.position(con_id)
        decided = _decide(own, fills, start=start, now=now)
        if isinstance(decided, Trade):
            trades.append(decided)
        elif decided is not None:
            left.append(decided)
    return Plan(tuple(trades), tuple(left))


def unaccounted(
    baseline: Baseline, present: Present, forwarded: Iterable[Forwarded]
) -> tuple[Left, ...]:
    """Positions that moved, where an order of the run is the only explanation at hand.

    A gateway lists the executions of a day: of an order that filled after its relay was killed,
    and is looked for on a later day, the position is all that is left.
    """
    orders = {each.key: each for each in forwarded}
    fills = new_fills(present.executions, baseline)
    told = {(each.client_id, each.order_id) for each in fills}
    known = {each.contract.con_id for each in fills if (each.client_id, each.order_id) in orders}
    held = {each.contract.con_id: each.contract for each in present.positions}
    untold = [order for key, order in orders.items() if key not in told]
    found = []
    for con_id in sorted({*baseline.positions, *held} - known):
        start, now = baseline.positions.get(con_id, ZERO), present.position(con_id)
        explained = net(each for each in fills if each.contract.con_id == con_id)
        contract = held.get(con_id, Contract(con_id=con_id))
        suspects = [order for order in untold if may_be_same(order.contract, contract)]
        if now - start != explained and suspects:
            names = ", ".join(map(str, suspects))
            reason = (
                f"the position went from {start} to {now}, the executions that are still listed"
                f" explain {explained:+}, and what became of {names} is not told any more"
            )
            found.append(_left(contract, reason, settles=True, unknown=True))
    return tuple(found)


def _decide(
    own: list[ExecutionData], fills: list[ExecutionData], *, start: Decimal, now: Decimal
) -> Trade | Left | None:
    contract, opened = own[0].contract, net(own)
    if len(own) != len(fills):
        others = net(fills) - opened
        reason = (
            f"somebody else traded it during this run ({others:+} beside this run's {opened:+});"
            f" the position is {now}, it was {start}"
        )
        return _left(contract, reason, settles=False)
    if now - start != opened:
        reason = (
            f"this run's executions come to {opened:+}, but the position went from {start} to"
            f" {now}: something else changed it (expiry, exercise, a transfer, another program)"
        )
        return _left(contract, reason, settles=True)
    if opened > 0:
        return Trade(contract, "SELL", opened, target=start)
    if opened < 0:
        return Trade(contract, "BUY", -opened, target=start)
    return None


def _left(contract: Contract, reason: str, *, settles: bool, unknown: bool = False) -> Left:
    fix = "look at the position in TWS and close by hand what you do not want"
    return Left(contract, reason, fix, settles=settles, unknown=unknown)
