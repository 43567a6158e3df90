"""Greetings a gateway meets: probes, silence, wrong versions, taken ids, a full house."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from pytest_ibkr.gateway import Gateway
from pytest_ibkr.session.session import Session
from tests.conformance.raw import RawClient, framed, line

pytestmark = pytest.mark.req("XC-001")
MOST_CLIENTS = 32
IN_USE = "Unable to connect as the client id is already in use. Retry with a unique client id."


@pytest.fixture
def session(gateway: Gateway, request: pytest.FixtureRequest) -> Iterator[Session]:
    """Whatever a test sent, a normal client is served afterwards."""
    opened = gateway.new_session(request.node.nodeid, server_version=178)
    yield opened
    assert serves(opened)
    opened.close()


def serves(session: Session) -> bool:
    """Whether a fresh client gets its accounts."""
    client = RawClient(session.host, session.port)
    version, _time = client.greet()
    client.start(555)
    greeting = client.until_time()
    client.close()
    return version == "178" and ["15", "1", "DU0000001"] in greeting


def after(session: Session, data: bytes, *, ends: bool = False) -> bytes:
    """Return what the gateway says to these first bytes before it closes."""
    client = RawClient(session.host, session.port)
    client.send(data)
    if ends:
        client.socket.shutdown(1)
    said = client.rest()
    client.close()
    return said


@pytest.mark.parametrize(
    "probe",
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n", id="http"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), id="tls"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="ssh"),
        pytest.param(bytes(64), id="zeros"),
        pytest.param(struct.pack("!I", 9) + b"v157..178", id="no-greeting"),
        pytest.param(line("71;2;1;;"), id="start-only"),
        pytest.param(b"63\x00", id="greeting-before-version-100"),
    ],
)
def test_bytes_that_are_no_greeting_get_none_back(session: Session, probe: bytes) -> None:
    assert after(session, probe) == b""


@pytest.mark.parametrize(
    "offer",
    [b"v", b"157", b"v157..", b"v..178", b"v178..157", b"vA..B", b"v-1..178", b"v1..99999",
     b"v100..150", b"v157..178\x00", b"v157..178 " + b"x" * 300, b"\xff\xfe"],
)  # fmt: skip
def test_versions_that_make_no_sense_or_are_too_old_close_without_an_answer(
    session: Session, offer: bytes
) -> None:
    assert after(session, b"API\0" + framed(offer)) == b""


@pytest.mark.parametrize(
    "part", [b"", b"A", b"API", b"API\0", b"API\0\0\0", b"API\0\0\0\0\x09v157"]
)
def test_half_a_handshake_and_gone(session: Session, part: bytes) -> None:
    assert after(session, part, ends=True) == b""


def test_silent_sockets_take_no_one_s_place(session: Session) -> None:
    silent = [RawClient(session.host, session.port) for _ in range(MOST_CLIENTS + 8)]

    assert serves(session)
    for client in silent:
        client.close()


@pytest.mark.parametrize(
    ("offer", "agreed"),
    [
        *(("v100..157", "157"), ("v157..178", "178"), ("v100..225", "178")),
        *(("v178..178 +PACEAPI", "178"), ("v151", "151"), ("v200..225", "178")),
    ],
)
def test_the_answer_is_the_lower_of_both_highest(session: Session, offer: str, agreed: str) -> None:
    client = RawClient(session.host, session.port)
    client.send(b"API\0" + framed(offer.encode()))
    version, connected_at = client.fields()
    client.close()

    assert version == agreed
    assert connected_at.startswith("20260710 10:00:")
    assert connected_at.endswith(" EDT")


def test_nothing_is_said_before_start_api(session: Session) -> None:
    client = RawClient(session.host, session.port)
    client.greet()
    session.clock.sleep(30)
    client.start(1)

    assert client.fields()[0] == "15"
    client.close()


def test_a_request_before_start_api_closes(session: Session) -> None:
    client = RawClient(session.host, session.port)
    client.greet()
    client.send(line("49;1;"))

    assert client.rest() == b""
    assert "before startApi" in session.journal.timeline()
    client.close()


def test_a_taken_client_id_is_refused_with_326_until_it_is_free(session: Session) -> None:
    first = RawClient(session.host, session.port)
    first.greet()
    first.start(7)
    first.until_time()

    second = RawClient(session.host, session.port)
    second.greet()
    second.start(7)
    assert second.fields() == ["4", "2", "-1", "326", IN_USE, ""]
    assert second.rest() == b""
    assert first.until_time() == []
    first.close()
    session.journal.wait_for(lambda e: e.direction == "note" and "closed by" in str(e.message))

    third = RawClient(session.host, session.port)
    third.greet()
    third.start(7)
    assert third.fields()[0] == "15"
    for client in (second, third):
        client.close()


def test_the_thirty_third_client_is_not_served_and_the_others_go_on(session: Session) -> None:
    house = []
    for number in range(MOST_CLIENTS):
        client = RawClient(session.host, session.port)
        client.greet()
        client.start(number)
        client.until_time()
        house.append(client)

    assert after(session, b"API\0" + framed(b"v157..178")) == b""

    assert all(client.until_time() == [] for client in house)
    house.pop().close()
    session.journal.wait_for(lambda e: e.direction == "note" and "closed by" in str(e.message))
    assert serves(session)
    for client in house:
        client.close()


def test_a_second_start_api_is_refused_and_the_session_stays(session: Session) -> None:
    client = RawClient(session.host, session.port)
    client.greet()
    client.start(3)
    client.until_time()
    client.start(4)

    [notice] = client.until_time()
    assert notice[:4] == ["4", "2", "-1", "501"]
    client.close()
