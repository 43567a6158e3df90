"""Historical bars, their updates, head timestamps, histograms, ticks and schedules."""

from __future__ import annotations

from tests.conformance.wire_official.asking import Asked
from tests.conformance.wire_official.families.market_data import bits
from tests.conformance.wire_official.reading import Heard, heard
from tests.conformance.wire_official.values import EPOCH

RESPONSES: dict[int, Heard] = {
    17: heard(
        "historicalData",
        "historicalDataEnd",
        rows="bars",
        unsaid=("bar",),
    ),
    88: heard("headTimestamp", places={"moment": "headTimestamp"}),
    89: heard("histogramData", places={"steps": "items"}),
    90: heard("historicalDataUpdate"),
    96: heard(
        "historicalTicks", dropped={"ticks.unused": "read and dropped"}, draw={"at_s": EPOCH}
    ),
    97: heard(
        "historicalTicksBidAsk",
        places={
            "ticks.bid": "priceBid",
            "ticks.ask": "priceAsk",
            "ticks.bid_size": "sizeBid",
            "ticks.ask_size": "sizeAsk",
        },
        judge={"ticks.mask": bits("tickAttribBidAsk", "askPastHigh", "bidPastLow")},
        draw={"at_s": EPOCH},
    ),
    98: heard(
        "historicalTicksLast",
        judge={"ticks.mask": bits("tickAttribLast", "pastLimit", "unreported")},
        draw={"at_s": EPOCH},
    ),
    106: heard("historicalSchedule", places={"sessions.date": "refDate"}),
    108: heard("historicalDataEnd"),
}
REQUESTS: dict[int, Asked] = {
    20: Asked(places={"bar_size": "barSizeSetting", "duration": "durationStr"}),
    88: Asked(places={"period": "timePeriod"}),
}
