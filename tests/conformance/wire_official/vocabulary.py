"""What the client libraries call our fields, and how a name is looked up among their attributes.

Names are compared without case and underscores, so only real renamings are listed. A wrong
listing cannot hide anything: the values found under it are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ALIASES: dict[str, tuple[str, ...]] = {
    "account": ("accountName", "acctCode", "acctNumber", "accountID"),
    "action": ("exerciseAction",),
    "all_messages": ("allMsgs",),
    "at_s": ("time",),
    "at_ms": ("timeStamp",),
    "average_cost": ("avgCost",),
    "average_fill_price": ("avgFillPrice",),
    "average_price": ("avgPrice",),
    "bind": ("bAutoBind",),
    "cash_quantity": ("cashQty",),
    "code": ("errorCode", "familyCodeStr"),
    "commission": ("commissionAndFees",),
    "commission_currency": ("commissionAndFeesCurrency",),
    "compete_offset": ("competeAgainstBestOffset",),
    "con_id": ("conid", "underlyingConId"),
    "conditions": ("specialConditions",),
    "count": ("barCount", "numIds", "numberOfTicks", "totalResults"),
    "coupon_above": ("couponRateAbove",),
    "coupon_below": ("couponRateBelow",),
    "cumulative_quantity": ("cumQty",),
    "daily": ("dailyPnL",),
    "data_type": ("faData", "marketDataType", "marketDataId", "faDataType"),
    "date_format": ("formatDate",),
    "description": ("descAppend",),
    "discretionary_amount": ("discretionaryAmt",),
    "discretionary_up_to_limit": ("discretionaryUpToLimitPrice",),
    "end": ("endDateTime", "endDateStr"),
    "epoch_ms": ("timeInMillis",),
    "exchange": ("originExch", "origExchange"),
    "expiry": ("lastTradeDateOrContractMonth",),
    "extra": ("extraData",),
    "filter_json": ("filter",),
    "group": ("groupName",),
    "ineligibility": ("ineligibilityReasonList",),
    "json_text": ("dataJson",),
    "legs": ("legsStr",),
    "legs_description": ("comboLegsDescrip",),
    "limit_price": ("lmtPrice",),
    "limit_price_offset": ("lmtPriceOffset",),
    "location": ("locationCode",),
    "manual_cancel_time": ("manualOrderCancelTime", "manualCancelOrderTime"),
    "manual_time": ("manualOrderTime",),
    "market_cap_price": ("mktCapPrice",),
    "maturity_above": ("maturityDateAbove",),
    "maturity_below": ("maturityDateBelow",),
    "max_commission": ("maxCommissionAndFees",),
    "mid_offset_half": ("midOffsetAtHalf",),
    "mid_offset_whole": ("midOffsetAtWhole",),
    "mifid_decision_algo": ("mifid2DecisionAlgo",),
    "mifid_decision_maker": ("mifid2DecisionMaker",),
    "mifid_execution_algo": ("mifid2ExecutionAlgo",),
    "mifid_execution_trader": ("mifid2ExecutionTrader",),
    "min_commission": ("minCommissionAndFees",),
    "min_quantity": ("minQty",),
    "min_trade_quantity": ("minTradeQty",),
    "model": ("modelCode",),
    "moment": ("time",),
    "moody_above": ("moodyRatingAbove",),
    "moody_below": ("moodyRatingBelow",),
    "option_price": ("optPrice",),
    "override_percentage": ("overridePercentageConstraints",),
    "pegged_change": ("peggedChangeAmount",),
    "pegged_decrease": ("isPeggedChangeAmountDecrease",),
    "position": ("pos", "posSize"),
    "professional": ("professionalCustomer",),
    "provider": ("providerCode",),
    "providers": ("providerCodes", "newsProviders"),
    "quantity": ("totalQuantity", "exerciseQuantity"),
    "real_expiration": ("realExpirationDate",),
    "realized": ("realizedPnL",),
    "reference_change": ("referenceChangeAmount",),
    "reference_con_id": ("referenceContractId",),
    "reference_exchange": ("referenceExchangeId",),
    "reject_json": ("advancedOrderRejectJson",),
    "request_id": ("reqId", "tickerId"),
    "row_count": ("numberOfRows",),
    "rule_id": ("marketRuleId",),
    "samples": ("contractDescriptions",),
    "scale_adjust_interval": ("scalePriceAdjustInterval",),
    "scale_adjust_value": ("scalePriceAdjustValue",),
    "scale_increment": ("scalePriceIncrement",),
    "scale_init_fill": ("scaleInitFillQty",),
    "scale_init_size": ("scaleInitLevelSize",),
    "scale_subs_size": ("scaleSubsLevelSize",),
    "sec_ids": ("secIdList",),
    "sec_type": ("underlyingSecType",),
    "setting_pairs": ("scannerSettingPairs",),
    "size": ("count",),  # of a histogram step, in 9.81 and ib_async
    "size_multiplier": ("mdSizeMultiplier",),
    "smart_depth": ("isSmartDepth",),
    "sp_above": ("spRatingAbove",),
    "sp_below": ("spRatingBelow",),
    "start": ("startDateTime", "startDateStr"),
    "stock_type": ("stockTypeFilter",),
    "successful": ("isSuccessful",),
    "symbol": ("underlyingSymbol",),
    "text": ("errorString", "newsMessage", "message", "articleText"),
    "tick": ("tickType",),
    "time_zone": ("timeZoneId",),
    "under_con_id": ("underlyingConId",),
    "under_price": ("undPrice",),
    "unrealized": ("unrealizedPnL",),
    "value": ("val",),
    "wap": ("average",),
    "xml": ("cxml", "data", "faXmlData"),
    "zone": ("timeZone",),
}
# First words of ours that are longer at the clients.
PREFIXES = {"dn": "deltaneutral", "equity": "equitywithloan"}


def normal(name: str) -> str:
    """A name without case and underscores."""
    return name.replace("_", "").lower()


def spellings(name: str) -> list[str]:
    """The normalised names a field of ours can have at a client."""
    first, _, rest = name.partition("_")
    longer = [PREFIXES[first] + normal(rest)] if first in PREFIXES and rest else []
    return [normal(name), *longer, *(normal(alias) for alias in ALIASES.get(name, ()))]


def attributes(thing: Any) -> dict[str, Any]:
    """What a client's object says, by attribute; empty for plain values and lists."""
    if hasattr(thing, "_fields"):  # a named tuple
        return dict(thing._asdict())
    if isinstance(thing, str | bytes | int | float | list | tuple | set | dict):
        return {}
    found = getattr(thing, "__dict__", None)
    if found is not None:
        return dict(found)
    return {name: getattr(thing, name) for name in getattr(thing, "__dataclass_fields__", ())}


def follow(root: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path whose first part is a key; None where an object is missing."""
    first, *rest = path.split(".")
    found = root[first]
    for part in rest:
        found = None if found is None else getattr(found, part)
    return found


def find(name: str, root: Mapping[str, Any], *, depth: int = 2) -> list[str]:
    """Dotted paths under ``root`` that bear one of the field's names, the nearest level only."""
    wanted = spellings(name)
    level: list[tuple[str, Any]] = list(root.items())
    for _ in range(depth + 1):
        for spelling in wanted:
            hits = [path for path, _ in level if normal(path.rpartition(".")[2]) == spelling]
            if hits:
                return hits
        level = [(f"{p}.{n}", v) for p, thing in level for n, v in attributes(thing).items()]
    return []
