"""Bodies of the option calculators.

Source: ``client_utils.py`` of ibapi 10.46.
"""

from __future__ import annotations

from pytest_ibkr.wire.messages.calculations import (
    CancelImpliedVolatility,
    CancelOptionPrice,
    ReqImpliedVolatility,
    ReqOptionPrice,
)
from pytest_ibkr.wire.protobuf.layout import body, one
from pytest_ibkr.wire.protobuf.layouts.options import counted_options
from pytest_ibkr.wire.protobuf.layouts.records import CONTRACT

body(
    ReqImpliedVolatility,
    "CalculateImpliedVolatilityRequest",
    reqId="request_id",
    contract=one(CONTRACT, "contract"),
    impliedVolatilityOptions=counted_options(none=None),
)
body(
    ReqOptionPrice,
    "CalculateOptionPriceRequest",
    reqId="request_id",
    contract=one(CONTRACT, "contract"),
    optionPriceOptions=counted_options(none=None),
)
body(CancelImpliedVolatility, "CancelCalculateImpliedVolatility", reqId="request_id")
body(CancelOptionPrice, "CancelCalculateOptionPrice", reqId="request_id")
