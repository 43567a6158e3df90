"""The lines of an order ledger: JSON, one fact each, account ids masked.

Knows the form only; ``ledger`` knows when a line has to be on disk.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from pytest_ibkr.errors import UsageError
from pytest_ibkr.guard.trades import Baseline, Forwarded, OrderKey
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.executions import ExecutionData

FORMAT: Final = 1
_PLAIN = (str, int, float, bool, type(None))
_LEFT_OUT = {"account": "", "order_ref": "", "submitter": ""}  # who, not what


class LedgerBroken(UsageError):
    """A ledger cannot be read: what is open is not known, so nothing new passes."""

    def __init__(self, path: Path, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(
            f"the order ledger {path} cannot be read: {why}"
            "\n  state: orders of that run may still work, positions of it may be open; no new"
            " order passes\n  fix:   look at orders and positions in TWS, close what is that run's,"
            " then move the file away"
        )

    def __reduce__(self) -> tuple[type[LedgerBroken], tuple[Path, str]]:
        return type(self), (self.path, self.why)


@dataclass(frozen=True, slots=True)
class Header:
    """What a ledger says first.

    Attributes:
        account: masked.
        account_key: keyed hash of the id; the ledger belongs to no other account.
        owner: process number and start mark of the relay that writes it.
        flattens: whether its cleanup may take positions back to the baseline.
    """

    account: str
    account_key: str
    endpoint: str
    name: str
    opened_at: str
    owner: tuple[int, str]
    baseline: Baseline
    flattens: bool = True


@dataclass(slots=True)
class Content:
    """What a ledger tells.

    Attributes:
        orders: by client id and order id, as each last went out.
        cleanup: of these, the orders the cleanup placed itself.
        executions: as they were seen, by execution id.
        outcome: what closed it; None: it is open.
        torn: the last line was cut off when the machine or the disk failed.
    """

    header: Header
    orders: dict[OrderKey, Forwarded] = field(default_factory=dict)
    cleanup: set[OrderKey] = field(default_factory=set)
    executions: dict[str, ExecutionData] = field(default_factory=dict)
    outcome: Mapping[str, Any] | None = None
    torn: bool = False

    def add(self, order: Forwarded, *, cleanup: bool) -> None:
        """Note an order, new or changed."""
        self.orders[order.key] = order.after(self.orders.get(order.key))
        if cleanup:
            self.cleanup.add(order.key)

    @property
    def client_ids(self) -> list[int]:
        """Every client id that placed something."""
        return sorted({client_id for client_id, _ in self.orders})


def header_line(header: Header) -> bytes:
    """The first line."""
    baseline = header.baseline
    return _line(
        "ledger",
        {
            "format": FORMAT,
            "account": header.account,
            "account_key": header.account_key,
            "endpoint": header.endpoint,
            "name": header.name,
            "opened_at": header.opened_at,
            "owner": list(header.owner),
            "flattens": header.flattens,
            "positions": {str(key): str(held) for key, held in baseline.positions.items()},
            "executions": sorted(baseline.executions),
            "open_orders": sorted(baseline.open_orders),
        },
    )


def order_line(order: Forwarded, *, at: str, cleanup: bool) -> bytes:
    """An order about to go out."""
    said = {
        "at": at,
        "client_id": order.client_id,
        "order_id": order.order_id,
        "action": order.action,
        "quantity": str(order.quantity),
        "order_type": order.order_type,
        "limit_price": None if order.limit_price is None else str(order.limit_price),
        "contract": _plain(order.contract),
        "cleanup": cleanup,
    }
    return _line("order", said)


def execution_line(execution: ExecutionData) -> bytes:
    """An execution as it was seen; the account id stays out."""
    return _line("execution", {**_plain(execution), **_LEFT_OUT})


def closing_line(outcome: Mapping[str, Any]) -> bytes:
    """The last line of a finished ledger."""
    return _line("closed", outcome)


def read(path: Path) -> Content:
    """Read a ledger.

    Raises:
        LedgerBroken: something other than a torn last line is wrong with it.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise LedgerBroken(path, exc.strerror or str(exc)) from None
    *lines, rest = data.split(b"\n")
    content: Content | None = None
    for number, line in enumerate(lines, start=1):
        try:
            content = _told(json.loads(line), content)
        except (ValueError, KeyError, TypeError, ArithmeticError, AttributeError) as exc:
            raise LedgerBroken(path, f"line {number}: {exc!r}") from None
    if content is None:
        raise LedgerBroken(path, "it has no first line")
    content.torn = bool(rest)
    return content


def _told(line: dict[str, Any], content: Content | None) -> Content:
    kind = line.pop("kind")
    if content is None:
        if kind != "ledger" or line["format"] != FORMAT:
            raise ValueError("this is no ledger, or one of another version")
        return Content(_header(line))
    if kind == "order":
        content.add(_order(line), cleanup=line["cleanup"])
    elif kind == "execution":
        execution = _execution(line)
        content.executions[execution.exec_id] = execution
    elif kind == "closed":
        content.outcome = line
    else:
        raise ValueError(f"kind {kind!r} is unknown")
    return content


def _header(said: dict[str, Any]) -> Header:
    pid, mark = said["owner"]
    baseline = Baseline(
        positions={int(key): Decimal(held) for key, held in said["positions"].items()},
        executions=frozenset(said["executions"]),
        open_orders=frozenset(said["open_orders"]),
    )
    return Header(
        account=said["account"],
        account_key=said["account_key"],
        endpoint=said["endpoint"],
        name=said["name"],
        opened_at=said["opened_at"],
        owner=(pid, mark),
        baseline=baseline,
        flattens=said["flattens"] is True,
    )


def _order(said: dict[str, Any]) -> Forwarded:
    price = said["limit_price"]
    return Forwarded(
        client_id=said["client_id"],
        order_id=said["order_id"],
        action=said["action"],
        quantity=Decimal(said["quantity"]),
        contract=Contract(**said["contract"]),
        order_type=said["order_type"],
        limit_price=None if price is None else Decimal(price),
    )


_DECIMALS: Final = ("shares", "price", "cumulative_quantity", "average_price")


def _execution(said: dict[str, Any]) -> ExecutionData:
    exact = {name: Decimal(said[name]) for name in _DECIMALS}
    return ExecutionData(**{**said, **exact, "contract": Contract(**said["contract"])})


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return {each.name: _plain(getattr(value, each.name)) for each in fields}
    return value if isinstance(value, _PLAIN) else str(value)


def _line(kind: str, said: Mapping[str, Any]) -> bytes:
    return json.dumps({"kind": kind, **said}, separators=(",", ":")).encode() + b"\n"
