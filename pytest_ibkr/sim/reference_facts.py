"""What contract details say beyond the snapshot: order types, exchanges, rules, industries.

Facts as captured from a gateway for SPY on 2026-01-02; pure data and lookups, imports contracts.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.market_rules import rule_of

STOCK_ORDER_TYPES: Final = (
    "ACTIVETIM,AD,ADDONT,ADJUST,ALERT,ALGO,ALLOC,AON,AVGCOST,BASKET,BENCHPX,CASHQTY,COND,CONDORDER,"
    "DARKONLY,DARKPOLL,DAY,DEACT,DEACTDIS,DEACTEOD,DIS,DUR,GAT,GTC,GTD,GTT,HID,IBKRATS,ICE,IOC,LIT,"
    "LMT,LOC,MIDPX,MIT,MKT,MOC,MTL,NGCOMB,NODARK,NONALGO,OCA,OPG,OPGREROUT,PEGBENCH,PEGMID,POSTATS,"
    "POSTONLY,PREOPGRTH,PRICECHK,REL,REL2MID,RELPCTOFS,RTH,SCALE,SCALEODD,SCALERST,SIZECHK,SMARTSTG,"
    "SNAPMID,SNAPMKT,SNAPREL,STP,STPLMT,SWEEP,TRAIL,TRAILLIT,TRAILLMT,TRAILMIT,WHATIF"
)
OPTION_ORDER_TYPES: Final = (
    "ACTIVETIM,AD,ADJUST,ALERT,ALLOC,AVGCOST,BASKET,COND,CONDORDER,DAY,DEACT,DEACTDIS,DEACTEOD,"
    "GAT,GTC,GTD,GTT,HID,ICE,IOC,LIT,LMT,MIT,MKT,MTL,NGCOMB,NONALGO,OCA,OPENCLOSE,PEGMIDVOL,"
    "PEGMKTVOL,PEGPRMVOL,PEGSRFVOL,PRICECHK,REL,RELPCTOFS,SCALE,SCALERST,SIZECHK,SNAPMID,SNAPMKT,"
    "SNAPREL,STP,STPLMT,TRAIL,TRAILLIT,TRAILLMT,TRAILMIT,VOLAT,WHATIF"
)
# Not captured: what order types this simulator works, in the notation of the captured lists.
FUTURE_ORDER_TYPES: Final = "ACTIVETIM,DAY,GTC,IOC,LMT,MKT,OCA,RTH,STP,STPLMT,TRAIL,WHATIF"
_PARAMETER_EXCHANGES: Final = (  # of an option chain; SMART among them, the order is arbitrary
    *("CBOE2", "MIAX", "PSE", "PHLX", "SMART", "AMEX", "EDGX", "NASDAQOM", "ISE", "GEMINI"),
    *("CBOE", "BOX"),
)
_INDEX_PARAMETER_EXCHANGES: Final = ("CBOE", "SMART")  # cash-settled options have one exchange
_INDUSTRIES: Final = {"AAPL": ("Technology", "Computers", "Computers")}
_FRACTION: Final = Decimal("0.0001")  # smallest stock size, as captured
_ROUND_LOTS: Final = {"SPY": 40}  # suggested size increment; 100 for other stocks


def order_types(instrument: Instrument) -> str:
    """Order types an instrument takes, comma-joined."""
    by_type = {
        "STK": STOCK_ORDER_TYPES,
        "OPT": OPTION_ORDER_TYPES,
        "FUT": FUTURE_ORDER_TYPES,
    }
    return by_type.get(instrument.sec_type, "")  # the others take no orders here


def parameter_exchanges(underlying: Instrument) -> tuple[str, ...]:
    """Exchanges that list an underlying's options, in the order they are told."""
    index = underlying.sec_type == "IND"
    return _INDEX_PARAMETER_EXCHANGES if index else _PARAMETER_EXCHANGES


def market_rules(instrument: Instrument) -> str:
    """One market rule id per valid exchange, comma-joined."""
    rule = rule_of(instrument)
    return ",".join([str(rule)] * len(instrument.valid_exchanges.split(",")))


def industry(instrument: Instrument) -> tuple[str, str, str]:
    """Industry, category, subcategory; empty where they are not known."""
    return _INDUSTRIES.get(instrument.symbol, ("", "", ""))


def size_rules(instrument: Instrument) -> tuple[Decimal, Decimal, Decimal]:
    """Smallest size, size increment, suggested increment."""
    if instrument.sec_type == "STK":
        return _FRACTION, _FRACTION, Decimal(_ROUND_LOTS.get(instrument.symbol, 100))
    return Decimal(1), Decimal(1), Decimal(1)
