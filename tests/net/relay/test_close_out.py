"""A closing order meets the market, follows it one way, and gives up in the open."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from pytest_ibkr.guard.flatten import Trade
from pytest_ibkr.guard.limits import Limits
from pytest_ibkr.net.relay.close_out import close_out
from pytest_ibkr.net.relay.comparison import positions
from tests.net.relay.account_bench import PAPER, SPY, Run, order, place

pytestmark = pytest.mark.ci


@pytest.fixture
def run(gateway, request, tmp_path):
    session = gateway.new_session(request.node.nodeid, wall_clock=False)
    yield Run(gateway, session, tmp_path / "state")
    session.close()


def close(run, *, bought: int = 2, while_open=None, **options):
    """Buy, then close it again; return what became of it and what is still held."""

    async def go():
        async with await run.link(7300) as link:
            await place(link, order(link, SPY, "BUY", bought), status="Filled")
            [held] = await positions(link)
            trade = Trade(held.contract, "SELL", held.position, Decimal(0))
            if while_open is not None:
                while_open()
            outcome = await close_out(link, trade, account=PAPER, **options)
            return outcome, sum(each.position for each in await positions(link))

    return asyncio.run(go())


def prices_sent(run) -> list[Decimal]:
    return [each.limit_price for each in run.session.journal.requests("placeOrder")][1:]


def test_it_fills_at_the_other_side_of_the_quote(run) -> None:
    outcome, held = close(run)
    assert (outcome.filled, outcome.why, held) == (Decimal(2), "", 0)
    assert len(set(outcome.prices)) >= 1


def test_it_follows_a_falling_market_and_never_turns_back(run) -> None:
    falls = iter((700, 690, 680))

    def sent(_order) -> None:
        price = next(falls, 670)
        run.session.market.quote("SPY", bid=Decimal(price), ask=Decimal(price + 1))

    outcome, held = close(run, while_open=run.session.orders.hold, before_send=sent, patience_s=0.3)
    assert held == 2
    assert outcome.why.startswith("nobody took it at")
    assert len(outcome.prices) == 4
    assert list(outcome.prices) == sorted(outcome.prices, reverse=True)
    assert len(set(prices_sent(run))) >= 2
    assert not asyncio.run(run.working())


def test_it_takes_what_it_can_get_and_says_what_it_could_not(run) -> None:
    async def go():
        async with await run.link(7300) as link:
            await place(link, order(link, SPY, "BUY", 3), status="Filled")
            [held] = await positions(link)
            run.session.orders.hold()
            trade = Trade(held.contract, "SELL", held.position, Decimal(0))
            work = asyncio.ensure_future(close_out(link, trade, account=PAPER, patience_s=1.0))
            await _acknowledged(run)
            run.session.orders.fill(2, 1, client_id=7300)
            return await work, await positions(link)

    outcome, [held] = asyncio.run(go())
    assert (outcome.filled, held.position) == (Decimal(1), Decimal(2))
    assert outcome.why
    assert not asyncio.run(run.working())


async def _acknowledged(run) -> None:
    """Until the closing order, the second one, works."""
    async with asyncio.timeout(10):
        while not any((o.order_id, o.status) == (2, "Submitted") for o in run.session.orders.all()):
            await asyncio.sleep(0.01)


def test_a_halted_market_without_a_quote_gets_no_order(run) -> None:
    def no_bid() -> None:
        run.session.market.quote("SPY", bid=Decimal(0), ask=Decimal(1))

    outcome, held = close(run, while_open=no_bid)
    assert outcome.why.startswith("nobody to trade with")
    assert (held, prices_sent(run)) == (2, [])


def test_a_refused_order_is_told_with_the_gateways_words(run) -> None:
    outcome, held = close(run, before_send=lambda _order: run.session.configure(read_only=True))
    assert "Read-Only" in outcome.why
    assert held == 2


def test_no_order_is_larger_than_its_limits(run) -> None:
    outcome, held = close(run, bought=3, limits=Limits(shares=2))
    assert (outcome.filled, held) == (Decimal(2), 1)


def test_what_cannot_be_noted_is_not_sent(run) -> None:
    def full(_order) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        close(run, before_send=full)
    assert prices_sent(run) == []
