"""What each order type is: which prices it needs, what it waits for, how it works; pure data.

Which contract takes which type follows the order types of captured contract details
(``reference_facts``); how the types are worked follows gateway-behaviour.md 3.2 and 3.9.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from pytest_ibkr.sim import reference_facts

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import Instrument


@dataclass(frozen=True, slots=True)
class OrderType:
    """How one order type is worked.

    Attributes:
        listed: its name in the order types of contract details.
        limited: it needs a limit price and never trades beyond it.
        waits: for its stop to be reached, for a stop that trails, or for the market to touch it.
        pegged: where its price follows the market: the own side, or the middle.
        silent: it is taken without an echo (gateway-behaviour.md 3.2).
        at_close: it trades once, at the session's close.
    """

    listed: str
    limited: bool = False
    waits: Literal["", "stop", "trail", "touch"] = ""
    pegged: Literal["", "primary", "middle"] = ""
    silent: bool = False
    at_close: bool = False


TYPES: Final[dict[str, OrderType]] = {
    "MKT": OrderType("MKT"),
    "LMT": OrderType("LMT", limited=True),
    "STP": OrderType("STP", waits="stop"),
    "STP LMT": OrderType("STPLMT", limited=True, waits="stop"),
    "TRAIL": OrderType("TRAIL", waits="trail"),
    "TRAIL LIMIT": OrderType("TRAILLMT", waits="trail"),  # its limit trails along with the stop
    "MIT": OrderType("MIT", waits="touch"),
    "LIT": OrderType("LIT", limited=True, waits="touch"),
    "MOC": OrderType("MOC", silent=True, at_close=True),
    "LOC": OrderType("LOC", limited=True, silent=True, at_close=True),
    "MTL": OrderType("MTL"),
    "REL": OrderType("REL", pegged="primary"),
    "MIDPRICE": OrderType("MIDPX", pegged="middle"),
    "PEG MID": OrderType("PEGMID", silent=True),
    "PEG BEST": OrderType("IBKRATS", silent=True),
}
# Types the real gateway knows and this one does not work; anything else is no type at all.
KNOWN: Final = frozenset(TYPES) | frozenset(
    {"VOL", "MKT PRT", "STP PRT", "PEG BENCH", "PEG MKT", "PEG STK", "PEG PRIM", "SNAP MID"}
    | {"SNAP MKT", "SNAP PRIM", "BOX TOP", "PASSV REL", "RPI", "IBALGO"}
)
_SPELLINGS: Final = {
    "STPLMT": "STP LMT",
    "MKTPRT": "MKT PRT",
    "TRAILLIMIT": "TRAIL LIMIT",
    "PEGMID": "PEG MID",
    "PEGBEST": "PEG BEST",
    "MIDPX": "MIDPRICE",
}
LIMITED: Final = frozenset(name for name, each in TYPES.items() if each.limited)
TRIGGERED: Final = frozenset(name for name, each in TYPES.items() if each.waits)
STOPPED: Final = frozenset(name for name, each in TYPES.items() if each.waits in ("stop", "touch"))
TRAILING: Final = frozenset(name for name, each in TYPES.items() if each.waits == "trail")
PEGGED: Final = frozenset(name for name, each in TYPES.items() if each.pegged)
SILENT: Final = frozenset(name for name, each in TYPES.items() if each.silent)
AT_CLOSE: Final = frozenset(name for name, each in TYPES.items() if each.at_close)
TIFS: Final = frozenset({"DAY", "GTC", "IOC", "FOK", "GTD", "OPG"})
# Kept outside the session by what rests under a limit (gateway-behaviour.md 3.2, outsideRth).
KEEPS_HOURS: Final = frozenset({"LMT", "STP LMT", "TRAIL LIMIT", "LIT", "REL"})


def printed(order_type: str) -> str:
    """A type as IB prints it, whatever the client's spelling."""
    return _SPELLINGS.get(order_type, order_type)


def taken_by(order_type: str, instrument: Instrument) -> bool:
    """Whether orders of a type are taken for an instrument and worked here."""
    known = TYPES.get(order_type)
    if known is None:
        return False
    if instrument.sec_type == "BAG":
        return order_type in ("MKT", "LMT")
    return known.listed in reference_facts.order_types(instrument).split(",")


def takes_tif(tif: str, instrument: Instrument) -> bool:
    """Whether an instrument's orders may have a time in force.

    Nothing lists FOK: IB takes the order and its route refuses it.
    """
    if tif == "FOK" or instrument.sec_type == "BAG":
        return tif in ("FOK", "DAY", "GTC", "IOC", "GTD")
    return tif in reference_facts.order_types(instrument).split(",")
