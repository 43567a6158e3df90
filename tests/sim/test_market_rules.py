"""Price grids by rule id."""

from __future__ import annotations

import pytest

from pytest_ibkr.sim.market_rules import CENT_RULE, ETF_RULE, OPTION_RULE, rule_of
from pytest_ibkr.wire.messages.contract import (
    Contract,
    MarketRule,
    ReqContractDetails,
    ReqMarketRule,
)
from tests.sim.data_bench import SPY, errors, only, peer


@pytest.mark.parametrize(
    ("asked", "rule_id", "grid"),
    [
        (Contract(symbol="AAPL", sec_type="STK"), CENT_RULE, [(0, 0.01)]),
        (SPY, ETF_RULE, [(0, 0.01)]),
        (Contract(symbol="AAPL", sec_type="OPT"), OPTION_RULE, [(0, 0.01), (3, 0.05)]),
    ],
)
def test_a_rule_that_details_have_named_is_its_steps(asked, rule_id, grid):
    client = peer()
    request = ReqMarketRule(rule_id=rule_id)
    assert [code for _, code, _ in errors(client.send(request))] == [322], "nobody named it"
    client.send(ReqContractDetails(request_id=1, contract=asked), wait_s=30.0)
    [rule] = only(client.send(request), MarketRule)
    assert [(step.low_edge, step.increment) for step in rule.steps] == grid
    other = peer(engine=client.engine)
    assert only(other.send(request), MarketRule) == [rule], "the gateway knows it, whoever asked"


def test_a_rule_nobody_named_is_missing():
    client = peer()
    client.send(ReqContractDetails(request_id=1, contract=SPY))
    [(_, code, text)] = errors(client.send(ReqMarketRule(rule_id=4711)))
    assert code == 322
    assert "Market rule with id = 4711 is missing" in text


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
