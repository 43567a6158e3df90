"""How an order is reported: openOrder, orderStatus, execution, commission, completed order.

Pure: an order and a version in, messages out. An echo differs from what was sent in the ways a
live frame showed (gateway-behaviour.md 3.1 O13 and appendix B).
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.calendar import EXCHANGE_ZONE
from pytest_ibkr.sim.combo import Combo
from pytest_ibkr.sim.order_attributes import is_unset
from pytest_ibkr.sim.order_state import Execution, Order, Status
from pytest_ibkr.sim.order_types import PEGGED, TRAILING
from pytest_ibkr.sim.positions import ZERO
from pytest_ibkr.sim.times import utc_text
from pytest_ibkr.wire.messages.completed_order import CompletedOrder
from pytest_ibkr.wire.messages.executions import CommissionReport, ExecutionData
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.scalars import DBL_MAX_TEXT
from pytest_ibkr.wire.versions import ZONED_TIMES

if TYPE_CHECKING:
    from pytest_ibkr.sim.margin import Standing
    from pytest_ibkr.wire.messages.contract import Contract

UNSET_PRICE: Final = Decimal(DBL_MAX_TEXT)
# Fields of placeOrder that an echo repeats under the same name.
_REPEATED: Final = (
    *("action", "order_type", "order_ref", "open_close", "origin", "hidden", "outside_rth"),
    *("good_after_time", "good_till_date", "trigger_method", "all_or_none", "min_quantity"),
    *("sweep_to_fill", "algo_strategy", "algo_params", "trailing_percent", "solicited"),
    *("customer_account", "professional_customer", "discretionary_amount", "percent_offset"),
    *("conditions", "conditions_ignore_rth", "conditions_cancel_order", "limit_price_offset"),
)
ACCOUNT_CURRENCY: Final = "USD"  # what the account is kept in, and margins are counted in
GATEWAY_USER: Final = "papertrader01"  # whose login the gateway runs under; it submits all orders


def times(at_s: float, *, version: int, utc: bool = False) -> str:
    """An execution's time: zoned or UTC from version 174, with two spaces and no zone before."""
    if utc and version >= ZONED_TIMES:
        return utc_text(at_s, version=version)
    local = datetime.fromtimestamp(at_s, EXCHANGE_ZONE)
    if version >= ZONED_TIMES:
        return f"{local:%Y%m%d %H:%M:%S} US/Eastern"
    return f"{local:%Y%m%d  %H:%M:%S}"


def open_order(order: Order, *, account: str) -> OpenOrder:
    """Message 5 of an order as it stands."""
    # Junk the gateway fills a retired field with; clients skip it.
    junk = f"{order.perm_id}.0/{account}/{order.quantity:f}" if order.perm_id else ""
    return OpenOrder(
        **_echoed(order, account),
        order_id=order.order_id,
        client_id=order.client_id,
        parent_id=order.terms.parent_id,
        block_order=order.terms.block_order,
        shares_allocation=junk,
        ext_operator=order.terms.ext_operator,
        manual_order_indicator=order.terms.manual_order_indicator or 0,
        status=order.status.value,
        commission=order.commission,
        commission_currency="" if order.commission is None else order.instrument.currency,
    )


def what_if(order: Order, *, account: str, before: Standing, after: Standing) -> OpenOrder:
    """The one answer to a what-if: margins before, after and between, and the commission.

    For options the commission is unset and the bounds carry it, as captured.
    """
    shown = dataclasses.replace(open_order(order, account=account), what_if=True)
    charge = order.commission or ZERO
    option = order.instrument.sec_type in ("OPT", "BAG")
    return dataclasses.replace(
        shown,
        init_margin_before=before.initial_margin,
        maint_margin_before=before.maintenance_margin,
        equity_before=before.equity_with_loan,
        init_margin_change=after.initial_margin - before.initial_margin,
        maint_margin_change=after.maintenance_margin - before.maintenance_margin,
        equity_change=after.equity_with_loan - before.equity_with_loan,
        init_margin_after=after.initial_margin,
        maint_margin_after=after.maintenance_margin,
        equity_after=after.equity_with_loan,
        commission=UNSET_PRICE if option else charge,
        min_commission=charge if option else None,
        max_commission=charge if option else None,
        commission_currency=order.instrument.currency,
        margin_currency=ACCOUNT_CURRENCY,
    )


def order_status(order: Order) -> OrderStatus:
    """Message 3 of an order as it stands."""
    never_left = order.status is Status.API_CANCELLED
    return OrderStatus(
        order_id=order.order_id,
        status=order.status.value,
        filled=order.filled,
        remaining=order.remaining,
        average_fill_price=UNSET_PRICE if never_left else order.average_price,
        perm_id=order.perm_id,
        parent_id=order.terms.parent_id,
        last_fill_price=UNSET_PRICE if never_left else order.last_price,
        client_id=order.client_id,
        why_held=order.why_held,
        market_cap_price=order.cap or ZERO,
    )


def completed_order(order: Order, *, account: str, finished_s: float) -> CompletedOrder:
    """Message 101 of an order that was done at an instant."""
    return CompletedOrder(
        **_echoed(order, account),
        status=order.status.value,
        filled_quantity=order.filled,
        completed_time=times(finished_s, version=ZONED_TIMES),
        completed_status=order.finished_text,
    )


def execution_data(
    execution: Execution,
    *,
    account: str,
    version: int,
    request_id: int = -1,
    utc: bool = False,
) -> ExecutionData:
    """Message 11; live pushes carry request id -1. ``utc``: the gateway's setting for times."""
    order = execution.order
    return ExecutionData(
        request_id=request_id,
        order_id=0 if order is None else order.order_id,
        contract=execution.instrument.contract(exchange=execution.venue),
        exec_id=execution.exec_id,
        time=times(execution.at_s, version=version, utc=utc),
        account=account,
        exchange=execution.venue,
        side="BOT" if execution.buys else "SLD",
        shares=execution.shares,
        price=execution.price,
        perm_id=execution.perm_id,
        client_id=0 if order is None else order.client_id,
        cumulative_quantity=execution.cumulative,
        average_price=execution.average_price,
        order_ref="" if order is None else order.terms.order_ref,
        last_liquidity=execution.liquidity,
        submitter="" if order is None else GATEWAY_USER,
    )


def commission_report(execution: Execution) -> CommissionReport:
    """Message 59; the P&L is unset when the trade only opened."""
    realized = execution.realized
    return CommissionReport(
        exec_id=execution.exec_id,
        commission=execution.commission + execution.repeated,
        currency=execution.instrument.currency,
        realized_pnl=None if realized is None else float(realized),
    )


def _echoed(order: Order, account: str) -> dict[str, Any]:
    """What openOrder and completedOrder have in common."""
    terms, shown = order.terms, order.terms.display_size
    trail = order.stop if order.order_type in TRAILING else None
    return {
        **{name: getattr(terms, name) for name in _REPEATED},
        "contract": _completed_contract(order),
        "quantity": order.quantity,
        "limit_price": _shown_limit(order),
        "aux_price": terms.aux_price or ZERO,
        "trail_stop_price": trail,
        # Text form has two places for it, and clients keep what they read in the second.
        "adjusted_trail_stop_price": None if trail is None else float(trail),
        "display_size": None if is_unset("display_size", shown) else shown,
        "tif": terms.tif or "DAY",
        "account": account,
        "perm_id": order.perm_id,
        "oca_group": order.oca_group,
        "oca_type": order.oca_type,
        "submitter": GATEWAY_USER,
        **_combination(order),
    }


def _shown_limit(order: Order) -> Decimal:
    """The limit as printed: one that trails with its stop, or that the market set, as it is now;
    of a pegged order the cap, since where it rests is not told.
    """
    moves = order.limit is not None and order.order_type not in PEGGED
    return (order.limit if moves else order.terms.limit_price) or ZERO


def _combination(order: Order) -> dict[str, Any]:
    """The legs as they were sent, with the text that describes them; no prices of single legs."""
    combo = order.instrument
    if not isinstance(combo, Combo):
        return {}
    return {
        "legs": order.terms.legs,
        "legs_description": combo.legs_text,
        "routing": order.terms.routing,
    }


def _completed_contract(order: Order) -> Contract:
    """The contract filled in, under the exchange the client named; a right of ``?`` for none."""
    contract = order.instrument.contract(exchange=order.terms.contract.exchange)
    return dataclasses.replace(contract, right=contract.right or "?")
