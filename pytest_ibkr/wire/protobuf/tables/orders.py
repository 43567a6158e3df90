"""Body layouts of orders, executions, exercise; how to read a row: ``kinds``."""

from __future__ import annotations

BODIES: dict[str, str] = {
    "AllOpenOrdersRequest": "",
    "AttachedOrders": "slOrderId:i slOrderType:s ptOrderId:i ptOrderType:s",
    "AutoOpenOrdersRequest": "autoBind:b",
    "CancelOrderRequest": "orderId:i orderCancel:OrderCancel",
    "CommissionAndFeesReport": (
        "execId:s commissionAndFees:d currency:s realizedPNL:d bondYield:d yieldRedemptionDate:s"
    ),
    "CompletedOrder": "contract:Contract order:Order orderState:OrderState",
    "CompletedOrdersEnd": "",
    "CompletedOrdersRequest": "apiOnly:b",
    "Execution": (
        "orderId:i execId:s time:s acctNumber:s exchange:s side:s shares:s price:d permId:l "
        "clientId:i isLiquidation:b cumQty:s avgPrice:d orderRef:s evRule:s evMultiplier:d "
        "modelCode:s lastLiquidity:i isPriceRevisionPending:b submitter:s "
        "optExerciseOrLapseType:i"
    ),
    "ExecutionDetails": "reqId:i contract:Contract execution:Execution",
    "ExecutionDetailsEnd": "reqId:i",
    "ExecutionFilter": (
        "clientId:i acctCode:s time:s symbol:s secType:s exchange:s side:s lastNDays:i "
        "specificDates:*i"
    ),
    "ExecutionRequest": "reqId:i executionFilter:ExecutionFilter",
    "ExerciseOptionsRequest": (
        "orderId:i contract:Contract exerciseAction:i exerciseQuantity:i account:s override:b "
        "manualOrderTime:s customerAccount:s professionalCustomer:b"
    ),
    "GlobalCancelRequest": "orderCancel:OrderCancel",
    "OpenOrder": "orderId:i contract:Contract order:Order orderState:OrderState",
    "OpenOrdersEnd": "",
    "OpenOrdersRequest": "",
    "Order": (
        "clientId:i orderId:i permId:l parentId:i action:s totalQuantity:s displaySize:i "
        "orderType:s lmtPrice:d auxPrice:d tif:s account:s settlingFirm:s clearingAccount:s "
        "clearingIntent:s allOrNone:b blockOrder:b hidden:b outsideRth:b sweepToFill:b "
        "percentOffset:d trailingPercent:d trailStopPrice:d minQty:i goodAfterTime:s "
        "goodTillDate:s ocaGroup:s orderRef:s rule80A:s ocaType:i triggerMethod:i "
        "activeStartTime:s activeStopTime:s faGroup:s faMethod:s faPercentage:s volatility:d "
        "volatilityType:i continuousUpdate:b referencePriceType:i deltaNeutralOrderType:s "
        "deltaNeutralAuxPrice:d deltaNeutralConId:i deltaNeutralOpenClose:s "
        "deltaNeutralShortSale:b deltaNeutralShortSaleSlot:i deltaNeutralDesignatedLocation:s "
        "scaleInitLevelSize:i scaleSubsLevelSize:i scalePriceIncrement:d scalePriceAdjustValue:d "
        "scalePriceAdjustInterval:i scaleProfitOffset:d scaleAutoReset:b scaleInitPosition:i "
        "scaleInitFillQty:i scaleRandomPercent:b scaleTable:s hedgeType:s hedgeParam:s "
        "algoStrategy:s algoParams:{} algoId:s smartComboRoutingParams:{} whatIf:b transmit:b "
        "overridePercentageConstraints:b openClose:s origin:i shortSaleSlot:i "
        "designatedLocation:s exemptCode:i deltaNeutralSettlingFirm:s "
        "deltaNeutralClearingAccount:s deltaNeutralClearingIntent:s discretionaryAmt:d "
        "optOutSmartRouting:b startingPrice:d stockRefPrice:d delta:d stockRangeLower:d "
        "stockRangeUpper:d notHeld:b orderMiscOptions:{} solicited:b randomizeSize:b "
        "randomizePrice:b referenceContractId:i peggedChangeAmount:d "
        "isPeggedChangeAmountDecrease:b referenceChangeAmount:d referenceExchangeId:s "
        "adjustedOrderType:s triggerPrice:d adjustedStopPrice:d adjustedStopLimitPrice:d "
        "adjustedTrailingAmount:d adjustableTrailingUnit:i lmtPriceOffset:d "
        "conditions:*OrderCondition conditionsCancelOrder:b conditionsIgnoreRth:b modelCode:s "
        "extOperator:s softDollarTier:SoftDollarTier cashQty:d mifid2DecisionMaker:s "
        "mifid2DecisionAlgo:s mifid2ExecutionTrader:s mifid2ExecutionAlgo:s "
        "dontUseAutoPriceForHedge:b isOmsContainer:b discretionaryUpToLimitPrice:b "
        "autoCancelDate:s filledQuantity:s refFuturesConId:i autoCancelParent:b shareholder:s "
        "imbalanceOnly:b routeMarketableToBbo:i parentPermId:l usePriceMgmtAlgo:i duration:i "
        "postToAts:i advancedErrorOverride:s manualOrderTime:s minTradeQty:i minCompeteSize:i "
        "competeAgainstBestOffset:d midOffsetAtWhole:d midOffsetAtHalf:d customerAccount:s "
        "professionalCustomer:b bondAccruedInterest:s includeOvernight:b manualOrderIndicator:i "
        "submitter:s deactivate:b postOnly:b allowPreOpen:b ignoreOpenAuction:b "
        "seekPriceImprovement:i whatIfType:i hedgeMaxSize:i"
    ),
    "OrderAllocation": (
        "account:s position:s positionDesired:s positionAfter:s desiredAllocQty:s "
        "allowedAllocQty:s isMonetary:b"
    ),
    "OrderBound": "permId:l clientId:i orderId:i",
    "OrderCancel": "manualOrderCancelTime:s extOperator:s manualOrderIndicator:i",
    "OrderCondition": (
        "type:i isConjunctionConnection:b isMore:b conId:i exchange:s symbol:s secType:s "
        "percent:i changePercent:d price:d triggerMethod:i time:s volume:i"
    ),
    "OrderState": (
        "status:s initMarginBefore:d maintMarginBefore:d equityWithLoanBefore:d "
        "initMarginChange:d maintMarginChange:d equityWithLoanChange:d initMarginAfter:d "
        "maintMarginAfter:d equityWithLoanAfter:d commissionAndFees:d minCommissionAndFees:d "
        "maxCommissionAndFees:d commissionAndFeesCurrency:s marginCurrency:s "
        "initMarginBeforeOutsideRTH:d maintMarginBeforeOutsideRTH:d "
        "equityWithLoanBeforeOutsideRTH:d initMarginChangeOutsideRTH:d "
        "maintMarginChangeOutsideRTH:d equityWithLoanChangeOutsideRTH:d "
        "initMarginAfterOutsideRTH:d maintMarginAfterOutsideRTH:d equityWithLoanAfterOutsideRTH:d "
        "suggestedSize:s rejectReason:s orderAllocations:*OrderAllocation warningText:s "
        "completedTime:s completedStatus:s"
    ),
    "OrderStatus": (
        "orderId:i status:s filled:s remaining:s avgFillPrice:d permId:l parentId:i "
        "lastFillPrice:d clientId:i whyHeld:s mktCapPrice:d"
    ),
    "PlaceOrderRequest": "orderId:i contract:Contract order:Order attachedOrders:AttachedOrders",
    "SoftDollarTier": "name:s value:s displayName:s",
    "SoftDollarTiers": "reqId:i softDollarTiers:*SoftDollarTier",
    "SoftDollarTiersRequest": "reqId:i",
}
