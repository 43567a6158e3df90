"""Records that messages of several families nest."""

from __future__ import annotations

from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.protobuf.layout import record_body

# What a message knows of a contract beyond this comes from its own attributes.
CONTRACT = record_body(
    Contract,
    "Contract",
    lastTradeDateOrContractMonth="expiry",
    primaryExch="primary_exchange",
    unfilled=(
        *("secIdType", "secId", "description", "issuerId", "deltaNeutralContract"),
        *("includeExpired", "comboLegsDescrip", "comboLegs", "lastTradeDate"),
    ),
)
