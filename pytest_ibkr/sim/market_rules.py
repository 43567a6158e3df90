"""Price grids: which rule an instrument has, and what a rule says; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.refusal import failed
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.contract import MarketRule, PriceStep, ReqMarketRule

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine

_CENT: Final = 0.01
CENT_RULE: Final = 26  # captured for US stocks: one step of 0.01 from 0 on
ETF_RULE: Final = 4563  # the id captured in SPY's details; its steps are taken to be the cent's
OPTION_RULE: Final = 110  # option classes outside the all-penny programme: 0.05 from $3 on
INDEX_OPTION_RULE: Final = 111  # this simulator's number: 0.05, and 0.10 from $3 on
# Beyond the captured ones a rule of one step is numbered here by that step, in millionths.
_OWN_RULES_FROM: Final = 1_000_000
RULES: Final = {
    CENT_RULE: (PriceStep(low_edge=0.0, increment=0.01),),
    ETF_RULE: (PriceStep(low_edge=0.0, increment=0.01),),
    OPTION_RULE: (
        PriceStep(low_edge=0.0, increment=0.01),
        PriceStep(low_edge=3.0, increment=0.05),
    ),
    INDEX_OPTION_RULE: (
        PriceStep(low_edge=0.0, increment=0.05),
        PriceStep(low_edge=3.0, increment=0.1),
    ),
}


def rule_of(instrument: Instrument) -> int:
    """Return the id of an instrument's price grid."""
    if instrument.nickel:
        return INDEX_OPTION_RULE
    if instrument.sec_type == "OPT" and not instrument.penny:
        return OPTION_RULE
    if instrument.synthetic and instrument.min_tick != _CENT:
        return _OWN_RULES_FROM + round(instrument.min_tick * _OWN_RULES_FROM)
    return ETF_RULE if instrument.stock_type == "ETF" else CENT_RULE


def steps_of(rule_id: int, known: Iterable[Instrument]) -> tuple[PriceStep, ...] | None:
    """Return a grid; None for a rule that no contract details can have named.

    Args:
        rule_id: as asked for.
        known: what is traded beside options.
    """
    if rule_id in RULES:
        return RULES[rule_id]
    for each in known:
        if rule_of(each) == rule_id:
            return (PriceStep(low_edge=0.0, increment=each.min_tick),)
    return None


class MarketRuleDesk:
    """Answers reqMarketRule; neither request nor answer has a request id."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {ReqMarketRule: self.answer}

    def answer(self, client: Client, message: ReqMarketRule) -> None:
        """Send the grid, or 322 for a rule that no contract details have named so far."""
        steps = steps_of(message.rule_id, self._engine.world.book.underlyings)
        if steps is None or message.rule_id not in self._engine.references.named_rules:
            raise failed(f"Market rule with id = {message.rule_id} is missing")
        client.send(MarketRule(rule_id=message.rule_id, steps=steps))
