"""Message 56: the delta-neutral contract of a market data request, with delta and price filled.

Delta and price the client left empty are the gateway's present ones. Imports the engine for types
only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.quotes import Quote
from pytest_ibkr.sim.refusal import unknown_contract
from pytest_ibkr.wire.messages.market_data import ReqMarketData
from pytest_ibkr.wire.messages.special_ticks import DeltaNeutralValidation

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine


def validation(
    engine: Engine, instrument: Instrument, request: ReqMarketData
) -> DeltaNeutralValidation:
    """The answer to a request with a delta-neutral contract.

    Raises:
        Refusal: 200 when that contract does not exist.
    """
    hedge = engine.world.book.by_id(request.delta_neutral_con_id)
    if hedge is None:
        raise unknown_contract()
    delta, price = request.delta_neutral_delta, request.delta_neutral_price
    if not delta:
        found = engine.market.computation(instrument, engine.now_s, "model")
        delta = found.delta if found is not None and found.delta is not None else 0.0
    if not price:
        price = _price(engine.market.quote(hedge, engine.now_s))
    return DeltaNeutralValidation(
        request_id=request.request_id, con_id=hedge.con_id, delta=delta, price=price
    )


def _price(quote: Quote) -> float:
    known = (quote.last, quote.close)
    if quote.bid is not None and quote.ask is not None:
        return round((quote.bid + quote.ask) / 2, 4)
    return next((price for price in known if price is not None), 0.0)
