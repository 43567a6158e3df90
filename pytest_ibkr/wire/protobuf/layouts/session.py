"""Bodies of session messages."""

from __future__ import annotations

from pytest_ibkr.wire.messages.session import (
    CurrentTime,
    ErrorNotice,
    ManagedAccounts,
    NextValidId,
    ReqCurrentTime,
    ReqIds,
    ReqManagedAccounts,
    SetServerLogLevel,
    StartApi,
)
from pytest_ibkr.wire.messages.user import CurrentTimeInMillis, ReqCurrentTimeInMillis
from pytest_ibkr.wire.protobuf.layout import body

body(StartApi, "StartApiRequest", optionalCapabilities="capabilities")
body(ReqManagedAccounts, "ManagedAccountsRequest")
body(ReqIds, "IdsRequest", numIds="count")
body(ReqCurrentTime, "CurrentTimeRequest")
body(SetServerLogLevel, "SetServerLogLevelRequest", logLevel="level")
body(ManagedAccounts, "ManagedAccounts", accountsList="accounts")
body(NextValidId, "NextValidId")
body(CurrentTime, "CurrentTime", currentTime="epoch_s")
body(ReqCurrentTimeInMillis, "CurrentTimeInMillisRequest")
body(CurrentTimeInMillis, "CurrentTimeInMillis", currentTimeInMillis="epoch_ms")
body(
    ErrorNotice,
    "ErrorMessage",
    id="request_id",
    errorTime="at_ms",
    errorCode="code",
    errorMsg="text",
    advancedOrderRejectJson="reject_json",
)
