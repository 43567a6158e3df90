"""Bodies of display groups.

Source: ``client_utils.py`` and ``decoder.py`` of ibapi 10.46.
"""

from __future__ import annotations

from pytest_ibkr.wire.messages.display_groups import (
    CancelGroupEvents,
    DisplayGroups,
    DisplayGroupUpdated,
    ReqDisplayGroups,
    ReqGroupEvents,
    SetDisplayGroup,
)
from pytest_ibkr.wire.protobuf.layout import body

body(ReqDisplayGroups, "QueryDisplayGroupsRequest", reqId="request_id")
body(ReqGroupEvents, "SubscribeToGroupEventsRequest", reqId="request_id")
body(SetDisplayGroup, "UpdateDisplayGroupRequest", reqId="request_id")
body(CancelGroupEvents, "UnsubscribeFromGroupEventsRequest", reqId="request_id")
body(DisplayGroups, "DisplayGroupList", reqId="request_id")
body(DisplayGroupUpdated, "DisplayGroupUpdated", reqId="request_id")
