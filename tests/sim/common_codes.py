"""The codes a program meets most, what provokes each here, and what a real gateway says then.

The page docs/reference/codes.md is generated from ``COMMON``.
"""

from __future__ import annotations

import dataclasses
from typing import Final

from pytest_ibkr.wire.messages.account import ReqAccountUpdates
from pytest_ibkr.wire.messages.depth import CancelMarketDepth
from pytest_ibkr.wire.messages.history import CancelHistoricalData
from pytest_ibkr.wire.messages.market_data import CancelMarketData, ReqMarketDataType
from pytest_ibkr.wire.messages.order import CancelOrder, ReqGlobalCancel, ReqOpenOrders
from pytest_ibkr.wire.messages.session import ReqIds
from tests.sim.data_bench import SPY, history
from tests.sim.provoking import (
    EVENING_S,
    NO_SUCH,
    Case,
    all_lines,
    at_once,
    bars,
    book,
    details,
    in_weather,
    quote,
    resting,
    same_client_id,
    sends,
    summary,
    ticks,
    when,
)
from tests.sim.weather_bench import order, weather

ERROR: Final = "Historical Market Data Service error message:"
RIGHTS: Final = (
    "Requested market data requires additional subscription for API. See link in 'Market Data"
    " Connections' dialog for more details.Delayed market data is available.SPY ARCA/TOP/ALL"
)
COMMON: Final = (
    Case(
        0,
        "Warning: Approaching max rate of 50 messages per second (44)",
        "44 messages within a second",
        at_once(44, lambda _n: ReqIds()),
    ),
    Case(
        100,
        "Max rate of messages per second has been exceeded:max=50 rec=51 (1)",
        "51 messages within a second",
        at_once(51, lambda _n: ReqIds()),
    ),
    Case(101, "Max number of tickers has been reached", "a 101st line of market data", all_lines),
    Case(103, "Duplicate order id", "an order id below the highest", sends(resting(5), resting(3))),
    Case(
        104,
        "Cannot modify a filled order.",
        "a change of a filled order, with `modify_filled`",
        when(sends(order(1), order(1, quantity=20)), modify_filled="refused"),
    ),
    Case(
        105,
        "Order being modified does not match original order",
        "a change of the action",
        sends(resting(), resting(1, "800.00", action="SELL")),
    ),
    Case(
        110,
        "The price does not conform to the minimum price variation for this contract.",
        "a limit of 700.005",
        sends(resting(1, "700.005")),
    ),
    Case(
        161,
        "Cancel attempted when order is not in a cancellable state.  Order permId =…",
        "a global cancel after an order was filled",
        sends(order(1), ReqGlobalCancel()),
    ),
    Case(
        162,
        ERROR + "Historical data request pacing violation",
        "the same small bars again within 15 s",
        sends(bars(1), bars(2)),
    ),
    Case(
        200,
        "No security definition has been found for the request",
        "details of a symbol that does not exist",
        sends(details(NO_SUCH)),
    ),
    Case(
        201,
        "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED"
        " POSITION YOUR EQUITY WITH LOAN VALUE [… USD] MUST EXCEED THE INITIAL MARGIN [… USD]",
        "an order for more than the account can pay",
        sends(order(1, quantity=100_000)),
    ),
    Case(
        202,
        "Order Canceled - reason:",
        "a cancel of a working order",
        sends(resting(), CancelOrder(order_id=1)),
    ),
    Case(
        300,
        "Can't find EId with tickerId:77",
        "a cancel of market data nobody asked for",
        sends(CancelMarketData(request_id=77)),
    ),
    Case(
        309,
        "Max number (3) of market depth requests has been reached",
        "a fourth book of market depth",
        sends(*(book(number) for number in range(4))),
    ),
    Case(
        310,
        "Can't find the subscribed market depth with tickerId:77",
        "a cancel of a book nobody asked for",
        sends(CancelMarketDepth(request_id=77)),
    ),
    Case(
        320,
        "Error reading request. …",
        "a message whose fields cannot be read",
        lambda made: made.engine.receive(made.client, b"8\0001\0AAPL\0"),
    ),
    Case(
        321,
        "Error validating request.-'bZ' : cause - Snapshot market data subscription is not"
        " applicable to generic ticks",
        "a snapshot with generic ticks",
        lambda made: made.send(made.market_data(7, snapshot=True, generic_ticks="100")),
    ),
    Case(
        321,
        "Error validating request.-'bZ' : cause - The API interface is currently in Read-Only"
        " mode.",
        "a query of orders, with `read_only`",
        when(sends(ReqOpenOrders()), read_only=True),
    ),
    Case(
        322,
        "Error processing request.-'bZ' : cause - …",
        "a third account summary",
        sends(*(summary(number) for number in range(3))),
    ),
    Case(
        326,
        "Unable to connect as the client id is already in use. Retry with a unique client id.",
        "a second program under the same client id",
        same_client_id,
    ),
    Case(
        354,
        "Requested market data is not subscribed. Delayed market data is not available.",
        "market data in the weather `no_entitlement`",
        lambda made: (weather(made, "no_entitlement"), quote(7)(made)),
    ),
    Case(
        366,
        "No historical data query found for ticker id:77",
        "a cancel of history nobody asked for",
        sends(CancelHistoricalData(request_id=77)),
    ),
    Case(
        399,
        "Order Message:\nBUY 10 SPY ARCA\nWarning: Your order will not be placed at the exchange"
        " until 2026-07-13 09:30:00 US/Eastern.",
        "an order after the close",
        sends(resting()),
        EVENING_S,
    ),
    Case(
        404,
        "Order held while securities are located.",
        "a short sale of shares nobody lends, with `shortable_shares`",
        when(sends(order(1, action="SELL")), shortable_shares={"SPY": 0}),
    ),
    Case(
        434, "The order size cannot be zero.", "an order for nothing", sends(order(1, quantity=0))
    ),
    Case(
        1100,
        "Connectivity between IB and Trader Workstation has been lost.",
        "the weather `lost_1100`",
        in_weather("lost_1100"),
    ),
    Case(
        1101,
        "Connectivity between IB and Trader Workstation has been restored - data lost.",
        "the weather `data_lost_1101`",
        in_weather("data_lost_1101", 31.0),
    ),
    Case(
        1102,
        "Connectivity between IB and Trader Workstation has been restored - data maintained.…",
        "the weather `data_kept_1102`",
        in_weather("data_kept_1102", 31.0),
    ),
    Case(
        2100,
        "API client has been unsubscribed from account data.",
        "unsubscribing from account updates",
        sends(ReqAccountUpdates(subscribe=True), ReqAccountUpdates(subscribe=False)),
    ),
    Case(
        2103,
        "Market data farm connection is broken:usfarm",
        "the weather `farm_flap`",
        in_weather("farm_flap"),
    ),
    Case(
        2104,
        "Market data farm connection is OK:usfarm",
        "the weather `farm_flap`, and every connect",
        in_weather("farm_flap", 31.0),
    ),
    Case(
        2105,
        "HMDS data farm connection is broken:ushmds",
        "the weather `farm_flap`",
        in_weather("farm_flap"),
    ),
    Case(
        2106,
        "HMDS data farm connection is OK:ushmds",
        "history in the weather `hmds_idle`, and every connect",
        lambda made: (weather(made, "hmds_idle"), made.send(history())),
    ),
    Case(
        2107,
        "HMDS data farm connection is inactive but should be available upon demand.ushmds",
        "the weather `hmds_idle`",
        in_weather("hmds_idle"),
    ),
    Case(
        2109,
        "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the"
        " order type and destination. PlaceOrder is now being processed.",
        "a market order for outside of hours",
        sends(order(1, outside_rth=True)),
    ),
    Case(
        2157,
        "Sec-def data farm connection is broken:secdefnj",
        "the weather `farm_flap`",
        in_weather("farm_flap"),
    ),
    Case(
        2158,
        "Sec-def data farm connection is OK:secdefnj",
        "the weather `farm_flap`, and every connect",
        in_weather("farm_flap", 31.0),
    ),
    Case(
        10089,
        RIGHTS,
        "market data in the weather `delayed_data`",
        lambda made: (weather(made, "delayed_data"), quote(7)(made)),
    ),
    Case(
        10092,
        "Deep market data is not supported for this combination of security type/exchange",
        "a book of SMART without its flag",
        sends(book(7, SPY)),
    ),
    Case(
        10147,
        "OrderId 77 that needs to be cancelled is not found.",
        "a cancel of an order there is not",
        sends(CancelOrder(order_id=77)),
    ),
    Case(
        10148,
        "OrderId 1 that needs to be cancelled cannot be cancelled, state: Filled.",
        "a cancel of a filled order",
        sends(order(1), CancelOrder(order_id=1)),
    ),
    Case(
        10167,
        "Requested market data is not subscribed. Displaying delayed market data.",
        "delayed data, asked for in the weather `delayed_data`",
        lambda made: (
            weather(made, "delayed_data"),
            sends(ReqMarketDataType(data_type=3), made.market_data(7))(made),
        ),
    ),
    Case(
        10168,
        "Requested market data is not subscribed. Delayed market data is not enabled.",
        'market data in the weather `no_entitlement(answer="10168")`',
        lambda made: (weather(made, "no_entitlement", answer="10168"), quote(7)(made)),
    ),
    Case(
        10190,
        "Max number of tick-by-tick requests has been reached",
        "a second tick-by-tick request on a contract within 15 s",
        sends(ticks(1), ticks(2)),
    ),
    Case(
        10197,
        "No market data during competing live session",
        "market data in the weather `competing_session`",
        lambda made: (quote(7)(made), in_weather("competing_session")(made)),
    ),
    Case(
        10349,
        "Order TIF was set to DAY based on order preset.",
        "an order without time in force, with `empty_tif_notice`",
        when(lambda made: made.send(dataclasses.replace(order(1), tif="")), empty_tif_notice=True),
    ),
)
