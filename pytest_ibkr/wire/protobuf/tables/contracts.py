"""Body layouts of contracts and reference data; how to read a row: ``kinds``."""

from __future__ import annotations

BODIES: dict[str, str] = {
    "CancelContractData": "reqId:i",
    "ComboLeg": (
        "conId:i ratio:i action:s exchange:s openClose:i shortSalesSlot:i designatedLocation:s "
        "exemptCode:i perLegPrice:d"
    ),
    "Contract": (
        "conId:i symbol:s secType:s lastTradeDateOrContractMonth:s strike:d right:s multiplier:d "
        "exchange:s primaryExch:s currency:s localSymbol:s tradingClass:s secIdType:s secId:s "
        "description:s issuerId:s deltaNeutralContract:DeltaNeutralContract includeExpired:b "
        "comboLegsDescrip:s comboLegs:*ComboLeg lastTradeDate:s"
    ),
    "ContractData": "reqId:i contract:Contract contractDetails:ContractDetails",
    "ContractDataEnd": "reqId:i",
    "ContractDataRequest": "reqId:i contract:Contract",
    "ContractDescription": "contract:Contract derivativeSecTypes:*s",
    "ContractDetails": (
        "marketName:s minTick:s orderTypes:s validExchanges:s priceMagnifier:i underConId:i "
        "longName:s contractMonth:s industry:s category:s subcategory:s timeZoneId:s "
        "tradingHours:s liquidHours:s evRule:s evMultiplier:d secIdList:{} aggGroup:i "
        "underSymbol:s underSecType:s marketRuleIds:s realExpirationDate:s stockType:s minSize:s "
        "sizeIncrement:s suggestedSizeIncrement:s fundName:s fundFamily:s fundType:s "
        "fundFrontLoad:s fundBackLoad:s fundBackLoadTimeInterval:s fundManagementFee:s "
        "fundClosed:b fundClosedForNewInvestors:b fundClosedForNewMoney:b fundNotifyAmount:s "
        "fundMinimumInitialPurchase:s fundMinimumSubsequentPurchase:s fundBlueSkyStates:s "
        "fundBlueSkyTerritories:s fundDistributionPolicyIndicator:s fundAssetType:s cusip:s "
        "issueDate:s ratings:s bondType:s coupon:d couponType:s convertible:b callable:b "
        "puttable:b descAppend:s nextOptionDate:s nextOptionType:s nextOptionPartial:b "
        "bondNotes:s ineligibilityReasonList:*IneligibilityReason eventContract1:s "
        "eventContractDescription1:s eventContractDescription2:s minAlgoSize:s "
        "lastPricePrecision:s lastSizePrecision:s"
    ),
    "DeltaNeutralContract": "conId:i delta:d price:d",
    "IneligibilityReason": "id:s description:s",
    "MarketRule": "marketRuleId:i priceIncrements:*PriceIncrement",
    "MarketRuleRequest": "marketRuleId:i",
    "MatchingSymbolsRequest": "reqId:i pattern:s",
    "PriceIncrement": "lowEdge:d increment:d",
    "SecDefOptParameter": (
        "reqId:i exchange:s underlyingConId:i tradingClass:s multiplier:s expirations:*s strikes:*d"
    ),
    "SecDefOptParameterEnd": "reqId:i",
    "SecDefOptParamsRequest": (
        "reqId:i underlyingSymbol:s futFopExchange:s underlyingSecType:s underlyingConId:i"
    ),
    "SmartComponent": "bitNumber:i exchange:s exchangeLetter:s",
    "SmartComponents": "reqId:i smartComponents:*SmartComponent",
    "SmartComponentsRequest": "reqId:i bboExchange:s",
    "SymbolSamples": "reqId:i contractDescriptions:*ContractDescription",
}
