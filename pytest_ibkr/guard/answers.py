"""Watches every frame of the gateway: what it proves, what it says of orders and prices."""

from __future__ import annotations

import re
from typing import Final

from pytest_ibkr.guard import accounts
from pytest_ibkr.guard.decision import EndRun, Hold, Refuse, Release, Seen
from pytest_ibkr.guard.state import ClientState, RunState
from pytest_ibkr.snapshot.redact import mask_account
from pytest_ibkr.wire.codec import Raw
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.account import Position
from pytest_ibkr.wire.messages.contract import Contract, ContractData
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.messages.session import ErrorNotice, ManagedAccounts, NextValidId

_AS_READ: Final = re.compile(r"[\s+_0]*(?P<id>\d_?\d)(?!_?\d)")
_BINARY_IDS: Final = frozenset(
    number.to_bytes(4, "big") for number in (ManagedAccounts.MSG_ID, ManagedAccounts.MSG_ID + 200)
)
_CHECK: Final = "find out who logged the gateway in, and run again"


def seen(
    message: Message | Raw, *, client: ClientState, run: RunState, now_s: float, size: int = 0
) -> Seen:
    """What happens to a frame of the gateway; what it says is noted in ``client`` and ``run``.

    Args:
        message: the frame, decoded where it can be.
        client: the connection it came for.
        run: the run.
        now_s: Unix epoch seconds, by the gateway's clock.
        size: bytes of the frame, for the bound of what is held.
    """
    if isinstance(message, ManagedAccounts):
        end = recheck(message.accounts, run)
        if end is not None:
            return end
        client.verified = client.started
    elif isinstance(message, Message):
        _note(message, client, run, now_s)
    elif reads_as_accounts(message.payload):
        return unreadable()
    return Release() if client.verified else _held(client, run, size)


def reads_as_accounts(payload: bytes) -> bool:
    """Whether some client takes a frame for managedAccounts: ids are read as `` 15``, ``+15``,
    ``0015`` and, by clients that stop at the first other character, ``15abc``; from 201 on they
    are four bytes, 200 more where a body follows."""
    if payload[:4] in _BINARY_IDS:
        return True
    number = _AS_READ.match(payload.decode(errors="ignore"))
    return number is not None and int(number["id"]) == ManagedAccounts.MSG_ID


def unreadable() -> EndRun:
    """What ends a run that cannot know any more which accounts are served."""
    reason = "the gateway named accounts in a way that cannot be read"
    return EndRun("account.unreadable", reason, _CHECK)


def recheck(text: str, run: RunState) -> EndRun | None:
    """Compare a managedAccounts text with what the run verified at first."""
    found = accounts.judge(text)
    if isinstance(found, Refuse):
        return EndRun(found.rule, found.reason, found.fix)
    if run.accounts is None or sorted(found.ids) != sorted(run.accounts):
        before = ", ".join(map(mask_account, run.accounts or ())) or "nothing verified"
        now = ", ".join(map(mask_account, found.ids))
        reason = f"the gateway serves {now}; at the start it was {before}"
        return EndRun("account.changed", reason, _CHECK)
    return None


def _held(client: ClientState, run: RunState, size: int) -> Hold | EndRun:
    client.held_frames += 1
    client.held_bytes += size
    limits = run.limits
    if client.held_frames <= limits.held_frames and client.held_bytes <= limits.held_bytes:
        return Hold()
    return EndRun(
        "session.held",
        f"{client.held_frames} frames, {client.held_bytes} bytes came before the accounts",
        _CHECK,
    )


def _note(message: Message, client: ClientState, run: RunState, now_s: float) -> None:
    match message:
        case NextValidId():
            client.next_order_id = max(message.order_id, client.next_order_id or 0)
        case OpenOrder():
            run.orders.echoed(message)
            _describe(message.contract, run)
        case OrderStatus():
            run.orders.reported(message)
        case ErrorNotice():
            run.orders.failed(client.client_id, message.request_id, message.code)
        case Position():
            run.positions[message.contract.con_id] = message.position
            run.first_positions.setdefault(message.contract.con_id, message.position)
            _describe(message.contract, run)
        case ContractData():
            _describe(_contract(message), run)
        case _:
            run.quotes.seen(client.connection, message, now_s)


def _describe(contract: Contract, run: RunState) -> None:
    if contract.con_id:
        run.security_types[contract.con_id] = contract.sec_type
        run.quotes.told(contract)


def _contract(details: ContractData) -> Contract:
    return Contract(
        con_id=details.con_id,
        symbol=details.symbol,
        sec_type=details.sec_type,
        expiry=(details.last_trade_date or details.expiry).partition(" ")[0],
        strike=details.strike,
        right=details.right,
        currency=details.currency,
    )
