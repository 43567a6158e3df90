"""Bodies of matching symbols and smart components.

Source: ``client_utils.py`` and ``decoder.py`` of ibapi 10.46.
"""

from __future__ import annotations

from typing import Final

from pytest_ibkr.wire.messages.exchanges import (
    ReqSmartComponents,
    SmartComponent,
    SmartComponents,
)
from pytest_ibkr.wire.messages.symbols import ReqMatchingSymbols, SymbolSample, SymbolSamples
from pytest_ibkr.wire.protobuf.layout import body, here, many, part, record_body, texts

body(ReqMatchingSymbols, "MatchingSymbolsRequest", reqId="request_id")
_SAMPLE: Final = record_body(
    SymbolSample,
    "ContractDescription",
    contract=here(
        part(
            SymbolSample,
            "Contract",
            primaryExch="primary_exchange",
            unfilled=(
                *("lastTradeDateOrContractMonth", "strike", "right", "multiplier", "exchange"),
                *("localSymbol", "tradingClass", "secIdType", "secId", "deltaNeutralContract"),
                *("includeExpired", "comboLegsDescrip", "comboLegs", "lastTradeDate"),
            ),
        )
    ),
    derivativeSecTypes=texts("derivatives"),
)
body(
    SymbolSamples,
    "SymbolSamples",
    reqId="request_id",
    contractDescriptions=many(_SAMPLE, "samples"),
)

body(ReqSmartComponents, "SmartComponentsRequest", reqId="request_id")
body(
    SmartComponents,
    "SmartComponents",
    reqId="request_id",
    smartComponents=many(
        record_body(SmartComponent, "SmartComponent", bitNumber="bit", exchangeLetter="letter"),
        "components",
    ),
)
