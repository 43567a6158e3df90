"""What is the user's stays the user's: positions and orders from before the run and beside it.

A paper gateway on which the user trades by hand, and a relay whose clients trade on the same
account, in the same contracts, sometimes under the same client id.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from decimal import Decimal

import pytest

from pytest_ibkr.errors import LiveRefused
from pytest_ibkr.net.relay_handle import RelayHandle
from pytest_ibkr.wire.messages.order import ReqAllOpenOrders, ReqGlobalCancel, ReqOpenOrders
from tests.system.live.careless import cancel, careless, order
from tests.system.live.paper_gateway import PaperGateway, paper_gateway
from tests.system.live.trading import QQQ, USER_ID, buy, rest, the_user
from tests.system.live.under_relay import ordering, relay, spec_for, started

pytestmark = [pytest.mark.ci, pytest.mark.timeout(240)]


@pytest.fixture
def gateway() -> Iterator[PaperGateway]:
    with paper_gateway() as running:
        yield running


def as_it_was(gateway: PaperGateway, theirs: list[tuple[int, int]]) -> bool:
    """The user's orders work, nobody else's do, the user's positions are what they were."""
    sent = [one["name"] for one in gateway.order_requests(client_id=USER_ID)]
    return (
        sorted(gateway.working()) == sorted(theirs)
        and gateway.position("SPY") == 7
        and gateway.position("QQQ") == -4
        and sent == ["placeOrder"] * len(theirs)
    )


def test_a_run_that_trades_what_the_user_holds_leaves_what_the_user_holds(gateway, tmp_path):
    with the_user(gateway) as theirs:
        with relay(gateway, tmp_path) as handle, ordering(handle), started(handle) as client:
            buy(client, 1, 5)
            buy(client, 2, 4, QQQ)  # the user is 4 short: now the account is flat
            rest(client, 3)
            assert gateway.position("SPY") == 12
            assert gateway.position("QQQ") == 0
        assert as_it_was(gateway, theirs)


def test_a_sale_of_what_the_user_holds_is_bought_back(gateway, tmp_path):
    with the_user(gateway) as theirs:
        with relay(gateway, tmp_path) as handle, ordering(handle), started(handle) as client:
            buy(client, 1, 1)  # so that a quote is known
            sold = {"action": "SELL", "limit_price": Decimal(740)}
            client.ask(order(2, quantity=Decimal(3), **sold))
            client.until("3", lambda f: f[1] == "2" and f[2] == "Filled")
            assert gateway.position("SPY") == 5
        assert as_it_was(gateway, theirs)


def test_an_order_that_was_never_transmitted_is_withdrawn_too(gateway, tmp_path):
    with the_user(gateway) as theirs:
        with relay(gateway, tmp_path) as handle, ordering(handle), started(handle) as client:
            client.ask(order(1, transmit=False), order(2))
            client.until("3", lambda f: f[1] == "2" and f[2] == "Submitted")
        assert as_it_was(gateway, theirs)


def test_a_bracket_is_cancelled_with_its_children(gateway, tmp_path):
    with the_user(gateway) as theirs:
        with relay(gateway, tmp_path) as handle, ordering(handle), started(handle) as client:
            client.ask(
                order(1, transmit=False),
                order(2, action="SELL", limit_price=Decimal(900), parent_id=1, transmit=False),
                order(3, action="SELL", order_type="STP", aux_price=Decimal("0.5"), parent_id=1),
            )
            client.drain(1.0)
        assert as_it_was(gateway, theirs)


def test_orders_of_the_user_cannot_be_cancelled_changed_or_leant_on(gateway, tmp_path):
    with the_user(gateway) as theirs:
        number = theirs[0][1]
        with relay(gateway, tmp_path) as handle, ordering(handle), started(handle) as client:
            client.ask(ReqAllOpenOrders())
            client.until("53")
            client.ask(cancel(number))
            assert client.refused(number)
            client.ask(order(number + 100, parent_id=number))
            assert client.refused(number + 100)
            client.ask(ReqGlobalCancel(), ReqOpenOrders())
            client.until("53")
        assert as_it_was(gateway, theirs)


def test_orders_of_the_user_under_the_clients_own_id_are_foreign_too(gateway, tmp_path):
    """A bot of the user's ran under an id of the test range yesterday; its orders still work."""
    with careless(gateway.host, gateway.port) as bot:
        bot.start(7001)
        rest(bot, 1)
        rest(bot, 2)
    with (
        relay(gateway, tmp_path) as handle,
        ordering(handle),
        started(handle, client_id=7001) as client,
    ):
        for change in (cancel(1), order(1, limit_price=Decimal(2)), order(9, parent_id=2)):
            client.ask(change)
            assert client.refused(change.order_id)
        client.ask(ReqGlobalCancel(), ReqOpenOrders())
        client.until("53")
        rest(client, 3)
    assert sorted(gateway.working()) == [(7001, 1), (7001, 2)]


def test_a_group_of_the_users_cannot_be_joined(gateway, tmp_path):
    """A fill of the test's order would cancel the user's."""
    with careless(gateway.host, gateway.port) as mine:
        mine.start(USER_ID)
        rest(mine, 1, oca_group="theirs", oca_type=1)
        with relay(gateway, tmp_path) as handle, ordering(handle), started(handle) as client:
            client.ask(order(1, oca_group="theirs", oca_type=1, limit_price=Decimal(10)))
            assert client.refused(1)
            client.ask(order(2, oca_group="Theirs ", oca_type=1, limit_price=Decimal(10)))
            client.drain(0.5)
    assert gateway.working() == [(USER_ID, 1)]


def test_a_group_the_user_opens_during_the_run_cannot_be_joined_either(gateway, tmp_path):
    with relay(gateway, tmp_path) as handle, ordering(handle), started(handle) as client:
        rest(client, 1)
        with careless(gateway.host, gateway.port) as mine:
            mine.start(USER_ID)
            rest(mine, 1, oca_group="later", oca_type=1)
            client.ask(order(2, oca_group="later", oca_type=1))
            assert client.refused(2)
            with ordering_again(handle):
                client.ask(order(3, oca_group="later", oca_type=1))
                assert client.refused(3)
    assert gateway.working() == [(USER_ID, 1)]


def ordering_again(handle: RelayHandle):
    """The next test of the same run."""
    handle.end_test()
    return ordering(handle, "the next test")


def test_the_user_trading_beside_the_run_is_left_alone_and_reported(gateway, tmp_path):
    with the_user(gateway) as theirs:
        handle = RelayHandle.start(spec_for(gateway, tmp_path))
        try:
            handle.begin_test("one", places_orders=True, market=None)
            with started(handle) as client, careless(gateway.host, gateway.port) as mine:
                buy(client, 1, 5)
                mine.start(2)
                buy(mine, 1, 2)
                verdict = handle.end_test()
        finally:
            summary = handle.stop()
        assert verdict.bypassed or summary.bypassed
        assert sorted(gateway.working()) == sorted(theirs)
        # 7 of the user's before, 2 of the user's beside the run, 5 of the run's: those are
        # reported, not sold, because somebody else trades the contract.
        assert gateway.position("SPY") == 14
        assert summary.cleanup


def test_a_second_relay_for_the_same_account_does_not_start(gateway, tmp_path):
    with relay(gateway, tmp_path) as handle, ordering(handle), started(handle) as client:
        rest(client, 1)
        before = len(gateway.order_requests())
        with pytest.raises(LiveRefused), relay(gateway, tmp_path):
            pass
        assert len(gateway.order_requests()) == before
        assert len(gateway.working()) == 1
    with relay(gateway, tmp_path):
        pass


def test_a_relay_that_was_killed_leaves_a_ledger_that_the_next_one_finishes(gateway, tmp_path):
    with the_user(gateway) as theirs:
        handle = RelayHandle.start(spec_for(gateway, tmp_path))
        handle.begin_test("test_orders", places_orders=True)
        with started(handle) as client:
            buy(client, 1, 5)
            rest(client, 2)
            os.kill(handle.pid, signal.SIGKILL)
            assert client.is_closed()
        assert gateway.position("SPY") == 12
        handle.stop()
        with relay(gateway, tmp_path):
            assert as_it_was(gateway, theirs), "finished before anybody was let in"
        assert as_it_was(gateway, theirs)
