"""Which options there are on something: expiries and strikes by exchange and trading class.

Source: gateway-behaviour.md 2.2. Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_ibkr.sim import reference_facts
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.refusal import invalid, unknown_contract
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.contract import (
    OptionParameter,
    OptionParameterEnd,
    ReqOptionParameters,
    Strike,
    Text,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine


class OptionParameterDesk:
    """Answers the request for option parameters."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {ReqOptionParameters: self._parameters}

    def _parameters(self, client: Client, request: ReqOptionParameters) -> None:
        book = self._engine.world.book
        underlying = book.by_id(request.con_id)
        if not request.con_id or not request.symbol:
            raise invalid("The underlying contract id and symbol must be entered")
        if (
            underlying is None
            or underlying.symbol != request.symbol
            or underlying.sec_type != request.sec_type
        ):
            raise unknown_contract()
        listed = book.chains[underlying.prices].options
        chain = tuple(option for option in listed if not book.is_over(option))
        # A futures exchange selects futures options: a stock has none.
        rows = [] if request.fut_fop_exchange else _parameter_rows(request, underlying, chain)
        self._engine.owe(
            client,
            self._engine.conditions.latency.parameters_s,
            lambda: client.send(*rows, OptionParameterEnd(request_id=request.request_id)),
        )


def _parameter_rows(
    request: ReqOptionParameters, underlying: Instrument, chain: tuple[Instrument, ...]
) -> list[OptionParameter]:
    """One row per exchange and trading class, each with all expiries and all strikes."""
    found = []
    for name in sorted({option.trading_class for option in chain}):
        members = [option for option in chain if option.trading_class == name]
        expirations = tuple(Text(value=day) for day in sorted({o.expiry for o in members}))
        strikes = tuple(Strike(value=level) for level in sorted({o.strike for o in members}))
        found += [
            OptionParameter(
                request_id=request.request_id,
                exchange=exchange,
                under_con_id=request.con_id,
                trading_class=name,
                multiplier=str(members[0].multiplier),
                expirations=expirations,
                strikes=strikes,
            )
            for exchange in reference_facts.parameter_exchanges(underlying)
        ]
    return found
