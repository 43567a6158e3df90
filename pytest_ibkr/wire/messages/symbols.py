"""Searching contracts by a part of their symbol or name."""

from __future__ import annotations

from pytest_ibkr.wire.declare import INT, TEXT, Message, record, request, response, rows, wire
from pytest_ibkr.wire.messages.contract import Text
from pytest_ibkr.wire.versions import BOND_ISSUER_ID


@request(81, "reqMatchingSymbols")
class ReqMatchingSymbols(Message):
    """OUT 81. Answered by one message, without an end marker."""

    request_id: int = wire(INT)
    pattern: str = wire(TEXT)


@record
class SymbolSample:
    """One contract found; ``derivatives`` the security types that are written on it."""

    con_id: int = wire(INT)
    symbol: str = wire(TEXT)
    sec_type: str = wire(TEXT)
    primary_exchange: str = wire(TEXT)
    currency: str = wire(TEXT)
    derivatives: tuple[Text, ...] = rows(Text)
    description: str = wire(TEXT, since=BOND_ISSUER_ID, default="")
    issuer_id: str = wire(TEXT, since=BOND_ISSUER_ID, default="")


@response(79)
class SymbolSamples(Message):
    """IN 79. At most 16 rows."""

    request_id: int = wire(INT)
    samples: tuple[SymbolSample, ...] = rows(SymbolSample)
