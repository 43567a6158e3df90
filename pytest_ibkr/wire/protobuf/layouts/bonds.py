"""The body of bond details: the same message as other contracts' details.

Source: ``processBondContractDataMsgProtoBuf`` of ibapi 10.46.
"""

from __future__ import annotations

from pytest_ibkr.wire.messages.bonds import BondData
from pytest_ibkr.wire.protobuf.layout import body, here, pairs, part
from pytest_ibkr.wire.protobuf.layouts.contracts import UNKNOWN_DETAILS

_NOT_OF_BONDS = (
    *("underConId", "contractMonth", "industry", "category", "subcategory", "priceMagnifier"),
    *("underSymbol", "underSecType", "realExpirationDate", "stockType", "fundName", "fundFamily"),
    *("fundType", "fundFrontLoad", "fundBackLoad", "fundBackLoadTimeInterval"),
    *("fundManagementFee", "fundClosed", "fundClosedForNewInvestors", "fundClosedForNewMoney"),
    *("fundNotifyAmount", "fundMinimumInitialPurchase", "fundMinimumSubsequentPurchase"),
    *("fundBlueSkyStates", "fundBlueSkyTerritories", "fundDistributionPolicyIndicator"),
    *("fundAssetType", "ineligibilityReasonList"),
)

body(
    BondData,
    "ContractData",
    reqId="request_id",
    contract=here(
        part(
            BondData,
            "Contract",
            # The client makes its maturity of the contract's date; bodies have no other place.
            lastTradeDateOrContractMonth="maturity",
            unfilled=(
                *("strike", "right", "multiplier", "primaryExch", "localSymbol", "secIdType"),
                *("secId", "description", "issuerId", "deltaNeutralContract", "includeExpired"),
                *("comboLegsDescrip", "comboLegs", "lastTradeDate"),
            ),
        )
    ),
    contractDetails=here(
        part(
            BondData,
            "ContractDetails",
            timeZoneId="time_zone",
            secIdList=pairs("sec_ids"),
            puttable="putable",
            descAppend="description",
            bondNotes="notes",
            unfilled=(*_NOT_OF_BONDS, *UNKNOWN_DETAILS),
        )
    ),
)
