"""Body layouts of gateway settings (219, 221); how to read a row: ``kinds``."""

from __future__ import annotations

BODIES: dict[str, str] = {
    "ApiConfig": "precautions:ApiPrecautionsConfig settings:ApiSettingsConfig",
    "ApiPrecautionsConfig": (
        "bypassOrderPrecautions:b bypassBondWarning:b bypassNegativeYieldConfirmation:b "
        "bypassCalledBondWarning:b bypassSameActionPairTradeWarning:b "
        "bypassFlaggedAccountsWarning:b bypassPriceBasedVolatilityWarning:b "
        "bypassRedirectOrderWarning:b bypassNoOverfillProtection:b bypassRouteMarketableToBBO:b"
    ),
    "ApiSettingsConfig": (
        "readOnlyApi:b totalQuantityForMutualFunds:b downloadOpenOrdersOnConnection:b "
        "includeVirtualFxPositions:b prepareDailyPnL:b sendStatusUpdatesForVolatilityOrders:b "
        "encodeApiMessages:s socketPort:i useNegativeAutoRange:b createApiMessageLogFile:b "
        "includeMarketDataInLogFile:b exposeTradingScheduleToApi:b "
        "splitInsuredDepositFromCashBalance:b sendZeroPositionsForTodayOnly:b "
        "letApiAccountRequestsSwitchSubscription:b useAccountGroupsWithAllocationMethods:b "
        "loggingLevel:s masterClientId:i bulkDataTimeout:i componentExchSeparator:s "
        "showForexDataIn1_10Pips:b allowForexTradingIn1_10Pips:b "
        "roundAccountValuesToNearestWholeNumber:b sendMarketDataInLotsForUsStocks:b "
        "showAdvancedOrderRejectInUi:b rejectMessagesAboveMaxRate:b "
        "maintainConnectionOnIncorrectFields:b compatibilityModeNasdaqStocks:b "
        "sendInstrumentTimezone:s sendForexDataInCompatibilityMode:b "
        "maintainAndResubmitOrdersOnReconnect:b historicalDataMaxSize:i "
        "autoReportNettingEventContractTrades:b optionExerciseRequestType:s allowLocalhostOnly:b "
        "trustedIPs:*s"
    ),
    "ConfigRequest": "reqId:i",
    "ConfigResponse": (
        "reqId:i lockAndExit:LockAndExitConfig messages:*MessageConfig api:ApiConfig "
        "orders:OrdersConfig"
    ),
    "LockAndExitConfig": "autoLogoffTime:s autoLogoffPeriod:s autoLogoffType:s",
    "MessageConfig": "id:i title:s message:s defaultAction:s enabled:b",
    "OrdersConfig": "smartRouting:OrdersSmartRoutingConfig",
    "OrdersSmartRoutingConfig": (
        "seekPriceImprovement:b preOpenReroute:b doNotRouteToDarkPools:b defaultAlgorithm:s"
    ),
    "UpdateConfigRequest": (
        "reqId:i lockAndExit:LockAndExitConfig messages:*MessageConfig api:ApiConfig "
        "orders:OrdersConfig acceptedWarnings:*UpdateConfigWarning resetAPIOrderSequence:b"
    ),
    "UpdateConfigResponse": (
        "reqId:i status:s message:s changedFields:*s errors:*s warnings:*UpdateConfigWarning"
    ),
    "UpdateConfigWarning": "messageId:i title:s message:s",
}
