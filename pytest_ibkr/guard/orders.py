"""Whether an order may go to a real gateway: design.md 3, "Paper only", points 4 and 6."""

from __future__ import annotations

from typing import Final

from pytest_ibkr.guard import circumstances, closing, notional
from pytest_ibkr.guard.decision import Refuse
from pytest_ibkr.guard.order_fields import set_field, set_in_preview
from pytest_ibkr.guard.state import ClientState, RunState
from pytest_ibkr.snapshot.redact import mask_account
from pytest_ibkr.wire.messages.place_order import PlaceOrder

TIMES_IN_FORCE: Final = ("DAY", "IOC", "FOK")
ACTIONS: Final = ("BUY", "SELL")
HIGHEST_ID: Final = 2_147_483_646  # 32 bits, and the highest number of them means "unset"


def judge(order: PlaceOrder, *, client: ClientState, run: RunState, now_s: float) -> Refuse | None:
    """Why an order is refused; None when it may pass. Verified connections only.

    Args:
        order: what the client sent.
        client: its connection.
        run: the run, with the accounts it verified.
        now_s: Unix epoch seconds, by the gateway's clock.
    """
    found = circumstances.of_any_order(order, run)
    if found is None and order.what_if:  # a preview trades nothing
        return _field(order, set_in_preview(order))
    if found is not None:
        return found
    return (
        circumstances.of_a_real_order(order, client=client, run=run, now_s=now_s)
        or _identity(order, client, run)
        or _words(order)
        or _contract(order, run)
        or _size(order, run)
        or closing.judge(order, client, run)
        or _counts(order, client, run)
        or notional.judge(order, run.quotes, run.limits, now_s=now_s)
    )


def _no(order: PlaceOrder, rule: str, reason: str, fix: str) -> Refuse:
    return Refuse(rule, reason, fix, order.order_id)


def _identity(order: PlaceOrder, client: ClientState, run: RunState) -> Refuse | None:
    """Its own id, and the ids and names of others it leans on."""
    client_id = client.client_id
    if run.orders.get(client_id, order.order_id) is None:
        lowest = client.next_order_id
        if run.orders.is_foreign(client_id, order.order_id):
            return _no(
                order,
                "order.foreign-id",
                f"order {order.order_id} exists and was not placed in this run",
                "take order ids from nextValidId",
            )
        if lowest is None or not lowest <= order.order_id <= HIGHEST_ID:
            least = "nextValidId, which has not come" if lowest is None else lowest
            return _no(
                order,
                "order.id",
                f"{order.order_id} is not a new order id: they begin at {least}",
                "take order ids from nextValidId",
            )
    if order.account and order.account not in (run.accounts or ()):
        return _no(
            order,
            "order.account",
            f"{mask_account(order.account)} is not the account served here",
            "leave the order's account empty",
        )
    if order.parent_id and run.orders.get(client_id, order.parent_id) is None:
        return _no(
            order,
            "order.parent",
            f"order {order.parent_id} was not placed here",
            "place the parent first, on the same client id",
        )
    if run.orders.is_foreign_group(order.oca_group):
        return _no(
            order,
            "order.oca-group",
            "orders that were not placed here are in its OCA group",
            "name the group after the test, so that it is its own",
        )
    return None


def _words(order: PlaceOrder) -> Refuse | None:
    """Type, time in force, side; and nothing beside what may be said."""
    if order.order_type not in notional.TYPES:
        return _no(
            order,
            "order.type",
            f"{order.order_type!r} orders are not placed live",
            f"take one of {', '.join(notional.TYPES)}",
        )
    if order.tif not in TIMES_IN_FORCE:
        return _no(
            order,
            "order.tif",
            f"time in force {order.tif!r} is not used live: it may outlive the run",
            f"say {', '.join(TIMES_IN_FORCE)}; an empty one follows the account's presets",
        )
    if order.action not in ACTIONS:
        return _no(
            order,
            "order.action",
            f"{order.action!r} is not a side that is used live",
            "say BUY or SELL",
        )
    return _field(order, set_field(order))


def _field(order: PlaceOrder, name: str | None) -> Refuse | None:
    if name is None:
        return None
    return _no(
        order,
        "order.field",
        f"it sets {name}, which no order of a live test may",
        "leave the field as the client library makes it",
    )


def _contract(order: PlaceOrder, run: RunState) -> Refuse | None:
    contract = order.contract
    if contract.sec_type not in notional.MULTIPLIERS:
        return _no(
            order,
            "order.security-type",
            f"security type {contract.sec_type!r} is not traded live",
            "order stocks (STK) or options (OPT), and say which",
        )
    known = run.security_types.get(contract.con_id, contract.sec_type)
    if known != contract.sec_type:
        return _no(
            order,
            "order.contract",
            f"contract {contract.con_id} is {known!r}, not what it says",
            "order the contract as reqContractDetails describes it",
        )
    if contract.currency != "USD":
        return _no(
            order,
            "order.currency",
            f"its currency is {contract.currency!r}, and limits are in dollars",
            "say currency USD",
        )
    usual = str(notional.MULTIPLIERS[contract.sec_type])
    if contract.multiplier not in ("", usual):
        return _no(
            order,
            "order.multiplier",
            f"multiplier {contract.multiplier!r} is not the usual {usual}",
            f"order contracts with a multiplier of {usual}",
        )
    return None


def _size(order: PlaceOrder, run: RunState) -> Refuse | None:
    limits, quantity = run.limits, order.quantity
    if quantity <= 0 or quantity != quantity.to_integral_value():
        return _no(
            order,
            "order.quantity",
            f"{quantity} is no quantity",
            "order one or more, whole shares or contracts",
        )
    option = order.contract.sec_type == "OPT"
    most, what = (limits.option_contracts, "contracts") if option else (limits.shares, "shares")
    if quantity > most:
        return _no(
            order,
            "order.size",
            f"{quantity} {what} are more than the {most} of one order",
            f"order at most {most}",
        )
    return None


def _counts(order: PlaceOrder, client: ClientState, run: RunState) -> Refuse | None:
    known = run.orders.get(client.client_id, order.order_id)
    if run.orders.working >= run.limits.working and (known is None or not known.working):
        return _no(
            order,
            "order.working",
            f"{run.orders.working} orders of this run work already",
            f"cancel some first: {run.limits.working} may work at a time",
        )
    if known is None and len(run.orders) >= run.limits.per_session:
        return _no(
            order,
            "order.per-session",
            f"this run placed {len(run.orders)} orders",
            f"order less often: a run has {run.limits.per_session} orders",
        )
    return None
