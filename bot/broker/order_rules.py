"""How one order's state follows from the one before and a callback. Pure.

Callbacks come in any order and repeated: every rule gives the same state when it is
applied twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from bot.domain.orders import (
    CANCELLED_STATUSES,
    Execution,
    OrderState,
    OrderStatus,
    OrderTicket,
)

ZERO = Decimal(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusReport:
    """An orderStatus message. ``word`` is the gateway's status text."""

    word: str
    filled: Decimal
    remaining: Decimal | None
    average: Decimal | None
    perm_id: int
    why_held: str


def advance(state: OrderState, status: OrderStatus) -> OrderState:
    """``state`` with ``status``, unless that would raise the dead.

    Repeats of earlier reports arrive after the end. A fill beats a cancel; an Inactive
    order can come back.
    """
    if state.status is OrderStatus.FILLED:
        return state
    if state.status in CANCELLED_STATUSES and status is not OrderStatus.FILLED:
        return state
    return replace(state, status=status)


def merge_report(known: OrderState, state: OrderState) -> OrderState:
    """After an openOrder echo, read as ``state``."""
    ticket = state.ticket or known.ticket
    if known.ticket is not None and ticket is not None:  # the echo always says True
        ticket = replace(ticket, transmit=known.ticket.transmit)
    merged = replace(
        known,
        contract=state.contract or known.contract,
        ticket=ticket,
        perm_id=state.perm_id or known.perm_id,
        client_id=state.client_id,
        parent_id=state.parent_id or known.parent_id,
        warnings=with_texts(known.warnings, *state.warnings),
        remaining=_remaining(known, ticket),
    )
    return advance(merged, state.status)


def merge_status(known: OrderState, report: StatusReport) -> OrderState:
    """After an orderStatus. Filled quantities never go back; an unknown word is a warning."""
    newer = report.filled >= known.filled
    merged = replace(
        known,
        perm_id=report.perm_id or known.perm_id,
        filled=max(known.filled, report.filled),
        remaining=report.remaining if newer and not known.is_filled else known.remaining,
        avg_fill_price=(report.average or known.avg_fill_price) if newer else known.avg_fill_price,
        why_held=report.why_held,
    )
    try:
        return advance(merged, OrderStatus(report.word))
    except ValueError:
        return replace(
            merged, warnings=with_texts(known.warnings, f"unknown status {report.word!r}")
        )


def merge_fill(known: OrderState, execution: Execution) -> OrderState:
    """After an execution: the whole quantity traded means Filled, whatever was said before."""
    fills = with_fill(known.executions, execution)
    traded = sum((fill.quantity for fill in fills), ZERO)
    value = sum((fill.quantity * fill.price for fill in fills), ZERO)
    merged = replace(known, executions=fills, perm_id=execution.perm_id or known.perm_id)
    if not traded or traded < known.filled:
        return merged
    merged = replace(merged, filled=traded, avg_fill_price=value / traded)
    if known.ticket is None:
        return merged
    total = known.ticket.quantity
    merged = replace(merged, remaining=max(total - traded, ZERO))
    return advance(merged, OrderStatus.FILLED) if traded >= total else merged


def merge_commission(
    known: OrderState,
    exec_id: str,
    *,
    fee: Decimal | None,
    currency: str,
    realized_pnl: Decimal | None,
) -> OrderState:
    """After the commission report of one fill."""
    fills = tuple(
        replace(fill, commission=fee, commission_currency=currency, realized_pnl=realized_pnl)
        if fill.exec_id == exec_id
        else fill
        for fill in known.executions
    )
    return replace(known, executions=fills)


def merge_cancelled(known: OrderState, code: int, text: str) -> OrderState:
    """After 202: a confirmation; a reason, when there is one, is kept as the error."""
    reason = text.partition("reason:")[2].strip()
    if reason:
        known = replace(known, error_code=code, error_text=text)
    return advance(known, OrderStatus.CANCELLED)


def with_texts(texts: tuple[str, ...], *more: str) -> tuple[str, ...]:
    """``texts`` plus the new ones among ``more``."""
    return texts + tuple(text for text in more if text and text not in texts)


def with_fill(fills: tuple[Execution, ...], new: Execution) -> tuple[Execution, ...]:
    """``fills`` plus ``new``; the last part of an exec id counts the corrections."""
    base, _, number = new.exec_id.rpartition(".")
    for place, old in enumerate(fills):
        old_base, _, old_number = old.exec_id.rpartition(".")
        same = base != "" and old_base == base
        if old.exec_id == new.exec_id or (same and number <= old_number):
            return fills
        if same:
            return (*fills[:place], new, *fills[place + 1 :])
    return (*fills, new)


def _remaining(known: OrderState, ticket: OrderTicket | None) -> Decimal | None:
    if known.is_terminal or ticket is None:
        return known.remaining
    return max(ticket.quantity - known.filled, ZERO)
