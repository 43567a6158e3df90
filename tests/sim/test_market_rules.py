"""Price grids by rule id."""

from __future__ import annotations

import pytest

from pytest_ibkr.sim.market_rules import CENT_RULE, ETF_RULE, OPTION_RULE, rule_of
from pytest_ibkr.wire.messages.contract import MarketRule, ReqMarketRule
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.net.raw_client import RawClient


@pytest.mark.parametrize(
    ("rule_id", "grid"),
    [(CENT_RULE, [(0, 0.01)]), (ETF_RULE, [(0, 0.01)]), (OPTION_RULE, [(0, 0.01), (3, 0.05)])],
)
def test_a_rule_is_its_steps(ibkr, rule_id, grid):
    with RawClient(ibkr).start() as client:
        client.send(ReqMarketRule(rule_id=rule_id))
        rule = client.wait_for(MarketRule)
    assert [(step.low_edge, step.increment) for step in rule.steps] == grid


def test_a_rule_nobody_named_is_missing(ibkr):
    with RawClient(ibkr).start() as client:
        client.send(ReqMarketRule(rule_id=4711))
        notice = client.wait_for(ErrorNotice, lambda notice: notice.code == 322)
    assert "Market rule with id = 4711 is missing" in notice.text


def test_the_grid_agrees_with_the_market(ibkr):
    """The rule a contract names and the increment orders are checked against are one thing."""
    from decimal import Decimal

    from pytest_ibkr.sim.market_rules import RULES

    world = ibkr.engine.world
    instruments = [*world.book.underlyings, world.book.chain("AAPL")[0], world.book.chain("SPY")[0]]
    for instrument in instruments:
        steps = RULES[rule_of(instrument)]
        for price in (Decimal("0.5"), Decimal("2.99"), Decimal(3), Decimal(50)):
            [step] = [s for s in steps if s.low_edge <= price][-1:]
            assert float(world.market.tick_size(instrument, price)) == step.increment
