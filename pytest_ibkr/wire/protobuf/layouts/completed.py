"""Body of completedOrder."""

from __future__ import annotations

from pytest_ibkr.wire.messages.completed_order import CompletedOrder
from pytest_ibkr.wire.protobuf.layout import body, here, part, via
from pytest_ibkr.wire.protobuf.layouts import order_parts as parts

_STATE = part(
    CompletedOrder,
    "OrderState",
    unfilled=(
        *parts.MARGINS,
        *("commissionAndFees", "minCommissionAndFees", "maxCommissionAndFees"),
        *("commissionAndFeesCurrency", "marginCurrency", "suggestedSize", "rejectReason"),
        *("orderAllocations", "warningText"),
    ),
)
_ORDER = part(
    CompletedOrder,
    "Order",
    parts.ORDER,
    trailStopPrice=parts.TRAIL,
    conditions=parts.CONDITIONS,
    parentPermId=via("parent_perm_id", to_proto=parts.parent_out, from_proto=parts.parent_in),
    # What only an order has that works, or the one who placed it.
    unfilled=(
        *("clientId", "orderId", "parentId", "blockOrder", "deltaNeutralOpenClose"),
        *("deltaNeutralSettlingFirm", "deltaNeutralClearingAccount"),
        *("deltaNeutralClearingIntent", "scaleTable", "algoId", "whatIf", "transmit"),
        *("overridePercentageConstraints", "optOutSmartRouting", "orderMiscOptions"),
        *("adjustedOrderType", "triggerPrice", "adjustedStopPrice", "adjustedStopLimitPrice"),
        *("adjustedTrailingAmount", "adjustableTrailingUnit", "extOperator", "softDollarTier"),
        *("mifid2DecisionMaker", "mifid2DecisionAlgo", "mifid2ExecutionTrader"),
        *("mifid2ExecutionAlgo", "discretionaryUpToLimitPrice", "usePriceMgmtAlgo"),
        *("duration", "postToAts", "advancedErrorOverride", "manualOrderTime"),
        *("bondAccruedInterest", "includeOvernight", "manualOrderIndicator"),
    ),
)
body(
    CompletedOrder,
    "CompletedOrder",
    contract=here(
        part(
            CompletedOrder,
            "Contract",
            parts.CONTRACT,
            comboLegsDescrip="legs_description",
            comboLegs=parts.LEGS,
            deltaNeutralContract=parts.delta_neutral(CompletedOrder),
            unfilled=parts.NOT_IN_ECHOES,
        )
    ),
    order=here(_ORDER),
    orderState=here(_STATE),
)
