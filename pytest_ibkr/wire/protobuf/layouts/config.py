"""Bodies of the gateway's settings; those the simulated gateway has not are never written."""

from __future__ import annotations

from pytest_ibkr.wire.messages.config import ConfigResponse, ReqConfig
from pytest_ibkr.wire.protobuf.kinds import fields_of
from pytest_ibkr.wire.protobuf.layout import body, here, part

_NAMED = {
    "readOnlyApi": "read_only",
    "masterClientId": "master_client_id",
    "rejectMessagesAboveMaxRate": "rejects_above_max_rate",
}
_SETTINGS = part(
    ConfigResponse,
    "ApiSettingsConfig",
    _NAMED,
    unfilled=tuple(name for name in fields_of("ApiSettingsConfig") if name not in _NAMED),
)
_API = part(ConfigResponse, "ApiConfig", settings=here(_SETTINGS), unfilled=("precautions",))

body(ReqConfig, "ConfigRequest")
body(
    ConfigResponse, "ConfigResponse", api=here(_API), unfilled=("lockAndExit", "messages", "orders")
)
