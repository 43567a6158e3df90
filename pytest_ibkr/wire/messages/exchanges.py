"""Which exchanges there are: depth exchanges 82, smart components 83 and their answers.

Layouts from ``ibapi`` 9.81 and 10.46; none changes between server versions 151 and 200.
"""

from __future__ import annotations

from pytest_ibkr.wire.declare import (
    INT,
    MAX_INT,
    TEXT,
    Message,
    record,
    request,
    response,
    rows,
    wire,
)


@request(82, "reqMktDepthExchanges")
class ReqDepthExchanges(Message):
    """OUT 82."""


@request(83, "reqSmartComponents")
class ReqSmartComponents(Message):
    """OUT 83. ``bbo_exchange`` is the key of the exchange map that message 81 gave."""

    request_id: int = wire(INT)
    bbo_exchange: str = wire(TEXT)


@record
class DepthExchange:
    """One exchange with depth; ``service`` is Deep (rows) or Deep2 (rows with market makers)."""

    exchange: str = wire(TEXT)
    sec_type: str = wire(TEXT)
    listing_exchange: str = wire(TEXT, default="")
    service: str = wire(TEXT)
    agg_group: int | None = wire(MAX_INT, default=None)


@response(80)
class DepthExchanges(Message):
    """IN 80. No request id."""

    exchanges: tuple[DepthExchange, ...] = rows(DepthExchange)


@record
class SmartComponent:
    """Bit of an exchange in message 81's map, the exchange, its letter in exchange ticks."""

    bit: int = wire(INT)
    exchange: str = wire(TEXT)
    letter: str = wire(TEXT)


@response(82)
class SmartComponents(Message):
    """IN 82."""

    request_id: int = wire(INT)
    components: tuple[SmartComponent, ...] = rows(SmartComponent)
