"""Bodies of market scanners and fundamental data.

Source: ``client_utils.py`` and ``decoder.py`` of ibapi 10.46.
"""

from __future__ import annotations

from typing import Final

from pytest_ibkr.wire.messages.fundamentals import (
    CancelFundamentalData,
    FundamentalData,
    ReqFundamentalData,
)
from pytest_ibkr.wire.messages.scanner import (
    CancelScannerSubscription,
    ReqScannerParameters,
    ReqScannerSubscription,
    ScannerData,
    ScannerParameters,
    ScannerRow,
)
from pytest_ibkr.wire.protobuf.layout import body, here, many, one, part, record_body
from pytest_ibkr.wire.protobuf.layouts.options import counted_options, options
from pytest_ibkr.wire.protobuf.layouts.records import CONTRACT

body(
    ReqScannerSubscription,
    "ScannerSubscriptionRequest",
    reqId="request_id",
    scannerSubscription=here(
        part(
            ReqScannerSubscription,
            "ScannerSubscription",
            numberOfRows="row_count",
            locationCode="location",
            moodyRatingAbove="moody_above",
            moodyRatingBelow="moody_below",
            spRatingAbove="sp_above",
            spRatingBelow="sp_below",
            maturityDateAbove="maturity_above",
            maturityDateBelow="maturity_below",
            couponRateAbove="coupon_above",
            couponRateBelow="coupon_below",
            scannerSettingPairs="setting_pairs",
            stockTypeFilter="stock_type",
            scannerSubscriptionFilterOptions=options("filter_options"),
            scannerSubscriptionOptions=options("options"),
        )
    ),
)
body(CancelScannerSubscription, "CancelScannerSubscription", reqId="request_id")
body(ReqScannerParameters, "ScannerParametersRequest")
body(ScannerParameters, "ScannerParameters")

_ROW: Final = record_body(
    ScannerRow,
    "ScannerDataElement",
    contract=here(
        part(
            ScannerRow,
            "Contract",
            lastTradeDateOrContractMonth="expiry",
            unfilled=(
                *("multiplier", "primaryExch", "secIdType", "secId", "description", "issuerId"),
                *("deltaNeutralContract", "includeExpired", "comboLegsDescrip", "comboLegs"),
                "lastTradeDate",
            ),
        )
    ),
    comboKey="legs",
)
body(ScannerData, "ScannerData", reqId="request_id", scannerDataElement=many(_ROW, "rows"))

body(
    ReqFundamentalData,
    "FundamentalsDataRequest",
    reqId="request_id",
    contract=one(CONTRACT, "contract"),
    fundamentalsDataOptions=counted_options(none=0),
)
body(CancelFundamentalData, "CancelFundamentalsData", reqId="request_id")
body(FundamentalData, "FundamentalsData", reqId="request_id", data="xml")
