"""Fundamental data, retired by the gateway: 52, 53 and their answer."""

from __future__ import annotations

from pytest_ibkr.wire.declare import INT, TEXT, Message, embed, request, response, wire
from pytest_ibkr.wire.messages.contract import Contract

_NAMES = (
    *("con_id", "symbol", "sec_type", "exchange", "primary_exchange", "currency"),
    "local_symbol",
)


@request(52, "reqFundamentalData")
class ReqFundamentalData(Message):
    """OUT 52. ``options`` is one text, whatever the count."""

    layout: int = wire(INT, default=2)
    request_id: int = wire(INT)
    contract: Contract = embed(Contract, _NAMES)
    report_type: str = wire(TEXT)
    option_count: int = wire(INT, default=0)
    options: str = wire(TEXT, default="")


@request(53, "cancelFundamentalData")
class CancelFundamentalData(Message):
    """OUT 53. Silent."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)


@response(51)
class FundamentalData(Message):
    """IN 51. XML; gateways that still had it sent it."""

    layout: int = wire(INT, default=1)
    request_id: int = wire(INT)
    xml: str = wire(TEXT)
