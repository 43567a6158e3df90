"""Account values, portfolio, positions, summaries, P&L, advisor data."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.conformance.wire_official.asking import Asked
from tests.conformance.wire_official.reading import Heard, heard
from tests.conformance.wire_official.values import MONEY

PORTFOLIO_NUMBERS = (
    *("market_price", "market_value", "average_cost", "unrealized_pnl", "realized_pnl"),
)
RESPONSES: dict[int, Heard] = {
    6: heard("updateAccountValue"),
    7: heard(
        "updatePortfolio",
        # ib_async raises on an empty number.
        draw=dict.fromkeys(PORTFOLIO_NUMBERS, MONEY),
    ),
    8: heard("updateAccountTime", places={"hh_mm": "timeStamp"}),
    16: heard("receiveFA"),
    54: heard("accountDownloadEnd"),
    61: heard("position"),
    62: heard("positionEnd"),
    63: heard("accountSummary"),
    64: heard("accountSummaryEnd"),
    71: heard("positionMulti"),
    72: heard("positionMultiEnd"),
    73: heard("accountUpdateMulti"),
    74: heard("accountUpdateMultiEnd"),
    77: heard("softDollarTiers"),
    78: heard("familyCodes", places={"codes": "familyCodes"}),
    94: heard("pnl"),
    95: heard("pnlSingle"),
    103: heard("replaceFAEnd"),
}
# From 177 on the client refuses to ask for profiles, 2.
_KINDS = {"data_type": st.sampled_from([1, 3])}
REQUESTS: dict[int, Asked] = {18: Asked(draw=_KINDS), 19: Asked(draw=_KINDS)}
