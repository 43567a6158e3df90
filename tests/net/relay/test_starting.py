"""What a relay does before it lets anybody in, and what it says when it does not."""

from __future__ import annotations

import pickle
import socket
import threading
from decimal import Decimal

import pytest

from pytest_ibkr.errors import GatewayUnreachable, LiveRefused, OrderRefused
from pytest_ibkr.gateway import Gateway
from pytest_ibkr.guard.trades import Baseline, Forwarded
from pytest_ibkr.net import relay_handle
from pytest_ibkr.net.relay.ledger import Ledger, unfinished
from pytest_ibkr.net.relay.spec import RelayFacts, RelaySpec, TestVerdict
from pytest_ibkr.net.relay_handle import RelayHandle
from pytest_ibkr.wire.messages.contract import Contract
from tests.net.raw_client import RawClient
from tests.net.relay.conftest import ACCOUNT, START, relay_spec


def test_a_live_port_is_refused_before_anything_is_dialled(tmp_path):
    spec = RelaySpec(host="127.0.0.1", port=4001, state_dir=str(tmp_path))
    with pytest.raises(LiveRefused, match="port of live gateways") as refused:
        RelayHandle.start(spec)
    assert refused.value.rule == "endpoint.live-port"


def test_a_name_is_not_looked_up(tmp_path, gateway):
    with pytest.raises(LiveRefused, match="no IP address"):
        RelayHandle.start(relay_spec(gateway, tmp_path, host="localhost"))


@pytest.mark.parametrize(
    ("account", "rule"),
    [("U" + "1234567", "account.live"), ("F" + "1234567", "account.live"), ("", "account.none")],
    ids=["live", "live advisor", "none"],
)
def test_a_gateway_that_is_not_paper_is_refused(snapshot, tmp_path, account, rule):
    with (
        Gateway(snapshot, account=account, reserved_account=False, start_at=START) as live,
        pytest.raises(LiveRefused) as refused,
    ):
        RelayHandle.start(relay_spec(live, tmp_path))
    assert refused.value.rule == rule
    if account:
        assert account not in str(refused.value)


def test_a_simulator_is_called_a_rehearsal(snapshot, tmp_path):
    with Gateway(snapshot, jumps=False, start_at=START) as simulator:
        spec = relay_spec(simulator, tmp_path, expected_account="DU0000001")
        with RelayHandle.start(spec) as relay:
            assert relay.facts.is_rehearsal


def test_where_nobody_listens_the_three_likely_causes_are_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    spec = RelaySpec(
        host="127.0.0.1", port=port, extra_paper_ports=(port,), state_dir=str(tmp_path)
    )
    with pytest.raises(GatewayUnreachable) as silent:
        RelayHandle.start(spec)
    for cause in ("is not logged in", "Socket Clients", "trusted IPs"):
        assert cause in str(silent.value)


def test_a_gateway_that_accepts_and_says_nothing_is_given_up(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        spec = RelaySpec(
            host="127.0.0.1",
            port=port,
            extra_paper_ports=(port,),
            state_dir=str(tmp_path),
            handshake_timeout_s=0.3,
        )
        with pytest.raises(GatewayUnreachable, match=r"within 0\.3 s"):
            RelayHandle.start(spec)


def test_a_client_that_says_nothing_is_dropped(start, gateway):
    relay = start(gateway, handshake_timeout_s=1.0)
    with socket.create_connection((relay.host, relay.port), timeout=5) as silent:
        assert silent.recv(1) == b""
    [why] = relay.end_test().dropped
    assert "handshake" in why


def test_no_more_programs_than_a_gateway_serves_are_let_in(start, gateway):
    relay = start(gateway)
    there = [socket.create_connection((relay.host, relay.port), timeout=5) for _ in range(33)]
    try:
        assert there[-1].recv(1) == b""
        assert len(relay.status()["clients"]) == 32
    finally:
        for each in there:
            each.close()


def test_a_command_nobody_knows_is_refused(start, gateway):
    relay = start(gateway)
    with pytest.raises(Exception, match="no command 'dance'"):
        relay.ask("dance")


def test_commands_from_several_threads_get_their_own_answers(start, gateway):
    relay = start(gateway)
    answers: list[int] = []

    def ask() -> None:
        for _ in range(20):
            answers.append(relay.fault("delay", seconds=1, times=1))
            relay.clear_fault(answers[-1])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(1, 81))


def test_a_listener_that_fails_is_dropped_and_remembered(start, gateway):
    def broken(_record) -> None:
        raise ValueError("a test's own mistake")

    relay = start(gateway, listeners=[broken])
    with socket.create_connection((relay.host, relay.port), timeout=5) as client:
        client.sendall(b"GET")
        assert client.recv(1) == b""
    relay.status()
    assert [str(each) for each in relay.broken] == ["a test's own mistake"]


@pytest.mark.parametrize(
    "error",
    [LiveRefused("no", rule="account.live"), GatewayUnreachable("no"), OrderRefused("no")],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_pickling(error):
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_specs_and_facts_survive_the_pipe(tmp_path, gateway):
    spec = relay_spec(gateway, tmp_path, limits={"shares": 5})
    assert RelaySpec.from_json(spec.to_json()) == spec
    facts = RelayFacts(accounts=("DU*****21",), latency_ms=(1.0, 2.0))
    assert RelayFacts.of(facts.as_dict()) == facts
    assert TestVerdict.of(TestVerdict(name="x").as_dict()) == TestVerdict(name="x")
    assert ACCOUNT not in repr(spec)


def test_a_start_that_finishes_an_earlier_run_is_waited_for(gateway, tmp_path, monkeypatch):
    """Its client id is still in use at the gateway: that may take minutes, and no kill helps."""
    monkeypatch.setattr(relay_handle, "_START_GRACE_S", 1.0)
    spec = relay_spec(gateway, tmp_path, handshake_timeout_s=1.0)
    directory = tmp_path / "state"
    ledger = Ledger.begin(
        directory, account=ACCOUNT, endpoint="", name="an earlier run", baseline=Baseline()
    )
    spy = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
    ledger.order(Forwarded(7100, 1, "BUY", Decimal(1), spy))
    ledger.release()
    with RawClient(gateway).start(7100) as holder:
        threading.Timer(4.0, holder.socket.shutdown, [socket.SHUT_RDWR]).start()
        with RelayHandle.start(spec) as relay:
            assert [each["closed"] for each in relay.facts.finished] == [True]
    assert unfinished(directory, ACCOUNT) == []
