"""Ticks 32, 33 and 84: letters of the exchanges with the best bid and ask, and of the last trade.

Letters are those of the exchange maps that message 81 names. Which exchanges they are no snapshot
knows: they are drawn from the price, and change with every fifth cent. Source: gateway-behaviour.md
2.3 ("Streaming, real time"). Knows no client.
"""

from __future__ import annotations

from typing import Final

from pytest_ibkr.sim.exchange_facts import BBO_OTHER, BBO_STOCK, LETTERS_OF
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.quotes import Quote
from pytest_ibkr.sim.underlying_quotes import mixed
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.market_data import TickString

BID_EXCHANGE, ASK_EXCHANGE, LAST_EXCHANGE = 32, 33, 84
_PLACES_A_DOLLAR: Final = 20
_MOST: Final = 6  # exchanges that show a best price at the same time
_KEYS: Final = {"STK": BBO_STOCK, "OPT": BBO_OTHER}


class ExchangeTicks:
    """The exchange ticks of one live stream; empty for what trades in one place."""

    def __init__(self, instrument: Instrument, request_id: int) -> None:
        self._instrument, self._request_id = instrument, request_id
        key = _KEYS.get(instrument.sec_type)
        self._letters = sorted(LETTERS_OF[key].values()) if key else []
        self._sent: dict[int, str] = {}

    def changes(self, quote: Quote) -> list[Message]:
        """What differs from what was sent; a side without a price keeps its letters."""
        if not self._letters:
            return []
        shown = (
            (BID_EXCHANGE, quote.bid, _MOST),
            (ASK_EXCHANGE, quote.ask, _MOST),
            (LAST_EXCHANGE, quote.last, 1),
        )
        found: list[Message] = []
        for tick, price, most in shown:
            if price is None:
                continue
            letters = self._drawn(tick, price, most=most)
            if self._sent.get(tick) != letters:
                self._sent[tick] = letters
                found.append(TickString(request_id=self._request_id, tick=tick, value=letters))
        return found

    def _drawn(self, tick: int, price: float, *, most: int) -> str:
        bits = mixed((int(price * _PLACES_A_DOLLAR) * 128 + tick) * 31 + self._instrument.con_id)
        count, bits = 1 + bits % most, bits >> 8
        chosen = {self._letters[(bits >> 8 * place) % len(self._letters)] for place in range(count)}
        return "".join(sorted(chosen))
