"""Whatever breaks inside a relay, what its run sent is taken back."""

from __future__ import annotations

import sys
import threading
import time
from decimal import Decimal
from pathlib import Path

import pytest

from pytest_ibkr.errors import LiveRefused
from pytest_ibkr.guard.state import TestContext
from pytest_ibkr.net import relay_process
from pytest_ibkr.net.relay import core
from pytest_ibkr.net.relay.audit import AuditLog
from pytest_ibkr.net.relay.spec import RelaySpec
from pytest_ibkr.net.relay_handle import RelayHandle
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.net.raw_client import RawClient
from tests.net.relay.conftest import relay_spec
from tests.net.relay.test_endings import nothing_works
from tests.net.relay.test_orders import closed_ledgers, ledgers, working
from tests.net.relay.trading import SESSION, order

PATIENCE_S = 20.0
has_full_device = pytest.mark.skipif(sys.platform != "linux", reason="/dev/full")


def until(there) -> None:
    """Wait for something that is told nowhere."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not there():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


@pytest.fixture
def broken(gateway, tmp_path, monkeypatch):
    """Start a relay in which something breaks, send an order, stop it; return its summary."""

    def go(what: str):
        monkeypatch.setattr(relay_process, "_MODULE", "tests.net.relay.broken_relay")
        monkeypatch.setenv("BROKEN", what)
        monkeypatch.setenv("BROKEN_STATE", str(tmp_path / "state"))
        relay = RelayHandle.start(relay_spec(gateway, tmp_path))
        relay.begin_test("test_order", places_orders=True, market=[SESSION])
        with RawClient(relay).start(7100) as client:
            client.send(order(1))
            if what == "proof":
                working(client, 1)
            else:
                client.read_to_end()
        return relay, relay.stop()

    return go


@pytest.mark.parametrize(
    ("what", "rule"),
    [
        ("proof", None),
        ("watch", "relay.failed"),
        pytest.param("log", "audit.unwritable", marks=has_full_device),
    ],
)
def test_what_was_sent_is_taken_back_all_the_same(broken, gateway, tmp_path, what, rule):
    relay, summary = broken(what)
    assert (relay.ended.rule if relay.ended else None) == rule
    assert summary.failed
    assert "U" + "1234567" not in str(summary.as_dict())
    assert summary.cleanup["closed"]
    assert ledgers(tmp_path) == []
    assert len(closed_ledgers(tmp_path)) == 1
    assert nothing_works(gateway)


@has_full_device
def test_a_log_that_cannot_be_written_starts_no_run(gateway, tmp_path):
    with pytest.raises(LiveRefused, match="audit log") as refused:
        RelayHandle.start(relay_spec(gateway, tmp_path, audit_path="/dev/full"))
    assert refused.value.rule == "audit.unwritable"


@has_full_device
def test_a_full_disk_is_said_and_not_raised():
    log = AuditLog(Path("/dev/full"))
    log.write(0.0, "allow", request="placeOrder")
    assert "No space" in log.failed
    log.close()


def test_executions_are_on_disk_while_the_run_goes_on(start, gateway, tmp_path):
    """A relay that dies, and is finished tomorrow, finds them nowhere else."""
    relay = start(gateway)
    relay.begin_test("test_order", places_orders=True, market=[SESSION])
    with RawClient(relay).start(7100) as client:
        client.send(order(1, limit_price=Decimal(760)))
        until(lambda: ledgers(tmp_path))
        [path] = ledgers(tmp_path)
        until(lambda: '"kind":"execution"' in path.read_text())
        assert relay.facts.account not in path.read_text()


def test_an_order_while_the_proof_is_taken_is_of_no_test(start, tap):
    relay = start(tap)
    relay.begin_test("test_order", places_orders=True, market=[SESSION])
    held = []

    def hold(connection, payload):
        if connection.client_id() == 7999 and payload.startswith(b"62\0"):
            held.append((connection, payload))
            return None
        return payload

    with RawClient(relay, highest=178).start(7100) as client:
        tap.change = hold
        verdicts = []
        ending = threading.Thread(target=lambda: verdicts.append(relay.end_test()))
        ending.start()
        until(lambda: held)
        client.send(order(1))
        client.wait_for(ErrorNotice, lambda each: (each.request_id, each.code) == (1, 321))
        tap.change = lambda _connection, payload: payload
        [(connection, payload)] = held
        connection.say(payload)
        ending.join(PATIENCE_S)
        assert 3 not in tap.of_client(7100).requests
    assert [each.rule for each in verdicts[0].refusals] == ["order.outside-test"]


def test_a_machine_that_slept_does_not_think_that_the_market_is_open(monkeypatch):
    spec = RelaySpec(host="127.0.0.1", port=4002)
    relay = core.Relay(spec, tell=lambda _said: None, unread=lambda: 0, on_end=lambda: None)
    now_s = time.time()
    relay.begin_test(TestContext("test_order", places_orders=True), [(now_s - 60, now_s + 3600)])
    assert relay.run.market.open
    monkeypatch.setattr(core.time, "time", lambda: now_s + 7200)
    relay.look_at_market()
    assert not relay.run.market.open
    assert relay.latest_s() > now_s + 7000
    monkeypatch.setattr(core.time, "time", lambda: now_s - 7200)
    assert relay.latest_s() >= now_s
