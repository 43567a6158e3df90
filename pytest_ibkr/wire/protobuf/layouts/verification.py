"""Bodies of the verification of registered programs; 72, 73, 69 and 70 have none.

Source: ``client_utils.py`` and ``decoder.py`` of ibapi 10.46.
"""

from __future__ import annotations

from pytest_ibkr.wire.messages.verification import (
    ReqVerification,
    VerificationChallenge,
    VerificationDone,
    VerificationMessage,
)
from pytest_ibkr.wire.protobuf.layout import body, via

body(ReqVerification, "VerifyRequest")
body(VerificationMessage, "VerifyMessageRequest")
body(VerificationChallenge, "VerifyMessageApi")
body(
    VerificationDone,
    "VerifyCompleted",
    isSuccessful=via(
        "successful",
        to_proto=lambda text: text == "true",
        from_proto=lambda flag: "true" if flag else "false",
    ),
    errorText="error",
)
