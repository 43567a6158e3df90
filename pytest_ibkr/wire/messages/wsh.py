"""Wall Street Horizon calendar events: 100 to 103 and their answers."""

from __future__ import annotations

from pytest_ibkr.wire.declare import BOOL, INT, MAX_INT, TEXT, Message, request, response, wire
from pytest_ibkr.wire.versions import WSH_DATES, WSH_FILTERS


@request(100, "reqWshMetaData")
class ReqWshMetaData(Message):
    """OUT 100. From 161 on; must be answered before events are asked for."""

    request_id: int = wire(INT)


@request(101, "cancelWshMetaData")
class CancelWshMetaData(Message):
    """OUT 101. From 161 on."""

    request_id: int = wire(INT)


@request(102, "reqWshEventData")
class ReqWshEventData(Message):
    """OUT 102. From 161 on: of a contract, or of a filter (JSON). Dates are ``YYYYMMDD``."""

    request_id: int = wire(INT)
    con_id: int | None = wire(MAX_INT, default=None)
    filter_json: str = wire(TEXT, since=WSH_FILTERS, default="")
    fill_watchlist: bool = wire(BOOL, since=WSH_FILTERS, default=False)
    fill_portfolio: bool = wire(BOOL, since=WSH_FILTERS, default=False)
    fill_competitors: bool = wire(BOOL, since=WSH_FILTERS, default=False)
    start_date: str = wire(TEXT, since=WSH_DATES, default="")
    end_date: str = wire(TEXT, since=WSH_DATES, default="")
    total_limit: int | None = wire(MAX_INT, since=WSH_DATES, default=None)


@request(103, "cancelWshEventData")
class CancelWshEventData(Message):
    """OUT 103. From 161 on."""

    request_id: int = wire(INT)


@response(104)
class WshMetaData(Message):
    """IN 104. JSON."""

    request_id: int = wire(INT)
    json_text: str = wire(TEXT)


@response(105)
class WshEventData(Message):
    """IN 105. JSON."""

    request_id: int = wire(INT)
    json_text: str = wire(TEXT)
