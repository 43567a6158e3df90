"""Bodies of what cancels, asks for and reports orders; placing one is ``place_order``."""

from __future__ import annotations

from pytest_ibkr.wire.messages.exercise import ExerciseOptions, OrderBound
from pytest_ibkr.wire.messages.order import (
    CancelOrder,
    CompletedOrdersEnd,
    OpenOrderEnd,
    OrderStatus,
    ReqAllOpenOrders,
    ReqAutoOpenOrders,
    ReqCompletedOrders,
    ReqGlobalCancel,
    ReqOpenOrders,
)
from pytest_ibkr.wire.protobuf.layout import body, here, one, part
from pytest_ibkr.wire.protobuf.layouts.records import CONTRACT

body(
    CancelOrder,
    "CancelOrderRequest",
    orderCancel=here(part(CancelOrder, "OrderCancel", manualOrderCancelTime="manual_cancel_time")),
)
# The text form of a global cancel has no time, and none is evidenced to matter.
body(
    ReqGlobalCancel,
    "GlobalCancelRequest",
    orderCancel=here(part(ReqGlobalCancel, "OrderCancel", unfilled=("manualOrderCancelTime",))),
)
body(ReqOpenOrders, "OpenOrdersRequest")
body(ReqAllOpenOrders, "AllOpenOrdersRequest")
body(ReqAutoOpenOrders, "AutoOpenOrdersRequest", autoBind="bind")
body(ReqCompletedOrders, "CompletedOrdersRequest")
body(
    OrderStatus,
    "OrderStatus",
    avgFillPrice="average_fill_price",
    mktCapPrice="market_cap_price",
)
body(OpenOrderEnd, "OpenOrdersEnd")
body(CompletedOrdersEnd, "CompletedOrdersEnd")
body(OrderBound, "OrderBound")
body(
    ExerciseOptions,
    "ExerciseOptionsRequest",
    orderId="request_id",
    contract=one(CONTRACT, "contract"),
    exerciseAction="action",
    exerciseQuantity="quantity",
    manualOrderTime="manual_time",
    professionalCustomer="professional",
)
