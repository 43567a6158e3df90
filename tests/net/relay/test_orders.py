"""Orders through a relay: only in tests that place some, on disk before they are sent."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pytest_ibkr.errors import LiveRefused
from pytest_ibkr.net import relay_process
from pytest_ibkr.net.relay_handle import RelayHandle
from pytest_ibkr.wire.messages.order import CancelOrder, OrderStatus, ReqGlobalCancel
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.net.raw_client import RawClient
from tests.net.relay.conftest import ACCOUNT, relay_spec
from tests.net.relay.trading import SESSION, order

pytestmark = pytest.mark.ci


def statuses(client, order_id):
    return [each.status for each in client.of(OrderStatus) if each.order_id == order_id]


def working(client, order_id) -> None:
    client.wait_for(
        OrderStatus,
        lambda said: said.order_id == order_id and said.status in ("PreSubmitted", "Submitted"),
    )


def cancelled(client, order_id) -> None:
    client.wait_for(
        OrderStatus, lambda said: said.order_id == order_id and said.status == "Cancelled"
    )


def ledgers(directory) -> list[Path]:
    return sorted(Path(directory).glob("state/ledgers/*/*.jsonl"))


def closed_ledgers(directory) -> list[Path]:
    return sorted(Path(directory).glob("state/ledgers/*/closed/*.jsonl"))


@pytest.fixture
def ordering(tapped):
    tapped.begin_test("test_order", places_orders=True, market=[SESSION])
    return tapped


def test_an_order_of_a_test_that_places_orders_reaches_the_gateway(ordering):
    with RawClient(ordering).start(7100) as client:
        client.send(order(1))
        working(client, 1)
        client.send(CancelOrder(order_id=1))
        cancelled(client, 1)
    verdict = ordering.end_test()
    assert (verdict.orders, verdict.refusals, verdict.left_working) == (1, (), ())
    assert verdict.bypassed == ()


def test_the_exchange_calendar_is_looked_up_on_the_gateways_clock(tapped):
    tapped.begin_test("test_order", places_orders=True)
    with RawClient(tapped).start(7101) as client:
        client.send(order(1))
        working(client, 1)
        client.send(CancelOrder(order_id=1))
        cancelled(client, 1)


def test_an_order_of_another_test_is_refused_as_a_read_only_gateway_does(tapped):
    with RawClient(tapped).start(7102) as client:
        client.send(order(7))
        notice = client.wait_for(ErrorNotice, lambda each: each.code == 321)
        assert notice.request_id == 7
        assert "Read-Only mode" in notice.text
        assert 3 not in tapped.tap.of_client(7102).requests
    [refusal] = tapped.end_test().refusals
    assert (refusal.rule, refusal.request, refusal.request_id) == (
        "order.outside-test",
        "placeOrder",
        7,
    )
    assert "places_orders" in refusal.fix


def test_two_orders_in_one_segment_are_judged_one_by_one(ordering):
    with RawClient(ordering).start(7103) as client:
        client.send(order(1), order(2, tif="GTC"))
        working(client, 1)
        client.wait_for(ErrorNotice, lambda each: (each.request_id, each.code) == (2, 321))
        client.send(CancelOrder(order_id=1))
        cancelled(client, 1)
        frames = ordering.tap.of_client(7103).frames_up
        assert [each.split(b"\0")[1] for each in frames if each.startswith(b"3\0")] == [b"1"]
    assert [each.rule for each in ordering.end_test().refusals] == ["order.tif"]


def test_an_order_while_the_market_is_closed_is_refused(tapped):
    tapped.begin_test("test_order", places_orders=True, market=[])
    with RawClient(tapped).start(7104) as client:
        client.send(order(1))
        client.wait_for(ErrorNotice, lambda each: each.code == 321)
    assert tapped.end_test().refusals[0].rule == "order.market-closed"


def test_a_global_cancel_cancels_the_orders_of_this_run_only(ordering, kept):
    with (
        RawClient(kept.gateway).start(3) as user,
        RawClient(ordering).start(7105) as one,
        RawClient(ordering).start(7106) as two,
    ):
        user.send(order(1))
        working(user, 1)
        for client in (one, two):
            client.send(order(1), order(2))
            working(client, 1)
            working(client, 2)
        one.send(ReqGlobalCancel())
        for client in (one, two):
            cancelled(client, 1)
            cancelled(client, 2)
        assert 58 not in ordering.tap.of_client(7105).requests
        assert ordering.tap.of_client(7106).requests.count(4) == 2
        user.send(order(1, quantity=2))
        user.wait_for(OrderStatus, lambda each: each.order_id == 1 and each.remaining == 2)
        assert "Cancelled" not in statuses(user, 1)
        user.send(CancelOrder(order_id=1))
        cancelled(user, 1)


def test_orders_left_working_are_named_and_cancelled_at_the_end(start, gateway, tmp_path):
    relay = start(gateway)
    relay.begin_test("test_order", places_orders=True, market=[SESSION])
    with RawClient(relay).start(7100) as client, RawClient(gateway).start(4) as watcher:
        client.send(order(1))
        working(client, 1)
        verdict = relay.end_test()
        assert verdict.left_working == ("order 1 of client 7100",)
        [path] = ledgers(tmp_path)
        assert ACCOUNT not in path.read_text()
        summary = relay.stop()
        assert len(summary.cleanup["cancelled"]) == 1
        assert summary.cleanup["closed"]
        assert summary.failed == ()
        del watcher
    assert ledgers(tmp_path) == []
    assert len(closed_ledgers(tmp_path)) == 1


def test_what_another_program_trades_on_the_account_fails_the_test(start, gateway):
    relay = start(gateway)
    relay.begin_test("test_order", places_orders=True, market=[SESSION])
    with RawClient(relay).start(7100) as client, RawClient(gateway).start(5) as direct:
        client.send(order(1))
        working(client, 1)
        direct.send(order(1))
        working(direct, 1)
        client.send(CancelOrder(order_id=1))
        cancelled(client, 1)
        [what] = relay.end_test().bypassed
        assert "an order bypassed the relay" in what
        assert "client 5" in what


@pytest.mark.skipif(os.name != "posix", reason="a process ends itself by signal")
@pytest.mark.parametrize("point", ["before_ledger", "after_ledger", "after_forward"])
def test_an_order_that_was_sent_is_on_disk_wherever_the_relay_is_killed(
    gateway, tap, tmp_path, monkeypatch, point
):
    """kill -9 between the steps: at no point is something at the gateway and not on disk."""
    monkeypatch.setattr(relay_process, "_MODULE", "tests.net.relay.killed_relay")
    monkeypatch.setenv("KILLED_AT", point)
    relay = RelayHandle.start(relay_spec(tap, tmp_path))
    relay.begin_test("test_order", places_orders=True, market=[SESSION])
    with RawClient(relay, highest=178).start(7100) as client:
        connection = tap.of_client(7100)
        client.send(order(1))
        client.read_to_end()
    assert connection.wait(lambda _each: connection.down_ended)
    sent = 3 in connection.requests
    on_disk = [line for path in ledgers(tmp_path) for line in path.read_text().splitlines()]
    orders = [json.loads(line) for line in on_disk if '"order_id"' in line]
    relay.stop(timeout_s=5)
    assert (sent, len(orders)) == {
        "before_ledger": (False, 0),
        "after_ledger": (False, 1),
        "after_forward": (True, 1),
    }[point]
    monkeypatch.undo()
    if orders:  # the next run finishes what this one could not
        with RelayHandle.start(relay_spec(tap, tmp_path)) as later:
            [finished] = later.facts.finished
            assert finished["closed"]
            assert len(finished["cancelled"]) == sent
            later.begin_test("test_order", places_orders=True, market=[SESSION])
            with RawClient(later, highest=178).start(7101) as client:
                client.send(order(1))
                working(client, 1)


def test_an_order_that_cannot_be_put_on_disk_is_not_sent(start, tap, tmp_path):
    relay = start(tap)
    relay.begin_test("test_order", places_orders=True, market=[SESSION])
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "ledgers").write_text("a file where a directory should be")
    with RawClient(relay, highest=178).start(7100) as client:
        client.send(order(1))
        client.wait_for(ErrorNotice, lambda each: (each.request_id, each.code) == (1, 321))
        assert 3 not in tap.of_client(7100).requests
    verdict = relay.end_test()
    assert [each.rule for each in verdict.refusals] == ["order.ledger"]
    assert verdict.left_working == ()


def test_a_second_run_on_the_account_is_refused(start, gateway, tmp_path):
    start(gateway)
    with pytest.raises(LiveRefused, match="in use by another run") as refused:
        RelayHandle.start(relay_spec(gateway, tmp_path))
    assert refused.value.rule == "run.locked"


def test_two_runs_that_only_read_do_not_disturb_each_other(start, gateway):
    first, second = start(gateway, mode="read"), start(gateway, mode="read")
    for relay, client_id in ((first, 7100), (second, 7101)):
        with RawClient(relay).start(client_id) as client:
            client.send(order(1))
            client.wait_for(ErrorNotice, lambda each: each.code == 321)


def test_the_account_is_verified_again_before_the_first_order_of_each_test(ordering):
    with RawClient(ordering).start(7110) as client:
        own = ordering.tap.of_client(7999)
        for number, expected in ((1, 1), (2, 1)):
            before = own.requests.count(17)
            ordering.begin_test("test_order", places_orders=True, market=[SESSION])
            for order_id in (10 * number, 10 * number + 1):
                client.send(order(order_id))
                working(client, order_id)
            assert own.requests.count(17) - before == expected
        client.send(ReqGlobalCancel())
        for order_id in (10, 11, 20, 21):
            cancelled(client, order_id)


def test_an_account_that_changed_unnoticed_is_found_before_the_first_order(start, tap):
    relay = start(tap)
    relay.begin_test("test_order", places_orders=True, market=[SESSION])
    with RawClient(relay, highest=178).start(7100) as client:
        tap.change = lambda _c, payload: (
            payload.replace(ACCOUNT.encode(), b"U" + b"7654321")
            if payload.startswith(b"15\0")
            else payload
        )
        client.send(order(1))
        client.read_to_end()
        assert 3 not in tap.of_client(7100).requests
    assert relay.end_test().ended.rule == "account.live"
