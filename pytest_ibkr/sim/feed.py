"""What a client is shown of a market: live, frozen or delayed data; pure, imports the market.

Outside the session nobody bids or asks: the price is -1 with size 0, unless frozen data was asked
for, which stands where the last session closed. Source: gateway-behaviour.md 2.3 ("Field facts").
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.quotes import Quote

if TYPE_CHECKING:
    from pytest_ibkr.sim.market import Market

DELAY_S: Final = 900.0  # delayed data is 15 minutes old


@dataclass(frozen=True, slots=True)
class Feed:
    """The market data type announced in message 58, and whether it holds the last quotes."""

    data_type: int
    holds_last: bool = False

    @property
    def delayed(self) -> bool:
        """Whether it is 15 minutes old."""
        return self.data_type > 2

    @property
    def lag_s(self) -> float:
        """Age of what is shown, seconds."""
        return DELAY_S if self.delayed else 0.0

    def shown(self, market: Market, instrument: Instrument, at_s: float) -> tuple[Quote, float]:
        """The quote to show at a moment of the market, and the moment it is of."""
        if self.holds_last:
            at_s = market.last_quoted_s(at_s)
        quote = market.quote(instrument, at_s)
        if not (self.holds_last or market.is_open(at_s)):
            quote = replace(quote, bid=None, ask=None, bid_size=None, ask_size=None)
        return quote, at_s
