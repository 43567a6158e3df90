"""Rows of sessions, accounts, contracts, market data, history and orders."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.market_rules import CENT_RULE
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages import (
    account,
    contract,
    executions,
    history,
    order,
    place_order,
    session,
)
from tests.meta.matrix.row import CONTRACT, Row
from tests.sim.data_bench import SPY
from tests.sim.data_bench import history as bars

ROWS: dict[str, Row] = {
    "startApi": Row(
        "the session; opens it", (326, 501), (2104, 2106, 2158), evidence="1.3, 1.4 [live]"
    ),
    "reqManagedAccts": Row("the account's id", evidence="2.1 [client]"),
    "reqIds": Row("the highest order id of this client id, plus one", evidence="1.4 [live][docs]"),
    "reqCurrentTime": Row("the virtual clock", evidence="2.2 [live]"),
    "setServerLogLevel": Row("nothing, silently", evidence="2.0 [live]"),
    "reqAccountUpdates": Row(
        "the account: keys, positions, the time; every three minutes what changed",
        (),
        (2100,),
        evidence="2.1 [live][lore-R]",
    ),
    "reqPositions": Row("the positions, then every change", (2151,), evidence="2.1 [live][lore-R]"),
    "cancelPositions": Row("nothing, silently", evidence="2.1 [live]"),
    "reqAccountSummary": Row(
        "the account, tags sorted; two at a time", (321, 322), evidence="2.1 [live][lore-R]"
    ),
    "cancelAccountSummary": Row("nothing, silently", evidence="2.1 [live]"),
    "reqAccountUpdatesMulti": Row(
        "the account's keys, then every change", (321, 322), evidence="2.1 [live][lore-R]"
    ),
    "cancelAccountUpdatesMulti": Row("nothing, silently", evidence="2.1 [live]"),
    "reqContractDetails": Row(
        "the snapshot's symbols and options, its calendar; added instruments, bonds as 18",
        CONTRACT,
        evidence="2.2 [live]",
    ),
    "cancelContractData": Row("nothing, silently", evidence="7.1 [client]"),
    "reqSecDefOptParams": Row("the snapshot's option chains", (321,), evidence="2.2 [live]"),
    "reqMarketRule": Row(
        "price grids named in contract details", (322,), evidence="2.2 [live][lore-R]"
    ),
    "reqHistoricalData": Row(
        "the snapshot's bars, the market's own for the running day",
        (*CONTRACT, 162, 322, 10314, 10339),
        (2174,),
        evidence="2.5 [live][lore-R]",
    ),
    "cancelHistoricalData": Row(
        "the request ends with 162", (162, 366), evidence="2.5 [live][lore]"
    ),
    # Its codes are read from the source: order_codes().
    "placeOrder": Row(
        "the market's top of book; attributes: [orders.md](orders.md)",
        (),
        (131, 202, 399, 404, 2109, 2137, 2161, 2168, 2169, 2174, 10349),
        evidence="3.1, 3.2, 3.4 [live]",
    ),
    "cancelOrder": Row(
        "the order; 202 confirms", (161, 10147, 10148, 10149), (202,), evidence="3.5 [live]"
    ),
    "reqOpenOrders": Row("this client's open orders", evidence="3.6 [live]"),
    "reqAutoOpenOrders": Row(
        "nothing; orders entered by hand come with 100 from then on",
        (327,),
        evidence="3.6 [live][docs]",
    ),
    "reqAllOpenOrders": Row("all clients' open orders", evidence="3.6 [live]"),
    "reqCompletedOrders": Row(
        "what was filled or cancelled in this session", evidence="3.6 [live]"
    ),
    "reqGlobalCancel": Row("all clients' open orders", (161,), (202,), evidence="3.5 [live]"),
    "reqExecutions": Row(
        "this session's executions and commissions", (10314,), (2174,), evidence="3.8 [live][docs]"
    ),
}


def prepare(engine: Engine) -> None:
    """Let contract details of a US stock have been asked for: they name its market rule."""
    engine.references.named_rules.add(CENT_RULE)


def examples() -> dict[str, Sequence[Message]]:
    """Per request, messages to send one after the other; the answers to all are its answers."""
    multi = account.ReqAccountUpdatesMulti(request_id=5, account="DU0000001", ledger_and_nlv=True)
    summary = account.ReqAccountSummary(request_id=6, group="All", tags="NetLiquidation")
    return {
        "reqManagedAccts": [session.ReqManagedAccounts()],
        "reqIds": [session.ReqIds()],
        "reqCurrentTime": [session.ReqCurrentTime()],
        "setServerLogLevel": [session.SetServerLogLevel(level=2)],
        "reqAccountUpdates": [account.ReqAccountUpdates(subscribe=True)],
        "reqPositions": [account.ReqPositions()],
        "cancelPositions": [account.CancelPositions()],
        "reqAccountSummary": [summary],
        "cancelAccountSummary": [account.CancelAccountSummary(request_id=6)],
        "reqAccountUpdatesMulti": [multi],
        "cancelAccountUpdatesMulti": [account.CancelAccountUpdatesMulti(request_id=5)],
        "reqContractDetails": [
            contract.ReqContractDetails(request_id=1, contract=SPY),
            contract.ReqContractDetails(
                request_id=3, contract=contract.Contract(symbol="US-T", sec_type="BOND")
            ),
        ],
        "cancelContractData": [contract.CancelContractData(request_id=1)],
        "reqSecDefOptParams": [
            contract.ReqOptionParameters(request_id=2, symbol="SPY", sec_type="STK", con_id=756733)
        ],
        "reqMarketRule": [contract.ReqMarketRule(rule_id=26)],
        "reqHistoricalData": [
            bars(),
            bars(request_id=10, keep_up_to_date=True),
            bars(request_id=11, what_to_show="SCHEDULE", bar_size="1 day"),
        ],
        "cancelHistoricalData": [history.CancelHistoricalData(request_id=80)],
        "placeOrder": [market_order(3)],
        "cancelOrder": [order.CancelOrder(order_id=1)],
        "reqOpenOrders": [order.ReqOpenOrders()],
        "reqAutoOpenOrders": [order.ReqAutoOpenOrders(bind=False)],
        "reqAllOpenOrders": [order.ReqAllOpenOrders()],
        "reqCompletedOrders": [order.ReqCompletedOrders(api_only=False)],
        "reqGlobalCancel": [order.ReqGlobalCancel()],
        "reqExecutions": [executions.ReqExecutions(request_id=4, dates=())],
    }


def market_order(order_id: int, **changes: object) -> place_order.PlaceOrder:
    """A buy of 10 SPY at the market, with changes."""
    values: dict[str, object] = {
        "order_id": order_id,
        "contract": SPY,
        "action": "BUY",
        "quantity": Decimal(10),
        "order_type": "MKT",
        **changes,
    }
    return place_order.PlaceOrder(**values)  # type: ignore[arg-type]
