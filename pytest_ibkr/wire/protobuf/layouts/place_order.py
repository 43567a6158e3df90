"""Body of placeOrder."""

from __future__ import annotations

from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.protobuf.layout import body, here, part, via
from pytest_ibkr.wire.protobuf.layouts import order_parts as parts

_ORDER = part(
    PlaceOrder,
    "Order",
    parts.WORKING,
    conditions=parts.CONDITIONS,
    orderMiscOptions=via("misc_options", to_proto=parts.options_out, from_proto=parts.options_in),
    softDollarTier=here(
        part(
            PlaceOrder,
            "SoftDollarTier",
            name="soft_dollar_name",
            value="soft_dollar_value",
            unfilled=("displayName",),
        )
    ),
    overridePercentageConstraints="override_percentage",
    mifid2DecisionMaker="mifid_decision_maker",
    mifid2DecisionAlgo="mifid_decision_algo",
    mifid2ExecutionTrader="mifid_execution_trader",
    mifid2ExecutionAlgo="mifid_execution_algo",
    unfilled=(
        *("clientId", "orderId", "permId", "autoCancelDate", "filledQuantity"),
        *("refFuturesConId", "shareholder", "parentPermId"),
    ),
)
_CONTRACT = part(
    PlaceOrder,
    "Contract",
    parts.CONTRACT,
    primaryExch="contract.primary_exchange",
    comboLegs=parts.LEGS,
    deltaNeutralContract=parts.delta_neutral(PlaceOrder),
    unfilled=(*("description", "issuerId", "includeExpired", "comboLegsDescrip", "lastTradeDate"),),
)
body(
    PlaceOrder,
    "PlaceOrderRequest",
    contract=here(_CONTRACT),
    order=here(_ORDER),
    attachedOrders=here(part(PlaceOrder, "AttachedOrders")),
    skipped=(
        *("shares_allocation", "e_trade_only", "firm_quote_only", "nbbo_price_cap"),
        "auction_strategy",
    ),
)
