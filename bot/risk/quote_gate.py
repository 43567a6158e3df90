"""Whether a quote is good enough to decide on; pure."""

from __future__ import annotations

from datetime import datetime

from bot.domain.quotes import Quote

MAX_CLOCK_DRIFT_S = 2.0
_LIVE = 1


def reasons_not_to_trade(
    quote: Quote, *, now: datetime, max_age_s: float, max_drift_s: float = MAX_CLOCK_DRIFT_S
) -> tuple[str, ...]:
    """Return every reason to keep hands off; empty when the quote is fit for a decision.

    Args:
        quote: what is known; unknown fields are None.
        now: the present, aware.
        max_age_s: oldest acceptable quote, seconds.
        max_drift_s: how far a quote may lie in the future before clocks are suspected.
    """
    reasons = []
    age_s = quote.age_s(now)
    if age_s > max_age_s:
        reasons.append(f"stale: {age_s:.1f} s old, at most {max_age_s:g} s accepted")
    if age_s < -max_drift_s:
        reasons.append(f"clock drift: the quote is {-age_s:.1f} s in the future; check NTP")
    if quote.bid is None or quote.bid <= 0:
        reasons.append("no bid")
    if quote.ask is None:
        reasons.append("no ask")
    if quote.is_crossed:
        reasons.append(f"crossed: bid {quote.bid} above ask {quote.ask}")
    if quote.market_data_type not in (None, _LIVE):
        reasons.append(f"not live: market data type {quote.market_data_type}")
    return tuple(reasons)
