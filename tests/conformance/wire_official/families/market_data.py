"""Ticks, option computations, depth, tick-by-tick, real-time bars."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.conformance.wire_official.asking import Asked
from tests.conformance.wire_official.families.orders import DELTA_NEUTRAL
from tests.conformance.wire_official.reading import Heard, Judge, heard
from tests.conformance.wire_official.values import EPOCH, FLOATS, same

PRICED_WITH_SIZE = (1, 2, 4, 66, 67, 68)  # bid, ask, last and their delayed kinds


def size_of_a_price(ours: Any, args: dict[str, Any], tick: Any) -> bool:
    """The size of a price comes as a second callback, for quotes and trades only."""
    if "size" in args:
        return same(ours, args["size"])
    return tick.tick not in PRICED_WITH_SIZE


def bits(holder: str, *names: str) -> Judge:
    """A mask as flags of an attribute object, lowest bit first."""

    def judge(ours: int, args: dict[str, Any], _: Any) -> bool:
        flags = [getattr(args[holder], name) for name in names]
        return flags == [bool(ours >> at & 1) for at in range(len(names))]

    return judge


def tick_bits(ours: int, args: dict[str, Any], tick: Any) -> bool:
    """The mask of a tick-by-tick message, whichever kind it is."""
    if tick.kind == 3:
        return bits("tickAttribBidAsk", "bidPastLow", "askPastHigh")(ours, args, tick)
    return bits("tickAttribLast", "pastLimit", "unreported")(ours, args, tick)


def not_computed(argument: str, sentinel: float) -> Judge:
    """A number that is None, or the sentinel itself, where nothing was computed."""

    def judge(ours: float, args: dict[str, Any], _: Any) -> bool:
        theirs = args[argument]
        none = ours < 0 if argument == "impliedVol" else ours == sentinel
        return none if theirs is None else bool(theirs == ours)

    return judge


COMPUTED = {
    "implied_vol": ("impliedVol", -1.0),
    "delta": ("delta", -2.0),
    "option_price": ("optPrice", -1.0),
    "pv_dividend": ("pvDividend", -1.0),
    "gamma": ("gamma", -2.0),
    "vega": ("vega", -2.0),
    "theta": ("theta", -2.0),
    "under_price": ("undPrice", -1.0),
}
RESPONSES: dict[int, Heard] = {
    1: heard(
        "tickPrice",
        "priceSizeTick",
        judge={
            "size": size_of_a_price,
            "mask": bits("attrib", "canAutoExecute", "pastLimit", "preOpen"),
        },
        draw={
            "tick": st.sampled_from([*PRICED_WITH_SIZE, 6, 9]),
            "price": FLOATS.filter(bool),
            "mask": st.integers(0, 7),
        },
    ),
    # 111 is how 10.46 says that there is none.
    2: heard("tickSize", draw={"tick": st.integers(0, 110)}),
    12: heard("updateMktDepth"),
    13: heard("updateMktDepthL2"),
    21: heard(
        "tickOptionComputation",
        places={"attribute": "tickAttrib"},
        unsaid=("tickAttrib",),  # below 156
        judge={name: not_computed(*where) for name, where in COMPUTED.items()},
        draw={name: FLOATS | st.just(where[1]) for name, where in COMPUTED.items()},
    ),
    45: heard("tickGeneric"),
    46: heard("tickString"),
    47: heard(
        "tickEFP",
        places={
            "implied_future": "totalDividends",
            "future_expiry": "futureLastTradeDate",
            "dividends_to_expiry": "dividendsToLastTradeDate",
        },
    ),
    50: heard("realtimeBar"),
    56: heard("deltaNeutralValidation"),
    57: heard("tickSnapshotEnd"),
    58: heard("marketDataType"),
    81: heard("tickReqParams"),
    91: heard("rerouteMktDataReq"),
    92: heard("rerouteMktDepthReq"),
    99: heard(
        "tickByTickAllLast",
        "tickByTickBidAsk",
        "tickByTickMidPoint",
        places={"bid": "bidPrice", "ask": "askPrice"},
        judge={
            "kind": lambda ours, args, _: args.get("tickType", ours) == ours,
            "mask": tick_bits,
        },
        draw={"kind": st.sampled_from([1, 2, 3, 4]), "mask": st.integers(0, 3), "at_s": EPOCH},
    ),
}
REQUESTS: dict[int, Asked] = {
    1: Asked(places={**DELTA_NEUTRAL, "delta_neutral": "", "generic_ticks": "genericTickList"}),
    10: Asked(places={"rows": "numRows"}),
    50: Asked(places={"bar_size_s": "barSize"}),
    97: Asked(places={"kind": "tickType"}),
}
