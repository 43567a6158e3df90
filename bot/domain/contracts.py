"""Instruments: what a symbol, expiry, strike and right mean. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from bot.domain.numbers import Number, to_decimal

Right = Literal["C", "P", ""]
_RIGHTS: dict[str, Right] = {"C": "C", "CALL": "C", "P": "P", "PUT": "P", "": "", "?": "", "0": ""}


def parse_right(text: str) -> Right:
    """``C``, ``P`` or ``""`` from C/CALL/P/PUT in any case.

    Raises:
        ValueError: any other text.
    """
    try:
        return _RIGHTS[text.strip().upper()]
    except KeyError:
        raise ValueError(f"right {text!r} is neither C/CALL nor P/PUT") from None


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """One instrument. Unknown text is ``""``, an unknown ``con_id`` is 0, numbers are None.

    ``expiry`` is ``YYYYMMDD``; ``strike`` dollars per share; ``multiplier`` shares per
    contract. ``right`` accepts CALL/PUT and is stored as C/P.
    """

    symbol: str
    sec_type: str = "STK"
    exchange: str = "SMART"
    currency: str = "USD"
    primary_exchange: str = ""
    expiry: str = ""
    strike: Decimal | None = None
    right: Right = ""
    multiplier: int | None = None
    con_id: int = 0
    trading_class: str = ""
    local_symbol: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "right", parse_right(self.right))
        strike = to_decimal(self.strike)
        object.__setattr__(self, "strike", strike or None)  # 0 is the vendor's "no strike"
        if self.sec_type == "OPT" and self.expiry and len(self.expiry) not in (6, 8):
            raise ValueError(f"expiry {self.expiry!r} is not YYYYMMDD")

    @property
    def key(self) -> tuple[object, ...]:
        """Everything that tells two requests apart: the cache key (never the symbol alone)."""
        return (
            self.symbol,
            self.sec_type,
            self.exchange,
            self.currency,
            self.primary_exchange,
            self.expiry,
            self.strike,
            self.right,
            self.multiplier,
            self.con_id,
            self.trading_class,
            self.local_symbol,
        )

    @property
    def label(self) -> str:
        """Short text for people: ``SPY``, ``SPY 20260220 600 C``."""
        if self.sec_type != "OPT":
            return self.symbol
        strike = "" if self.strike is None else f"{self.strike.normalize():f}"
        parts = (self.symbol, self.expiry, strike, self.right)
        return " ".join(part for part in parts if part)

    def days_to_expiry(self, today: date) -> int | None:
        """Calendar days from ``today`` (exchange date); None without a full expiry."""
        if len(self.expiry) != 8:
            return None
        return (date.fromisoformat(self.expiry) - today).days


def stock(symbol: str, *, primary_exchange: str = "", currency: str = "USD") -> Contract:
    """A stock or ETF routed SMART."""
    return Contract(symbol=symbol, primary_exchange=primary_exchange, currency=currency)


def index(symbol: str, *, exchange: str = "CBOE", currency: str = "USD") -> Contract:
    """A cash index such as VIX on CBOE."""
    return Contract(symbol=symbol, sec_type="IND", exchange=exchange, currency=currency)


def option(
    symbol: str,
    expiry: str,
    strike: Number,
    *,
    right: str,
    multiplier: int = 100,
    trading_class: str = "",
    exchange: str = "SMART",
) -> Contract:
    """An equity option; ``expiry`` is YYYYMMDD, ``right`` one of C, P, CALL, PUT."""
    return Contract(
        symbol=symbol,
        sec_type="OPT",
        exchange=exchange,
        expiry=expiry,
        strike=to_decimal(strike),
        right=parse_right(right),
        multiplier=multiplier,
        trading_class=trading_class,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class ContractDetails:
    """A qualified contract with what the exchange says about it.

    ``min_tick`` is the smallest increment of any band, dollars; the grid per price is
    the market rule (``market_rule_ids``, in the order of ``valid_exchanges``).
    """

    contract: Contract
    min_tick: Decimal | None = None
    long_name: str = ""
    time_zone: str = ""
    trading_hours: str = ""
    liquid_hours: str = ""
    under_con_id: int = 0
    valid_exchanges: tuple[str, ...] = ()
    market_rule_ids: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionParameters:
    """One exchange and trading class of an underlying: the grid of listed options.

    Not every strike exists for every expiry ("phantom strikes"): qualify before use.
    """

    exchange: str
    under_con_id: int
    trading_class: str
    multiplier: int | None
    expirations: tuple[str, ...] = field(default=())
    strikes: tuple[Decimal, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class PriceIncrement:
    """From ``low_edge`` dollars upward, prices move in steps of ``increment`` dollars."""

    low_edge: Decimal
    increment: Decimal
