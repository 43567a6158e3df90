"""What each client was told of its orders, step by step with virtual times. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from pytest_ibkr.report.accounts import masked
from pytest_ibkr.report.wire_lines import contract_name, moment_of
from pytest_ibkr.report.wire_model import OrderLife, OrderStep
from pytest_ibkr.sim.journal import Entry
from pytest_ibkr.wire.messages.order import CancelOrder, OrderStatus
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import ErrorNotice

MOST_ORDERS: Final = 20
_MOST_STEPS: Final = 12


@dataclass
class _Life:
    what: str = ""
    steps: list[OrderStep] = field(default_factory=list)


def order_lives(entries: Iterable[Entry]) -> tuple[list[OrderLife], int]:
    """Return the lives of the first orders, and how many orders are left out.

    A status is told once, to the connection that placed or was told of the order.
    """
    lives: dict[tuple[int, int], _Life] = {}
    for entry in entries:
        message = entry.message
        if isinstance(message, PlaceOrder):
            life = lives.setdefault((entry.connection, message.order_id), _Life())
            text = _terms(message)
            _add(life, entry, f"modified: {text}" if life.what else "placed")
            life.what = life.what or text
        elif isinstance(message, OrderStatus):
            life = lives.setdefault((entry.connection, message.order_id), _Life())
            _add(life, entry, _status(message))
        elif isinstance(message, CancelOrder | ErrorNotice):
            _remark(lives, entry, message)
    told = [_life(key, life) for key, life in list(lives.items())[:MOST_ORDERS]]
    return told, max(0, len(lives) - MOST_ORDERS)


def _remark(
    lives: dict[tuple[int, int], _Life], entry: Entry, message: CancelOrder | ErrorNotice
) -> None:
    """Note what concerns an order that is known."""
    if isinstance(message, CancelOrder):
        number, text = message.order_id, "cancel asked for"
    else:
        number, text = message.request_id, f"{message.code}: {message.text}"
    if (known := lives.get((entry.connection, number))) is not None:
        _add(known, entry, text)


def _add(life: _Life, entry: Entry, text: str) -> None:
    """Add a step unless it says what the last one said."""
    text = masked(" ".join(text.split()))[:200]
    if not life.steps or life.steps[-1].text != text:
        life.steps.append(OrderStep(at=moment_of(entry.at_s), text=text))


def _life(key: tuple[int, int], life: _Life) -> OrderLife:
    steps, most = life.steps, _MOST_STEPS
    shown = steps if len(steps) <= most else [*steps[: most // 2], *steps[-most // 2 :]]
    return OrderLife(
        connection=key[0],
        order_id=key[1],
        what=masked(life.what),
        steps=shown,
        steps_not_shown=len(steps) - len(shown),
    )


def _terms(order: PlaceOrder) -> str:
    limit = "" if order.limit_price is None else f" {order.limit_price}"
    name = contract_name(order.contract)
    return f"{order.action} {order.quantity:f} {name} {order.order_type}{limit}"


def _status(message: OrderStatus) -> str:
    held = f", {message.why_held}" if message.why_held else ""
    filled = ""
    if message.filled:
        whole = message.filled + message.remaining
        filled = f" {message.filled:f} of {whole:f} at {message.average_fill_price:f}"
    return f"{message.status}{filled}{held}"
