"""What a made-up instrument is and where its prices come from; plain values.

May import the snapshot's ids and instruments. All that is listed here is synthetic.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from pytest_ibkr.sim.instruments import UNREPORTED, Instrument
from pytest_ibkr.snapshot.con_ids import FIRST_MADE_UP

# Above the broker's ids of 2026, below the made-up ids of a snapshot's options.
FIRST_LISTED: Final = FIRST_MADE_UP - 2**24
_OPTIONS_FROM: Final = FIRST_LISTED + 2**20


@dataclass(frozen=True, slots=True)
class Follows:
    """Prices that follow a symbol of the snapshot: ``ratio`` times its price.

    ``carry`` is what a future is dearer, a year before ``until`` (``YYYYMMDD``), as a continuous
    rate; ``volume_share`` contracts per share traded.
    """

    symbol: str
    ratio: float
    carry: float = 0.0
    until: str = ""
    volume_share: float = 0.0

    def __str__(self) -> str:
        carry = f" with a carry of {self.carry:.1%} a year" if self.carry else ""
        return f"{self.symbol} x {self.ratio:g}{carry}"


@dataclass(frozen=True, slots=True)
class Walks:
    """Prices of a seeded random walk that is at ``price`` at the captured instant.

    ``yearly_vol`` is a decimal fraction; 0.0 stands still. ``day_volume`` units; None: unknown.
    """

    price: float
    yearly_vol: float = 0.0
    day_volume: int | None = None

    def __str__(self) -> str:
        if not self.yearly_vol:
            return f"stands at {self.price:g}"
        return f"a seeded walk to {self.price:g}, {self.yearly_vol:.0%} a year"


@dataclass(frozen=True, slots=True)
class Bond:
    """What message 18 says of a bond. Dates ``YYYYMMDD``, ``coupon`` percent a year."""

    cusip: str
    coupon: float
    maturity: str
    issue_date: str
    ratings: str
    bond_type: str
    issuer_id: str


@dataclass(frozen=True, slots=True)
class Listing:
    """One made-up instrument; meanings and units as in :class:`Instrument`.

    ``spread`` is dollars between bid and ask, None for what is only published (an index);
    ``size`` what is displayed at each; ``underlying`` the family, or the snapshot's symbol, it is
    written on; ``options`` whether the options of what it follows are listed on it, scaled.
    """

    family: str
    symbol: str
    sec_type: str
    source: Follows | Walks
    exchange: str
    currency: str
    local_symbol: str
    trading_class: str
    long_name: str
    min_tick: float
    time_zone: str
    spread: float | None
    con_id: int = 0
    quote_tick: float = 0.0
    size: int = 0
    multiplier: int = 0
    valid_exchanges: str = ""
    primary_exchange: str = ""
    stock_type: str = ""
    expiry: str = ""
    expiry_time: str = ""
    contract_month: str = ""
    expired: bool = False
    underlying: str = ""
    options: bool = False
    bond: Bond | None = None

    @property
    def id(self) -> int:
        """Its contract id: the one given, else one made from its family."""
        return self.con_id or listed_con_id(self.family)

    @property
    def traded(self) -> bool:
        """Whether trades are reported."""
        return self.sec_type not in UNREPORTED

    def instrument(self, *, under_con_id: int = 0) -> Instrument:
        """The instrument it lists.

        Args:
            under_con_id: of what it is written on, where a snapshot has that.
        """
        if self.underlying and not under_con_id:
            under_con_id = listed_con_id(self.underlying)
        return Instrument(
            con_id=self.id,
            symbol=self.symbol,
            sec_type=self.sec_type,
            expiry=self.expiry,
            strike=0.0,
            right="",
            multiplier=self.multiplier,
            exchange=self.exchange,
            primary_exchange=self.primary_exchange,
            currency=self.currency,
            local_symbol=self.local_symbol,
            trading_class=self.trading_class,
            min_tick=self.min_tick,
            long_name=self.long_name,
            stock_type=self.stock_type,
            under_con_id=under_con_id,
            listing=self.primary_exchange or self.exchange,
            time_zone=self.time_zone,
            valid_exchanges=self.valid_exchanges or self.exchange,
            penny=True,
            family=self.family,
            quote_tick=self.quote_tick,
            expiry_time=self.expiry_time,
            contract_month=self.contract_month,
            expired=self.expired,
            synthetic=True,
        )


def listed_con_id(family: str) -> int:
    """A contract id in ``[2**30 - 2**24, 2**30 - 2**24 + 2**20)``, the same on every day."""
    return FIRST_LISTED + _hashed(family) % 2**20


def listed_option_con_id(key: str, taken: set[int]) -> int:
    """A contract id below 2**30 for an option on something made up, none of ``taken``."""
    space = FIRST_MADE_UP - _OPTIONS_FROM
    place = _hashed(key) % space
    while _OPTIONS_FROM + place in taken:
        place = (place + 1) % space
    taken.add(_OPTIONS_FROM + place)
    return _OPTIONS_FROM + place


def _hashed(text: str) -> int:
    digest = hashlib.blake2b(text.encode(), digest_size=8, person=b"ibkr-listing").digest()
    return int.from_bytes(digest, "big")
