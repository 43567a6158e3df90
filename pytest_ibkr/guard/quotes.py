"""Prices of contracts as they pass downward: what an order can be worth is judged by them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.market_data import (
    MarketDataType,
    ReqMarketData,
    TickPrice,
    TickSize,
)
from pytest_ibkr.wire.messages.tick_by_tick import BID_ASK, ReqTickByTick, TickByTick

Key = int | tuple[str, ...]

BID, ASK = 1, 2
# Tick type of a price: which side it is of. The delayed ones are prices, never fresh ones.
_SIDES: Final = {BID: BID, ASK: ASK, 66: BID, 67: ASK}
_DELAYED: Final = frozenset({66, 67})
_SIZES: Final = {0: BID, 3: ASK}  # a new size says that the price beside it still stands
_LIVE_DATA = 1


@dataclass(slots=True)
class _Side:
    price: Decimal | None = None
    fresh_at_s: float = -math.inf


def keys(contract: Contract) -> list[Key]:
    """What a contract is known by: its id, and its description where it says enough."""
    found: list[Key] = [contract.con_id] if contract.con_id else []
    option = (contract.expiry, str(contract.strike), contract.right[:1].upper())
    described = contract.sec_type == "STK" or (contract.sec_type == "OPT" and all(option))
    if contract.symbol and contract.currency and described:
        named = (contract.symbol, contract.sec_type, contract.currency)
        found.append(named if contract.sec_type == "STK" else named + option)
    return found


class QuoteBoard:
    """Bid and ask per contract; prices in dollars per share."""

    def __init__(self) -> None:
        self._asked: dict[tuple[int, int], list[Key]] = {}
        self._not_live: set[tuple[int, int]] = set()
        self._sides: dict[Key, dict[int, _Side]] = {}
        self._same: dict[Key, set[Key]] = {}

    def asked(self, connection: int, request: ReqMarketData | ReqTickByTick) -> None:
        """A connection's request for quotes was allowed.

        What comes belongs to the contract's id where it has one: a gateway goes by that, and what
        else the request says may be about something else.
        """
        request_id = (connection, request.request_id)
        self._asked[request_id] = keys(request.contract)[:1]
        self._not_live.discard(request_id)

    def told(self, contract: Contract) -> None:
        """The gateway itself said which id and description belong together."""
        for described in keys(contract)[1:]:
            self._same.setdefault(contract.con_id, set()).add(described)
            self._same.setdefault(described, set()).add(contract.con_id)

    def forget(self, connection: int) -> None:
        """The connection is gone, and its request ids mean nothing any more."""
        self._asked = {key: held for key, held in self._asked.items() if key[0] != connection}
        self._not_live = {key for key in self._not_live if key[0] != connection}

    def seen(self, connection: int, tick: Message, now_s: float) -> None:
        """A message went down to a connection; what is no quote is passed over."""
        match tick:
            case TickPrice(tick=kind) if kind in _SIDES:
                live = kind not in _DELAYED
                self._price(connection, tick, _SIDES[kind], now_s if live else -math.inf)
            case TickSize(tick=kind) if kind in _SIZES:
                self._confirm(connection, tick.request_id, _SIZES[kind], now_s)
            case TickByTick(kind=kind) if kind == BID_ASK:
                for side, price in ((BID, tick.bid), (ASK, tick.ask)):
                    self._note((connection, tick.request_id), side, price, now_s)
            case MarketDataType() if tick.data_type != _LIVE_DATA:
                self._not_live.add((connection, tick.request_id))
            case MarketDataType():
                self._not_live.discard((connection, tick.request_id))

    def highest(self, contract: Contract) -> Decimal | None:
        """The highest price last seen of a contract, however old; None when there was none."""
        return max(self._prices(contract, -math.inf), default=None)

    def fresh(self, contract: Contract, *, since_s: float) -> Decimal | None:
        """The higher of bid and ask, both seen live since then; None without either of them."""
        prices = self._prices(contract, since_s)
        return max(prices) if len(prices) == len((BID, ASK)) else None

    def _prices(self, contract: Contract, since_s: float) -> list[Decimal]:
        known = next((self._sides[key] for key in self._names(contract) if key in self._sides), {})
        return [
            side.price
            for side in known.values()
            if side.price is not None and side.fresh_at_s >= since_s
        ]

    def _names(self, contract: Contract) -> list[Key]:
        """What an order means, then what the gateway says is the same and nothing else."""
        found = keys(contract)[:1]
        for key in tuple(found):
            same = self._same.get(key, set())
            found += same if len(same) == 1 else ()
        return found

    def _price(self, connection: int, tick: TickPrice, side: int, fresh_at_s: float) -> None:
        self._note((connection, tick.request_id), side, tick.price, fresh_at_s)

    def _note(
        self, request_id: tuple[int, int], side: int, price: float, fresh_at_s: float
    ) -> None:
        live = request_id not in self._not_live
        known = math.isfinite(price) and price > 0  # -1 says that there is no price
        for key in self._asked.get(request_id, ()):
            held = self._sides.setdefault(key, {}).setdefault(side, _Side())
            held.price = Decimal(str(price)) if known else None
            held.fresh_at_s = fresh_at_s if live else -math.inf

    def _confirm(self, connection: int, request_id: int, side: int, now_s: float) -> None:
        if (connection, request_id) in self._not_live:
            return
        for key in self._asked.get((connection, request_id), ()):
            held = self._sides.get(key, {}).get(side)
            if held is not None and held.fresh_at_s > -math.inf:
                held.fresh_at_s = now_s
