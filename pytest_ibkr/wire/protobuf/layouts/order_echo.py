"""Body of openOrder."""

from __future__ import annotations

from pytest_ibkr.wire.messages.order_echo import Allocation, OpenOrder
from pytest_ibkr.wire.protobuf.layout import body, here, many, part, record_body
from pytest_ibkr.wire.protobuf.layouts import order_parts as parts

_ALLOCATION = record_body(
    Allocation,
    "OrderAllocation",
    desiredAllocQty="desired_quantity",
    allowedAllocQty="allowed_quantity",
)
_STATE = part(
    OpenOrder,
    "OrderState",
    parts.MARGINS,
    commissionAndFees="commission",
    minCommissionAndFees="min_commission",
    maxCommissionAndFees="max_commission",
    commissionAndFeesCurrency="commission_currency",
    orderAllocations=many(_ALLOCATION, "allocations"),
    unfilled=("completedTime", "completedStatus"),
)
_ORDER = part(
    OpenOrder,
    "Order",
    parts.WORKING,
    trailStopPrice=parts.TRAIL,
    conditions=parts.CONDITIONS,
    softDollarTier=here(
        part(
            OpenOrder,
            "SoftDollarTier",
            name="soft_dollar_name",
            value="soft_dollar_value",
            displayName="soft_dollar_display",
        )
    ),
    # The message itself says the order id; the rest is the client's, or a finished order's.
    unfilled=(
        *("orderId", "transmit", "overridePercentageConstraints", "scaleTable", "algoId"),
        *("orderMiscOptions", "mifid2DecisionMaker", "mifid2DecisionAlgo"),
        *("mifid2ExecutionTrader", "mifid2ExecutionAlgo", "advancedErrorOverride"),
        *("manualOrderTime", "autoCancelDate", "filledQuantity", "refFuturesConId"),
        *("shareholder", "parentPermId"),
    ),
)
_CONTRACT = part(
    OpenOrder,
    "Contract",
    parts.CONTRACT,
    comboLegsDescrip="legs_description",
    comboLegs=parts.LEGS,
    deltaNeutralContract=parts.delta_neutral(OpenOrder),
    unfilled=parts.NOT_IN_ECHOES,
)
body(
    OpenOrder,
    "OpenOrder",
    contract=here(_CONTRACT),
    order=here(_ORDER),
    orderState=here(_STATE),
    skipped=(
        *("shares_allocation", "auction_strategy", "e_trade_only", "firm_quote_only"),
        *("nbbo_price_cap", "basis_points", "basis_points_type"),
    ),
)
