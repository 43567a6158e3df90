"""The end of a live test: what it left open is closed, what the relay saw fails its call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.live.paper_gateway import PaperGateway, paper_gateway
from tests.system.live.project import PREAMBLE, LiveProject

pytestmark = [pytest.mark.ci, pytest.mark.timeout(240)]

LEFT_OPEN = """
from tests.system.live.careless import Careless

left = []


@pytest.fixture(scope="session")
def live_gateway_connection(live_gateway):
    with joined(live_gateway) as client:
        yield client


@pytest.mark.live
def test_shared_connects(live_gateway_connection):
    pass


@pytest.mark.live
def test_leaves_two_connections(ibkr):
    for client_id in (ibkr.client_id, 7300):
        left.append(Careless(ibkr.host, ibkr.port).start(client_id))


@pytest.mark.live
def test_finds_them_closed():
    assert [client.is_closed() for client in left] == [True, True]


@pytest.mark.live
def test_closes_by_itself(ibkr):
    client = Careless(ibkr.host, ibkr.port).start(ibkr.client_id)
    ibkr.close()
    assert client.is_closed()


@pytest.mark.live
def test_shared_is_still_there(live_gateway_connection, live_gateway):
    live_gateway_connection.ask(quote(5))
    live_gateway_connection.until("1")
"""

ORDERS_AND_CLOSES = """
from tests.system.live.careless import Careless


@pytest.mark.live
def test_sends_an_order_in_its_last_line(ibkr):
    client = Careless(ibkr.host, ibkr.port).start(ibkr.client_id)
    client.ask(*(quote(number, snapshot=True) for number in range(1, 60)), order(70))
    ibkr.journal.wait_for(lambda e: getattr(e.message, "request_id", 0) == 50)
"""


@pytest.fixture
def gateway() -> Iterator[PaperGateway]:
    """A paper gateway of the test's own."""
    with paper_gateway() as running:
        yield running


def project(place: Path, gateway: PaperGateway, source: str) -> LiveProject:
    made = LiveProject(place, gateway)
    (made.folder / "test_project.py").write_text(PREAMBLE + source, "utf-8")
    return made


def test_what_a_test_leaves_connected_is_hung_up_and_what_all_share_stays(
    tmp_path: Path, gateway: PaperGateway
) -> None:
    done = project(tmp_path, gateway, LEFT_OPEN).run()
    assert done.code == 0, done.text
    assert "5 passed" in done.text


def test_what_was_sent_before_the_session_closed_is_judged_as_that_tests_own(
    tmp_path: Path, gateway: PaperGateway
) -> None:
    done = project(tmp_path, gateway, ORDERS_AND_CLOSES).run("-rfE", "--tb=short")
    assert done.code == 1, done.text
    assert "FAILED test_project.py::test_sends_an_order_in_its_last_line" in done.text
    assert "fix:   mark the test that orders with @pytest.mark.places_orders" in done.text
    assert not gateway.order_requests()


def test_a_connection_the_relay_dropped_fails_the_call(
    tmp_path: Path, gateway: PaperGateway
) -> None:
    made = LiveProject(tmp_path, gateway)
    made.test(
        """
        import socket
        with socket.create_connection((ibkr.host, ibkr.port), 20) as silent:
            assert silent.recv(1) == b""
        """
    )
    done = made.run("-rfE", "--tb=short")
    assert done.code == 1, done.text
    assert "1 failed" in done.text
    assert "error" not in done.text.splitlines()[-1]
    assert "the relay dropped a connection: connection 1 was dropped: handshake" in done.text


def test_an_order_that_bypassed_the_relay_fails_the_call(
    tmp_path: Path, gateway: PaperGateway
) -> None:
    beside = f"""
from tests.system.live.careless import careless
from tests.system.live.trading import rest
with careless("127.0.0.1", {gateway.port}) as client:
    client.start(33)
    rest(client, 1)
"""
    made = LiveProject(tmp_path, gateway)
    made.test(f"subprocess.run([sys.executable, '-c', {beside!r}], check=True)")
    done = made.run("-rfE", "--tb=short")
    assert done.code == 1, done.text
    assert "1 failed" in done.text
    assert "error" not in done.text.splitlines()[-1], done.text
    assert "an order bypassed the relay: " in done.text
