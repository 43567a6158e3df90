"""What can be quoted and traded: one value per contract, made from a snapshot's blocks and rows.

May import wire and snapshot; knows nothing of prices and clients.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pytest_ibkr.snapshot.model import SymbolBlock
from pytest_ibkr.snapshot.rows import OptionRow
from pytest_ibkr.wire.messages.contract import Contract

STOCK_EXCHANGES: Final = (  # as captured 2026-01-02 for SPY
    "SMART,AMEX,NYSE,CBOE,PHLX,ISE,CHX,ARCA,NASDAQ,DRCTEDGE,BEX,BATS,EDGEA,BYX,IEX,EDGX,FOXRIVER,"
    "PEARL,NYSENAT,LTSE,MEMX,IBEOS,OVERNIGHT,TPLUS0,PSX,T24X"
)
OPTION_EXCHANGES: Final = (
    "SMART,AMEX,CBOE,PHLX,PSE,ISE,BOX,BATS,NASDAQOM,CBOE2,NASDAQBX,MIAX,GEMINI,EDGX,MERCURY,PEARL,"
    "EMERALD,MEMX,SAPPHIRE"
)
UNREPORTED: Final = frozenset({"CASH", "CFD"})
_ZONES: Final = {"America/New_York": "US/Eastern", "America/Chicago": "US/Central"}
_PENNY_CLASSES: Final = frozenset({"SPY", "QQQ", "IWM"})


@dataclass(frozen=True, slots=True, eq=False)
class Instrument:
    """One thing that can be quoted and traded; one object per contract id.

    ``expiry`` is ``YYYYMMDD`` or empty, ``strike`` dollars (0.0 for no option), ``multiplier``
    units per contract (0 for what has none), ``min_tick`` dollars, ``under_con_id`` 0 for what is
    written on nothing, ``listing`` what market-data errors print after the symbol (``ARCA``,
    ``NASDAQ.NMS``), ``time_zone`` the zone name as the gateway prints it (``US/Eastern``),
    ``penny`` whether every price of an option class moves in cents, ``nickel`` whether it moves
    in 0.05 below $3 and in 0.10 from there on (cash-settled index options).

    ``family`` names whose prices it moves with; empty: its symbol's. ``quote_tick`` is what
    quotes move in where that is finer than what orders may (0.0: ``min_tick``), ``expiry_time``
    what contract details print after an expiry, ``contract_month`` and ``real_expiry`` what they
    print where the expiry does not tell it, ``am_settled`` an option that ends at the next
    opening, ``expired`` a future that is over, ``synthetic`` what no snapshot has.
    """

    con_id: int
    symbol: str
    sec_type: str
    expiry: str
    strike: float
    right: str
    multiplier: int
    exchange: str
    primary_exchange: str
    currency: str
    local_symbol: str
    trading_class: str
    min_tick: float
    long_name: str
    stock_type: str
    under_con_id: int
    listing: str
    time_zone: str
    valid_exchanges: str
    penny: bool
    nickel: bool = False
    family: str = ""
    quote_tick: float = 0.0
    expiry_time: str = ""
    contract_month: str = ""
    real_expiry: str = ""
    am_settled: bool = False
    expired: bool = False
    synthetic: bool = False

    @property
    def traded(self) -> bool:
        """Whether trades are reported; currency pairs and CFDs have quotes alone."""
        return self.sec_type not in UNREPORTED

    @property
    def prices(self) -> str:
        """Key of the path, quoter and chain it belongs to."""
        return self.family or self.symbol

    @property
    def series(self) -> str:
        """Key of an option's expiry: the day, marked where it ends at the next opening."""
        return f"{self.expiry}A" if self.am_settled else self.expiry

    def contract(self, *, exchange: str | None = None) -> Contract:
        """The contract as messages carry it.

        Args:
            exchange: Printed instead of the instrument's own; positions of options print "".
        """
        return Contract(
            con_id=self.con_id,
            symbol=self.symbol,
            sec_type=self.sec_type,
            expiry=self.expiry,
            strike=self.strike,
            right=self.right,
            multiplier=str(self.multiplier) if self.multiplier else "",
            exchange=self.exchange if exchange is None else exchange,
            currency=self.currency,
            local_symbol=self.local_symbol,
            trading_class=self.trading_class,
        )


def from_block(block: SymbolBlock) -> Instrument:
    """The stock or index of a snapshot's block."""
    index = block.sec_type == "IND"
    listing = block.primary_exchange or block.exchange
    if listing == "NASDAQ":
        listing = f"NASDAQ.{block.trading_class}"
    return Instrument(
        con_id=block.con_id,
        symbol=block.symbol,
        sec_type=block.sec_type,
        expiry="",
        strike=0.0,
        right="",
        multiplier=0,
        exchange=block.exchange,
        primary_exchange=block.primary_exchange,
        currency=block.currency,
        local_symbol=block.local_symbol,
        trading_class=block.trading_class,
        min_tick=block.min_tick,
        long_name=block.long_name,
        stock_type=block.stock_type,
        under_con_id=0,
        listing=listing,
        time_zone=_ZONES.get(block.time_zone, block.time_zone),
        valid_exchanges=block.exchange if index else STOCK_EXCHANGES,
        penny=True,
    )


def osi_symbol(row: OptionRow, expiry: str) -> str:
    """The padded 21-character symbol of an option."""
    return f"{row.trading_class:<6}{expiry[2:]}{row.right}{round(row.strike * 1000):08d}"


def from_row(underlying: Instrument, row: OptionRow) -> Instrument:
    """The equity option of a captured row."""
    return Instrument(
        con_id=row.con_id,
        symbol=row.symbol,
        sec_type="OPT",
        expiry=row.expiry,
        strike=row.strike,
        right=row.right,
        multiplier=row.multiplier,
        exchange="SMART",
        primary_exchange="",
        currency=underlying.currency,
        local_symbol=osi_symbol(row, row.expiry),
        trading_class=row.trading_class,
        min_tick=0.01,
        long_name=underlying.long_name,
        stock_type="",
        under_con_id=underlying.con_id,
        listing="OPRA",
        time_zone="US/Eastern",
        valid_exchanges=OPTION_EXCHANGES,
        penny=row.trading_class in _PENNY_CLASSES,
    )
