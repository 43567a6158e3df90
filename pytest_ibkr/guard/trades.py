"""What happened on an account between two moments: the facts cleanup and proof reason about.

Pure data; quantities are signed shares or contracts, bought above zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from pytest_ibkr.wire.messages.account import Position
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.executions import ExecutionData
from pytest_ibkr.wire.messages.order_echo import OpenOrder

ZERO: Final = Decimal(0)
_SIGN: Final = {"BOT": 1, "SLD": -1}
_NUMBER: Final = re.compile("[0-9]{1,9}")

OrderKey = tuple[int, int]  # client id, order id


@dataclass(frozen=True, slots=True)
class Forwarded:
    """An order as it last went through the relay.

    Attributes:
        quantity: unsigned, as the order said.
        contract: as the order said; its conId may be 0.
        earlier: quantities of earlier versions of it: a change may come too late.
    """

    client_id: int
    order_id: int
    action: str
    quantity: Decimal
    contract: Contract
    order_type: str = ""
    limit_price: Decimal | None = None
    earlier: tuple[Decimal, ...] = ()

    def after(self, previous: Forwarded | None) -> Forwarded:
        """This version of the order, knowing the ones before it."""
        if previous is None:
            return self
        return replace(self, earlier=(*previous.earlier, previous.quantity))

    @property
    def key(self) -> OrderKey:
        """What executions and open orders name it by."""
        return self.client_id, self.order_id

    def is_listed_as(self, order: OpenOrder) -> bool:
        """Whether a listed order of these ids is this one: an id may have gone to another."""
        return (
            order.action == self.action
            and order.quantity in (self.quantity, *self.earlier)
            and may_be_same(self.contract, order.contract)
        )

    def __str__(self) -> str:
        what = f"{self.action} {self.quantity} {described(self.contract)} {self.order_type}"
        return f"order {self.order_id} of client {self.client_id} ({what.rstrip()})"


@dataclass(frozen=True, slots=True)
class Baseline:
    """The account before the run.

    Attributes:
        positions: signed quantity by conId; a contract that is not held is absent.
        executions: roots of the execution ids the gateway listed already.
        open_orders: permIds of the orders that worked already.
    """

    positions: Mapping[int, Decimal] = field(default_factory=dict)
    executions: frozenset[str] = frozenset()
    open_orders: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Present:
    """The account now, as the gateway lists it."""

    positions: tuple[Position, ...] = ()
    executions: tuple[ExecutionData, ...] = ()
    open_orders: tuple[OpenOrder, ...] = ()

    def position(self, con_id: int) -> Decimal:
        """Signed quantity held of a contract."""
        held = [each.position for each in self.positions if each.contract.con_id == con_id]
        return sum(held, ZERO)


def root(exec_id: str) -> str:
    """What the corrections of an execution have in common (gateway-behaviour.md 3.8)."""
    head, _, _ = exec_id.rpartition(".")
    return head or exec_id


def new_fills(executions: Iterable[ExecutionData], baseline: Baseline) -> tuple[ExecutionData, ...]:
    """Executions since the baseline; of a corrected one the last correction only.

    The row of a combination itself moves no position: its legs do.
    """
    newest: dict[str, ExecutionData] = {}
    for each in executions:
        name = root(each.exec_id)
        if name in baseline.executions or each.contract.sec_type == "BAG":
            continue
        known = newest.get(name)
        if known is None or _correction(each.exec_id) >= _correction(known.exec_id):
            newest[name] = each
    return tuple(newest.values())


def signed(execution: ExecutionData) -> Decimal:
    """Shares or contracts bought (above zero) or sold; 0 for a side that is neither."""
    return _SIGN.get(execution.side, 0) * execution.shares


def net(executions: Iterable[ExecutionData]) -> Decimal:
    """Signed sum of what was bought and sold."""
    return sum(map(signed, executions), ZERO)


def may_be_same(said: Contract, listed: Contract) -> bool:
    """Whether what an order said of its contract fits one that the gateway lists."""
    if said.con_id and listed.con_id:
        return said.con_id == listed.con_id
    pairs: list[tuple[object, object]] = [
        (said.symbol.upper(), listed.symbol.upper()),
        (said.sec_type, listed.sec_type),
    ]
    if said.sec_type == "OPT":
        shown = min(len(said.expiry), len(listed.expiry))  # an order may name the month only
        pairs += [
            (said.expiry[:shown], listed.expiry[:shown]),
            (said.right[:1].upper(), listed.right[:1].upper()),
            (said.strike, listed.strike),
        ]
    return all(one == other for one, other in pairs if one and other)


def described(contract: Contract) -> str:
    """A contract as people name it: ``SPY``, ``SPY 20260717 C 755``."""
    if contract.sec_type not in ("OPT", "FOP"):
        return contract.symbol or contract.local_symbol or f"conId {contract.con_id}"
    return f"{contract.symbol} {contract.expiry} {contract.right} {contract.strike:g}"


def _correction(exec_id: str) -> int:
    tail = exec_id.rpartition(".")[2]
    return int(tail) if _NUMBER.fullmatch(tail) else 0
