"""Between ibapi objects and domain values, for both generations of the library."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ibapi.contract import Contract as IbContract
from ibapi.order import Order as IbOrder

from bot.domain.contracts import Contract, ContractDetails, parse_right
from bot.domain.numbers import to_decimal
from bot.domain.orders import Action, Execution, OrderTicket
from bot.domain.quotes import Bar

EXCHANGE_ZONE = ZoneInfo("America/New_York")
_ZONES = {
    "EST": "America/New_York", "EDT": "America/New_York", "US/Eastern": "America/New_York",
    "CST": "America/Chicago", "CDT": "America/Chicago", "US/Central": "America/Chicago",
    "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "UTC": "UTC", "GMT": "UTC",
    "Z": "UTC", "MET": "Europe/Berlin", "CET": "Europe/Berlin", "JST": "Asia/Tokyo",
    "Eastern Standard Time": "America/New_York", "Central Standard Time": "America/Chicago",
    "Pacific Standard Time": "America/Los_Angeles", "Coordinated Universal Time": "UTC",
}  # fmt: skip
_MOMENT = re.compile(r"(\d{8})(-| +)(\d{2}:\d{2}:\d{2}) *(.*)", re.DOTALL)


def zone_of(name: str) -> ZoneInfo | None:
    """The zone a gateway means by ``name``; None for names nobody can place."""
    try:
        return ZoneInfo(_ZONES.get(name.strip(), name.strip()))
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError of these platforms
        return None
    except KeyError:
        return None


def parse_moment(text: str, *, local_zone: ZoneInfo | None = None) -> datetime | None:
    """A gateway's date-time as aware UTC; None when it cannot be placed on the time line.

    Epoch seconds; ``yyyyMMdd-HH:mm:ss`` is UTC; ``yyyyMMdd HH:mm:ss ZONE``; without a zone
    (gateways before version 174) it is in ``local_zone``, the gateway machine's.
    """
    text = text.strip()
    if text.isdigit() and len(text) > 8:
        return datetime.fromtimestamp(int(text), UTC)
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    day, separator, clock, zone_name = match.groups()
    naive = datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S")  # noqa: DTZ007
    if separator == "-" and not zone_name.strip():
        return naive.replace(tzinfo=UTC)
    zone = zone_of(zone_name) if zone_name.strip() else local_zone
    return None if zone is None else naive.replace(tzinfo=zone).astimezone(UTC)


def connection_zone(text: str) -> ZoneInfo | None:
    """The gateway machine's zone from ``yyyyMMdd HH:mm:ss <zone>``."""
    parts = text.split(" ", 2)
    return zone_of(parts[2]) if len(parts) == 3 else None


def to_ib_contract(contract: Contract) -> Any:
    """What the library wants; unknown fields stay at its defaults."""
    ib = IbContract()
    ib.conId = contract.con_id
    ib.symbol, ib.secType = contract.symbol, contract.sec_type
    ib.lastTradeDateOrContractMonth = contract.expiry
    if contract.strike is not None:
        ib.strike = float(contract.strike)
    ib.right = contract.right
    ib.multiplier = "" if contract.multiplier is None else str(contract.multiplier)
    ib.exchange, ib.primaryExchange = contract.exchange, contract.primary_exchange
    ib.currency, ib.localSymbol = contract.currency, contract.local_symbol
    ib.tradingClass = contract.trading_class
    return ib


def from_ib_contract(ib: Any, *, default_exchange: str = "") -> Contract:
    """A domain contract; the right ``?`` and the strike 0 of stocks become "" and None."""
    multiplier = to_decimal(ib.multiplier or None)
    expiry = str(ib.lastTradeDateOrContractMonth or "").split(" ")[0].split("-")[0]
    return Contract(
        symbol=ib.symbol,
        sec_type=ib.secType,
        exchange=ib.exchange or default_exchange,
        currency=ib.currency,
        primary_exchange=ib.primaryExchange or "",
        expiry=expiry if expiry.isdigit() else "",
        strike=to_decimal(ib.strike),
        right=parse_right(ib.right or ""),
        multiplier=None if multiplier is None else int(multiplier),
        con_id=int(ib.conId),
        trading_class=ib.tradingClass or "",
        local_symbol=ib.localSymbol or "",
    )


def from_ib_details(ib: Any) -> ContractDetails:
    """Contract details with their contract."""
    rules = [part for part in str(ib.marketRuleIds or "").split(",") if part.strip().isdigit()]
    return ContractDetails(
        contract=from_ib_contract(ib.contract),
        min_tick=to_decimal(ib.minTick) or None,
        long_name=ib.longName or "",
        time_zone=ib.timeZoneId or "",
        trading_hours=ib.tradingHours or "",
        liquid_hours=ib.liquidHours or "",
        under_con_id=int(ib.underConId or 0),
        valid_exchanges=tuple(filter(None, str(ib.validExchanges or "").split(","))),
        market_rule_ids=tuple(int(rule) for rule in rules),
    )


def to_ib_order(ticket: OrderTicket, *, client_id: int) -> Any:
    """The library's order; the old generation's fatal defaults are switched off."""
    ib = IbOrder()
    ib.clientId = client_id
    ib.action, ib.orderType, ib.tif = ticket.action, ticket.order_type, ticket.tif
    ib.totalQuantity = ticket.quantity
    if ticket.limit_price is not None:
        ib.lmtPrice = float(ticket.limit_price)
    if ticket.aux_price is not None:
        ib.auxPrice = float(ticket.aux_price)
    ib.outsideRth, ib.transmit = ticket.outside_rth, ticket.transmit
    ib.account, ib.parentId = ticket.account, ticket.parent_id
    ib.ocaGroup, ib.ocaType = ticket.oca_group, ticket.oca_type
    ib.orderRef = ticket.order_ref
    ib.eTradeOnly = False  # 9.81 sends True, gateways answer 10268
    ib.firmQuoteOnly = False
    return ib


def from_ib_order(ib: Any) -> OrderTicket | None:
    """The ticket an openOrder echoes; None without quantity, and for kinds this bot never sends."""
    limit, aux = to_decimal(ib.lmtPrice), to_decimal(ib.auxPrice)
    quantity = to_decimal(ib.totalQuantity)
    if quantity is None:
        return None
    try:
        return OrderTicket(
            action=ib.action,
            quantity=quantity,
            order_type=ib.orderType,
            limit_price=limit,
            aux_price=aux,
            tif=ib.tif or "DAY",
            outside_rth=bool(ib.outsideRth),
            account=ib.account or "",
            parent_id=int(ib.parentId or 0),
            oca_group=ib.ocaGroup or "",
            oca_type=int(ib.ocaType or 0),
            order_ref=ib.orderRef or "",
        )
    except ValueError:
        return None


def from_ib_execution(contract: Any, ib: Any, *, local_zone: ZoneInfo | None) -> Execution:
    """One fill; BOT and SLD become BUY and SELL.

    Raises:
        ValueError: no quantity or no price.
    """
    quantity, price = to_decimal(ib.shares), to_decimal(ib.price)
    if quantity is None or price is None:
        raise ValueError(f"execution {ib.execId} has no quantity or no price")
    side: Action = "BUY" if str(ib.side).upper() in ("BOT", "BUY") else "SELL"
    return Execution(
        exec_id=ib.execId,
        order_id=int(ib.orderId),
        perm_id=int(ib.permId),
        contract=from_ib_contract(contract),
        side=side,
        quantity=quantity,
        price=price,
        time=parse_moment(str(ib.time), local_zone=local_zone),
        account=ib.acctNumber or "",
        exchange=ib.exchange or "",
        client_id=int(ib.clientId),
        order_ref=ib.orderRef or "",
    )


def from_ib_bar(ib: Any, *, local_zone: ZoneInfo | None) -> Bar:
    """One bar. ``date`` is epoch seconds, or ``yyyyMMdd`` for daily and longer bars.

    Raises:
        ValueError: a date or price that is none.
    """
    text = str(ib.date).strip()
    if text.isdigit() and len(text) == 8:
        day = datetime.strptime(text, "%Y%m%d")  # noqa: DTZ007
        start: datetime | None = day.replace(tzinfo=EXCHANGE_ZONE)
    else:
        start = parse_moment(text, local_zone=local_zone)
    prices = [to_decimal(value) for value in (ib.open, ib.high, ib.low, ib.close)]
    if start is None or None in prices:
        raise ValueError(f"a bar dated {text!r} has no time or no price")
    open_, high, low, close = (price for price in prices if price is not None)
    count = int(getattr(ib, "barCount", -1))
    return Bar(
        start=start,
        open=open_,
        high=high,
        low=low,
        close=close,
        volume=to_decimal(ib.volume),
        wap=to_decimal(getattr(ib, "wap", None) if hasattr(ib, "wap") else ib.average),
        bar_count=count if 0 <= count < 2**31 - 1 else None,
    )
