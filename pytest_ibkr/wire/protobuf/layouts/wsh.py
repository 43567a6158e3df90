"""Bodies of Wall Street Horizon calendar events.

Source: ``client_utils.py`` and ``decoder.py`` of ibapi 10.46.
"""

from __future__ import annotations

from pytest_ibkr.wire.messages.wsh import (
    CancelWshEventData,
    CancelWshMetaData,
    ReqWshEventData,
    ReqWshMetaData,
    WshEventData,
    WshMetaData,
)
from pytest_ibkr.wire.protobuf.layout import body

body(ReqWshMetaData, "WshMetaDataRequest", reqId="request_id")
body(CancelWshMetaData, "CancelWshMetaData", reqId="request_id")
body(ReqWshEventData, "WshEventDataRequest", reqId="request_id", filter="filter_json")
body(CancelWshEventData, "CancelWshEventData", reqId="request_id")
body(WshMetaData, "WshMetaData", reqId="request_id", dataJson="json_text")
body(WshEventData, "WshEventData", reqId="request_id", dataJson="json_text")
