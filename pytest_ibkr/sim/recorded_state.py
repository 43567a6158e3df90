"""Gives a simulated gateway the account and entitlement that a recording shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.conditions import Entitlement
from pytest_ibkr.sim.conversation import Said
from pytest_ibkr.wire.codec import Raw, decode_response
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.account import (
    AccountSummary,
    AccountUpdateMulti,
    AccountValue,
    PortfolioValue,
    Position,
)
from pytest_ibkr.wire.messages.executions import ExecutionData
from pytest_ibkr.wire.messages.market_data import TickPrice
from pytest_ibkr.wire.messages.session import ErrorNotice

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine

_CASH: Final = ("TotalCashValue", "TotalCashBalance")
_USD: Final = ("USD", "BASE")
_LIVE_TICKS: Final = (1, 2, 4)  # bid, ask, last
_DELAYED_TICKS: Final = range(66, 77)
_READ_ONLY: Final = "Read-Only mode"
_SAYING: Final[dict[int, Entitlement]] = {
    10167: "delayed",
    10089: "delayed",
    10168: "not_enabled",
    354: "none",
}


def answers(said: Iterable[Said], *, version: int) -> Iterator[tuple[float, Message]]:
    """What a recorded gateway said, decoded, with its moments."""
    for each in said:
        if not each.by_client:
            message = decode_response(each.payload, version)
            if not isinstance(message, Raw):
                yield each.at_s, message


def set_up(engine: Engine, said: Sequence[Message]) -> list[str]:
    """Bring an engine's account and entitlement to what the answers show; say what was done.

    Args:
        engine: nobody is connected to it yet.
        said: what the recorded gateway said, in its order. What the account holds after the first
            execution comes of the recorded orders, which the engine is going to fill too.
    """
    traded = (n for n, each in enumerate(said) if isinstance(each, ExecutionData))
    before = said[: next(traded, len(said))]
    return [
        *_set_entitlement(engine, said),
        *_set_cash(engine, before),
        *_set_positions(engine, before),
    ]


def _set_entitlement(engine: Engine, said: Sequence[Message]) -> Iterator[str]:
    codes = {each.code for each in said if isinstance(each, ErrorNotice)}
    ticks = {each.tick for each in said if isinstance(each, TickPrice)}
    found = next((how for code, how in _SAYING.items() if code in codes), None)
    if ticks & set(_LIVE_TICKS):  # a refusal then was about one contract
        found = None
    elif ticks & set(_DELAYED_TICKS):
        found = "delayed"
    if found is not None:
        engine.conditions.entitlement = found
        yield f"market data: entitlement {found!r}, as in the recording"
    if any(isinstance(each, ErrorNotice) and _READ_ONLY in each.text for each in said):
        engine.conditions.read_only = True
        yield "the gateway is in read-only mode, as in the recording"


def _set_cash(engine: Engine, said: Sequence[Message]) -> Iterator[str]:
    for each in said:
        if isinstance(each, AccountValue | AccountUpdateMulti):
            key = each.key
        elif isinstance(each, AccountSummary):
            key = each.tag
        else:
            continue
        if key in _CASH and each.currency in _USD and (cash := _amount(each.value)) is not None:
            engine.accounts.set_cash(cash)
            yield "account: the recorded cash"
            return


def _set_positions(engine: Engine, said: Sequence[Message]) -> Iterator[str]:
    held = {
        each.contract.con_id: each
        for each in said
        if isinstance(each, Position | PortfolioValue) and each.position
    }
    unknown = 0
    for each in held.values():
        found = engine.world.book.find(each.contract)
        if len(found) == 1:
            cost = each.average_cost if each.average_cost is not None else Decimal(0)
            engine.accounts.add_position(found[0], each.position, average_cost=cost)
        else:
            unknown += 1
    if len(held) > unknown:
        yield f"account: {len(held) - unknown} of the recorded positions"
    if unknown:
        yield f"account: {unknown} recorded positions are in nothing this market trades"


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
