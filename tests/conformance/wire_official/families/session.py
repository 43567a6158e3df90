"""Session, errors, time, user, verification, display groups."""

from __future__ import annotations

from hypothesis import strategies as st

from pytest_ibkr.wire.versions import MILLISECONDS, USER_INFO
from tests.conformance.wire_official.asking import Asked
from tests.conformance.wire_official.reading import Heard, heard

TRUTHS = {"successful": st.sampled_from(["true", "false"])}
RESPONSES: dict[int, Heard] = {
    4: heard(
        "error",
        places={"at_ms": "errorTime"},
        unsaid=("errorTime", "advancedOrderRejectJson"),  # below 194 and 166
    ),
    9: heard("nextValidId"),
    15: heard("managedAccounts", places={"accounts": "accountsList"}),
    49: heard("currentTime", places={"epoch_s": "time"}),
    65: heard("verifyMessageAPI"),
    66: heard("verifyCompleted", places={"error": "errorText"}, draw=TRUTHS),
    67: heard("displayGroupList"),
    68: heard("displayGroupUpdated"),
    69: heard("verifyAndAuthMessageAPI", places={"challenge": "xyzChallange"}),
    70: heard("verifyAndAuthCompleted", places={"error": "errorText"}, draw=TRUTHS),
    107: heard("userInfo"),
    109: heard("currentTimeInMillis"),
}
REQUESTS: dict[int, Asked] = {
    14: Asked(places={"level": "logLevel"}),
    72: Asked(places={"vendor_key": "opaqueIsvKey"}),
    73: Asked(places={"challenge_response": "xyzResponse"}),
    104: Asked(since=USER_INFO),
    105: Asked(since=MILLISECONDS),
}
