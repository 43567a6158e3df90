"""Whether the exchange is open: by the configured hours, and by the hours the gateway lists."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from bot.broker.convert import zone_of
from bot.domain.contracts import ContractDetails


def closed_reason(now: datetime, hours, details: ContractDetails | None = None) -> str | None:
    """Return why the market counts as closed at ``now`` (aware); None when it is open.

    ``details`` are those of the underlying: their hours know holidays and half days.
    """
    local = now.astimezone(ZoneInfo(hours.timezone))
    regular, extended = hours.regular_trading_hours, hours.extended_hours
    first, last = regular.open, regular.close
    if extended.enabled:
        first, last = extended.pre_market_open, extended.after_hours_close
    said = f"the market is closed at {local:%a %Y-%m-%d %H:%M} {hours.timezone}"
    if local.weekday() >= 5 or not time.fromisoformat(first) <= local.time() < time.fromisoformat(
        last
    ):
        return f"{said}: configured are {first} to {last} on weekdays"
    if details is not None:
        listed = details.trading_hours if extended.enabled else details.liquid_hours
        if listed and not is_listed(now, listed, zone_name=details.time_zone or hours.timezone):
            return f"{said}: the gateway lists {listed.split(';')[0]}"
    return None


def is_listed(now: datetime, text: str, *, zone_name: str) -> bool:
    """Whether ``20260710:0930-20260710:1600;20260711:CLOSED`` covers ``now``."""
    zone = zone_of(zone_name)
    assert zone is not None, f"the gateway names a zone nobody knows: {zone_name!r}"
    for part in text.split(";"):
        first, dash, last = part.partition("-")
        if dash and _moment(first, zone) <= now < _moment(last, zone):
            return True
    return False


def _moment(text: str, zone: ZoneInfo) -> datetime:
    return datetime.strptime(text, "%Y%m%d:%H%M").replace(tzinfo=zone)
