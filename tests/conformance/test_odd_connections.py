"""What no capture shows of connections: one too many, and frames longer than any may be."""

from __future__ import annotations

import pytest

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.session.session import Session
from tests.conformance.raw import RawClient


@pytest.fixture
def session(gateway: Gateway, request: pytest.FixtureRequest) -> Session:
    return gateway.new_session(request.node.nodeid, server_version=200)


def answered(client: RawClient) -> bool | None:
    """Whether a version comes; None: the gateway closed."""
    client.socket.settimeout(0.2)
    try:
        return bool(client.greet(157, 200))
    except TimeoutError:
        return False
    except EOFError:
        return None


@pytest.mark.parametrize(("switch", "outcome"), [("closed", None), ("silent", False)])
def test_one_connection_too_many_is_closed_or_never_answered(
    session: Session, switch: str, outcome: bool | None
) -> None:
    session.configure(max_clients=1, one_too_many=switch)
    first = RawClient(session.host, session.port)
    assert answered(first)
    assert answered(RawClient(session.host, session.port)) is outcome
    assert "one client too many, not served" in session.journal.timeline()


@pytest.mark.parametrize(("switch", "ends"), [("closed", True), ("silent", False)])
def test_a_frame_longer_than_any_may_be_ends_the_connection_or_deafens_it(
    session: Session, switch: str, *, ends: bool
) -> None:
    session.configure(oversized_frame=switch)
    client = RawClient(session.host, session.port)
    client.greet(157, 200)
    client.start(1)
    client.until_time()
    client.send(b"\xff\xff\xff\xff")
    client.socket.settimeout(0.2)
    if ends:
        assert client.rest() == b""
    else:
        with pytest.raises(TimeoutError):
            client.until_time()
