"""Quotes, greeks and bars: unknown is None whatever the vendor sent. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

from bot.domain.numbers import to_greek, to_price, to_size, to_volatility

TimeSource = Literal["exchange", "local"]
_PRICES = ("last", "bid", "ask", "high", "low", "close", "open")
_SIZES = ("bid_size", "ask_size", "last_size", "volume")
DELAYED_TYPES = frozenset({3, 4})


def _require_aware(moment: datetime, name: str) -> None:
    if moment.tzinfo is None:
        raise ValueError(f"{name} must be an aware datetime, got the naive {moment!r}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Greeks:
    """The vendor's model computation, per share. ``iv`` is a decimal fraction (0.25).

    The vendor's -2 (greeks) and negative values (iv, prices) mean "not computed": None.
    """

    iv: Decimal | None = None
    delta: Decimal | None = None
    gamma: Decimal | None = None
    vega: Decimal | None = None
    theta: Decimal | None = None
    option_price: Decimal | None = None
    underlying_price: Decimal | None = None
    pv_dividend: Decimal | None = None

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "iv", to_volatility(self.iv))
        for name in ("delta", "gamma", "vega", "theta"):
            put(self, name, to_greek(getattr(self, name)))
        for name in ("option_price", "underlying_price", "pv_dividend"):
            put(self, name, to_price(getattr(self, name)))

    @property
    def is_complete(self) -> bool:
        """True when IV and all four greeks are known."""
        return None not in (self.iv, self.delta, self.gamma, self.vega, self.theta)


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """Top of book at one instant; dollars per share, sizes in contracts or shares.

    -1, -2, NaN and unset numbers become None; a zero bid is a real bid and stays 0.
    ``time`` is aware UTC: the exchange's last-trade stamp when ``time_source`` is
    "exchange", else the moment the last tick arrived here. An exchange stamp is that of the
    last *trade*: for options, which trade rarely, judge freshness by ``received_at``, the
    moment of the last tick. ``market_data_type``: 1 live, 2 frozen, 3 delayed,
    4 delayed-frozen, None not announced.
    """

    time: datetime
    time_source: TimeSource = "local"
    last: Decimal | None = None
    bid: Decimal | None = None
    ask: Decimal | None = None
    bid_size: Decimal | None = None
    ask_size: Decimal | None = None
    last_size: Decimal | None = None
    volume: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    close: Decimal | None = None
    open: Decimal | None = None
    market_data_type: int | None = None
    greeks: Greeks | None = None
    received_at: datetime | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _require_aware(self.time, "Quote.time")
        put = object.__setattr__
        put(self, "time", self.time.astimezone(UTC))
        for name in _PRICES:
            put(self, name, to_price(getattr(self, name)))
        for name in _SIZES:
            put(self, name, to_size(getattr(self, name)))

    def age_s(self, now: datetime) -> float:
        """Seconds from ``time`` to ``now``; negative when the quote is from the future."""
        return (now - self.time).total_seconds()

    @property
    def is_two_sided(self) -> bool:
        """Both sides known and an offer above zero; a zero bid counts as a side."""
        return self.bid is not None and self.ask is not None and self.ask > 0

    @property
    def is_locked(self) -> bool:
        """Bid equals ask: legal, and worth a flag."""
        return self.is_two_sided and self.bid == self.ask

    @property
    def is_crossed(self) -> bool:
        """Bid above ask: not a market to trade on."""
        return self.bid is not None and self.ask is not None and self.bid > self.ask

    @property
    def is_delayed(self) -> bool:
        """True when the gateway announced delayed or delayed-frozen data."""
        return self.market_data_type in DELAYED_TYPES

    @property
    def mid(self) -> Decimal | None:
        """Halfway between bid and ask; None unless two-sided and not crossed."""
        if self.bid is None or self.ask is None or not self.is_two_sided or self.is_crossed:
            return None
        return (self.bid + self.ask) / 2

    @property
    def spread(self) -> Decimal | None:
        """Ask minus bid in dollars per share; None unless two-sided."""
        if self.bid is None or self.ask is None or not self.is_two_sided:
            return None
        return self.ask - self.bid

    @property
    def iv(self) -> Decimal | None:
        """Model implied volatility, decimal fraction."""
        return None if self.greeks is None else self.greeks.iv

    @property
    def delta(self) -> Decimal | None:
        """Model delta per share."""
        return None if self.greeks is None else self.greeks.delta

    @property
    def gamma(self) -> Decimal | None:
        """Model gamma per share."""
        return None if self.greeks is None else self.greeks.gamma

    @property
    def vega(self) -> Decimal | None:
        """Model vega per share."""
        return None if self.greeks is None else self.greeks.vega

    @property
    def theta(self) -> Decimal | None:
        """Model theta per share and day."""
        return None if self.greeks is None else self.greeks.theta


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One historical bar; ``start`` is aware. Daily bars start at midnight New York.

    ``volume`` counts shares or contracts. It, ``wap`` and ``bar_count`` are None where the
    source has none (MIDPOINT, BID, ASK).
    """

    start: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None = None
    wap: Decimal | None = None
    bar_count: int | None = None

    def __post_init__(self) -> None:
        _require_aware(self.start, "Bar.start")
        object.__setattr__(self, "volume", to_size(self.volume))
        object.__setattr__(self, "wap", to_price(self.wap))
        if self.bar_count is not None and self.bar_count < 0:
            object.__setattr__(self, "bar_count", None)
