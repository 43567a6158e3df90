"""What a gateway and its clock refuse: live ports, accounts, speeds, moments that cannot be."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.gateway import Gateway, open_gateway

REAL_LOOKING = "DU" + "7654321"  # in pieces: nothing that looks like an account stands in a file
START = dt.datetime(2026, 7, 10, 14, tzinfo=dt.UTC)

BAD = [
    ({"port": 7496}, "7496 is a live port"),
    ({"port": 4001}, "4001 is a live port"),
    ({"port": "0"}, "port cannot be '0'"),
    ({"account": REAL_LOOKING}, "is not one of the simulator's accounts"),
    ({"account": "U" + "7654321"}, "is not one of the simulator's accounts"),
    ({"account": None}, "None is not one of the simulator's accounts"),
    ({"speed": 0}, "speed cannot be 0: it is not in 0.01 to 1000"),
    ({"speed": "1"}, "speed cannot be '1'"),
    ({"server_version": 150}, "server_version cannot be 150: it is not in 151 to "),
    ({"seed": 1.5}, "seed cannot be 1.5"),
    ({"start_at": "15:45"}, "start_at cannot be '15:45': a datetime is expected"),
    ({"start_at": START.replace(tzinfo=None)}, "which says no time zone"),
]


@pytest.mark.parametrize("make", [Gateway, open_gateway])
@pytest.mark.parametrize(("options", "text"), BAD)
def test_a_gateway_that_cannot_be_is_refused_before_it_listens(snapshot, make, options, text):
    with pytest.raises(UsageError) as caught:
        make(snapshot, **options)
    assert text in str(caught.value)


def test_a_snapshot_is_not_its_name():
    with pytest.raises(UsageError, match="snapshot cannot be 'normal': a Snapshot is expected"):
        Gateway("normal")


def test_another_account_needs_a_word_that_no_option_has(snapshot):
    assert Gateway(snapshot, account=REAL_LOOKING, reserved_account=False).account == REAL_LOOKING


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"snapshot": "normal"}, "snapshot cannot be 'normal'"),
        ({"server_version": 999}, "server_version cannot be 999"),
        ({"start_at": "15:45"}, "start_at cannot be '15:45'"),
        ({"client_id": -1}, "client_id cannot be -1"),
    ],
)
def test_a_session_that_cannot_be_leaves_the_present_one_alone(gateway, session, options, text):
    with pytest.raises(UsageError, match=text):
        gateway.new_session("other", **options)
    assert gateway.session is session


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (lambda clock: clock.sleep(-1), "sleep cannot be -1 s"),
        (lambda clock: clock.sleep(float("inf")), "sleep cannot be inf s"),
        (lambda clock: clock.sleep("1"), "sleep cannot be '1'"),
        (lambda clock: asyncio.run(clock.asleep(-1)), "asleep cannot be -1 s"),
        (lambda clock: clock.move_to("15:45"), "move_to cannot be '15:45'"),
        (lambda clock: clock.move_to(dt.datetime(2026, 7, 10, 15)), "which says no time zone"),  # noqa: DTZ001
        (lambda clock: clock.move_to(clock.now() - dt.timedelta(hours=1)), "cannot go back to"),
    ],
)
def test_time_goes_on_and_by_lengths_that_can_be(session, use, text):
    before = session.clock.epoch_s()
    with pytest.raises(UsageError) as caught:
        use(session.clock)
    assert text in str(caught.value)
    assert session.clock.epoch_s() - before < 60


def test_a_moment_that_has_just_passed_is_now(session):
    session.clock.move_to(session.clock.now() - dt.timedelta(seconds=5))


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (b"API\0\0\0\0\x09v100..150", "refused: client offers 100 to 150, gateway speaks 151 to "),
        (b"GET / HTTP/1.1\r\n\r\n", "received b'GET / HTTP/1.1"),
        (b"API\0\0\0\0\x04nope", "no handshake: version range b'nope' is not"),
        (b"API\0\0\0", "no handshake: closed inside a frame"),
    ],
)
def test_who_is_not_let_in_is_in_the_journal(session, sent, text):
    with socket.create_connection((session.host, session.port), timeout=5) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""
    notes = [entry for entry in session.journal.entries() if text in str(entry.message)]
    assert len(notes) == 1
    assert len(session.journal.entries()) == 1
    assert notes[0].direction == "note"
