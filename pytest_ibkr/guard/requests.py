"""Decides about every frame of a client; the relay sends nothing up that is not allowed here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pytest_ibkr.guard import orders
from pytest_ibkr.guard.canonical import canonical
from pytest_ibkr.guard.decision import Allow, Decision, Ignore, Refuse, Replace
from pytest_ibkr.guard.messages import USES, request_id
from pytest_ibkr.guard.state import ClientState, RunState
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.market_data import ReqMarketData
from pytest_ibkr.wire.messages.order import CancelOrder, ReqAutoOpenOrders, ReqGlobalCancel
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.messages.session import StartApi
from pytest_ibkr.wire.messages.tick_by_tick import ReqTickByTick

_WAIT: Final = "wait for managedAccounts and nextValidId before asking anything"


def decide(payload: bytes, *, client: ClientState, run: RunState, now_s: float) -> Decision:
    """What happens to a frame. What it allows, it notes in ``client`` and ``run``.

    Args:
        payload: the frame without its length.
        client: the connection it came on.
        run: the run.
        now_s: Unix epoch seconds, by the gateway's clock.
    """
    if run.ending is not None:
        fix = "see the end of the run for why it stopped"
        return Refuse("run.ended", f"the run is ending: {run.ending}", fix, hang_up=True)
    message = canonical(payload, client.version)
    if isinstance(message, Refuse):
        return message
    if isinstance(message, StartApi):
        return _start(message, client, run)
    return (
        _not_yet(message, client, run)
        or _not_listed(message)
        or _by_kind(message, client=client, run=run, now_s=now_s)
    )


def _start(message: StartApi, client: ClientState, run: RunState) -> Decision:
    if client.started:
        return Refuse("session.started-twice", "startApi came twice", "send it once", hang_up=True)
    if message.client_id not in run.allowed_client_ids:
        given = _ranges(run.allowed_client_ids) or "none"
        return Refuse(
            "session.client-id",
            f"client id {message.client_id} is not one this test was given: {given}",
            "connect with ibkr.client_id (IBKR_CLIENT_ID in the program's environment)",
            code=326,
            hang_up=True,
        )
    if message.capabilities:
        return Refuse(
            "session.capabilities",
            "startApi names optional capabilities",
            "leave the client's optional capabilities empty",
            hang_up=True,
        )
    client.client_id, client.started = message.client_id, True
    return Allow(message)


def _ranges(ids: Iterable[int]) -> str:
    """``7000 to 7004, 7010``."""
    found: list[list[int]] = []
    for each in sorted(ids):
        if found and each == found[-1][-1] + 1:
            found[-1] = [found[-1][0], each]
        else:
            found.append([each])
    return ", ".join(" to ".join(map(str, each)) for each in found)


def _not_yet(message: Message, client: ClientState, run: RunState) -> Refuse | None:
    if not client.started:
        return Refuse(
            "session.not-started",
            f"{message.NAME} came before startApi",
            "send startApi first",
            request_id(message),
        )
    if not client.verified or run.accounts is None:
        return Refuse(
            "session.unverified",
            f"{message.NAME} came before the accounts are known",
            _WAIT,
            request_id(message),
        )
    return None


def _not_listed(message: Message) -> Refuse | None:
    """What is asked of no gateway that is not ours, whole messages or one flag of them."""
    number = request_id(message)
    if USES.get(message.MSG_ID, "never") == "never":
        return Refuse(
            "message.never",
            f"{message.NAME} is asked of no real gateway",
            "test it on the simulator",
            number,
        )
    if isinstance(message, ReqAutoOpenOrders) and message.bind:
        return Refuse(
            "message.bind",
            "reqAutoOpenOrders would bind the user's own orders to this client",
            "ask reqOpenOrders or reqAllOpenOrders",
        )
    if isinstance(message, ReqMarketData) and message.regulatory_snapshot:
        return Refuse(
            "message.regulatory-snapshot",
            "every regulatory snapshot is charged for",
            "ask for an ordinary snapshot or a stream",
            number,
        )
    return None


def _by_kind(message: Message, *, client: ClientState, run: RunState, now_s: float) -> Decision:
    if USES[message.MSG_ID] == "swallow":
        return Ignore("message.swallowed", f"{message.NAME} would change the gateway's settings")
    match message:
        case PlaceOrder():
            return _place(message, client=client, run=run, now_s=now_s)
        case CancelOrder():
            return _cancel(message, client, run)
        case ReqGlobalCancel():
            return _cancel_all(client, run)
        case ReqMarketData() | ReqTickByTick():
            run.quotes.asked(client.connection, message)
    return Allow(message)


def _place(message: PlaceOrder, *, client: ClientState, run: RunState, now_s: float) -> Decision:
    refusal = orders.judge(message, client=client, run=run, now_s=now_s)
    if refusal is not None:
        return refusal
    if message.what_if:
        run.orders.previewed(client.client_id, message.order_id)
    elif client.client_id is not None:
        test = "" if run.test is None else run.test.name
        run.orders.placed(client.client_id, message, test=test, now_s=now_s)
    return Allow(message)


def _cancel(message: CancelOrder, client: ClientState, run: RunState) -> Decision:
    number = message.order_id
    if run.mode == "read":
        return _reads_only(number)
    if message != CancelOrder(order_id=number):
        return Refuse(
            "cancel.field",
            "a cancel says more than which order",
            "give the order id only",
            number,
        )
    if run.mode == "tests" and run.orders.get(client.client_id, number) is None:
        return Refuse(
            "cancel.foreign",
            f"order {number} was not placed by this client in this run",
            "cancel an order under the client id that placed it",
            number,
        )
    return Allow(message)


def _cancel_all(client: ClientState, run: RunState) -> Decision:
    """A global cancel would cancel the orders of everybody: this run's are cancelled instead."""
    if run.mode == "read":
        return _reads_only(-1)
    ours = [order for order in run.orders if order.working]
    return Replace(
        tuple(CancelOrder(order_id=o.order_id) for o in ours if o.client_id == client.client_id),
        "a global cancel becomes one cancel for each working order of this run",
        tuple(
            (o.client_id, CancelOrder(order_id=o.order_id))
            for o in ours
            if o.client_id != client.client_id
        ),
    )


def _reads_only(number: int) -> Refuse:
    return Refuse("cancel.read-run", "this run reads only", "cancel in tests", number)
