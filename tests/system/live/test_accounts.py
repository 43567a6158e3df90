"""Gateways whose accounts are not the one paper account that was asked for.

Whatever they serve, and whenever they change it: nothing but the handshake reaches them before
they have proved to be paper, and no order byte ever does.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from pytest_ibkr.errors import GatewayError, LiveRefused
from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.messages.account import ReqPositions
from pytest_ibkr.wire.messages.session import StartApi
from tests.system.live.careless import VERSION, Careless, Closed, careless, order
from tests.system.live.evil_gateway import EvilGateway, Script, always
from tests.system.live.forms import text_fields
from tests.system.live.ids import (
    ADVISOR,
    ARABIC_DIGITS,
    CYRILLIC,
    FULL_WIDTH,
    LIVE,
    OTHER_PAPER,
    PAPER,
)
from tests.system.live.under_relay import CLIENT_ID, has_ended, ordering, relay, settle, started

NOT_PAPER = [
    pytest.param(LIVE, id="a live id"),
    pytest.param(f"{PAPER},{LIVE}", id="a paper id, then a live one"),
    pytest.param(f"{LIVE},{PAPER}", id="a live id, then a paper one"),
    pytest.param(f"{PAPER},{LIVE},", id="mixed, with a trailing comma"),
    pytest.param("", id="no id"),
    pytest.param(" ", id="a blank"),
    pytest.param("\t", id="a tab"),
    pytest.param(",", id="a comma alone"),
    pytest.param(f"{PAPER},,", id="two trailing commas"),
    pytest.param(f",{PAPER}", id="a leading comma"),
    pytest.param(f"{PAPER}, ", id="a blank behind the comma"),
    pytest.param(f" {PAPER}", id="a leading blank"),
    pytest.param(f"{PAPER} ", id="a trailing blank"),
    pytest.param(f"{PAPER}\n", id="a trailing newline"),
    pytest.param(f"{PAPER}\n{LIVE}", id="a live id behind a newline"),
    pytest.param(f"{LIVE}\n{PAPER}", id="a paper id behind a newline"),
    pytest.param(f"{PAPER};{LIVE}", id="joined by a semicolon"),
    pytest.param(PAPER.lower(), id="small letters"),
    pytest.param(ARABIC_DIGITS, id="digits of another script"),
    pytest.param(FULL_WIDTH, id="full-width characters"),
    pytest.param(CYRILLIC, id="a letter that only looks right"),
    pytest.param(PAPER + "\N{ZERO WIDTH SPACE}", id="a zero-width space"),
    pytest.param("X" + PAPER, id="a letter in front"),
    pytest.param(PAPER + "X", id="a letter behind"),
    pytest.param("DABCD" + "12345", id="four letters behind the D"),
    pytest.param("D" + "1234567", id="no letter behind the D"),
    pytest.param("DU" + "1234", id="four digits"),
    pytest.param("DU" + "1" * 10, id="ten digits"),
    pytest.param("PAPER", id="the word paper"),
]


def only_the_handshake(gateway: EvilGateway) -> bool:
    """Whether nothing but greetings and plain startApi frames reached the gateway."""
    return not gateway.suspicious() and all(
        frame == encode(StartApi(client_id=_client_id(frame)), VERSION)
        for frame in gateway.frames()
    )


def _client_id(frame: bytes) -> int:
    fields = text_fields(frame, VERSION, by_client=True)
    return int(fields[2]) if len(fields) > 2 else -1  # of a frame that is no startApi


def later(rows: list[Any], *, after: int) -> list[Any]:
    """The same rows, those behind the first few for the longer tier."""
    marked = [pytest.param(*row.values, id=row.id, marks=pytest.mark.ci) for row in rows[after:]]
    return [*rows[:after], *marked]


@pytest.mark.parametrize("accounts", later(NOT_PAPER, after=4))
def test_a_gateway_that_does_not_prove_to_be_paper_hears_the_handshake_only(accounts, tmp_path):
    with (
        EvilGateway(Script(accounts=always(accounts))) as gateway,
        pytest.raises(LiveRefused),
        relay(gateway, tmp_path),
    ):
        pass
    assert gateway.heard, "the relay never looked"
    assert only_the_handshake(gateway), gateway.frames()


def test_an_account_type_proves_nothing(tmp_path):
    script = Script(accounts=always(LIVE), account_type="PAPER")
    with EvilGateway(script) as gateway, pytest.raises(LiveRefused), relay(gateway, tmp_path):
        pass
    assert only_the_handshake(gateway), gateway.frames()


def test_another_paper_account_than_the_expected_one_takes_no_order(tmp_path):
    with (
        EvilGateway(Script(accounts=always(OTHER_PAPER))) as gateway,
        relay(gateway, tmp_path) as handle,
        ordering(handle),
        started(handle) as client,
    ):
        client.ask(order(1))
        assert client.refused(1)
        settle(client, gateway)
        assert not gateway.suspicious()


def test_a_run_that_names_no_account_takes_no_order(tmp_path):
    with (
        EvilGateway() as gateway,
        relay(gateway, tmp_path, expected_account=None) as handle,
        ordering(handle),
        started(handle) as client,
    ):
        client.ask(order(1))
        assert client.refused(1)
        settle(client, gateway)
        assert not gateway.suspicious()


@pytest.mark.parametrize(
    "accounts",
    [
        pytest.param(f"{PAPER},{OTHER_PAPER}", id="two"),
        pytest.param(f"{ADVISOR},{PAPER},{OTHER_PAPER},", id="an advisor's, trailing comma"),
    ],
)
def test_several_paper_accounts_are_for_reading_only(accounts, tmp_path):
    with (
        EvilGateway(Script(accounts=always(accounts))) as gateway,
        relay(gateway, tmp_path) as handle,
        ordering(handle),
        started(handle) as client,
    ):
        client.ask(ReqPositions())
        client.until("62")
        client.ask(order(1), order(2, account=PAPER))
        assert client.refused(1)
        assert client.refused(2)
        settle(client, gateway)
        assert not gateway.suspicious()


def test_one_trailing_comma_is_how_real_gateways_write(tmp_path):
    with (
        EvilGateway(Script(accounts=always(f"{PAPER},"))) as gateway,
        relay(gateway, tmp_path) as handle,
        ordering(handle),
        started(handle) as client,
    ):
        client.ask(order(1))
        gateway.wait(lambda g: g.frames(b"3"), "of the order")


# -- lists that change

CHANGES = [
    pytest.param(LIVE, id="to a live id"),
    pytest.param(OTHER_PAPER, id="to another paper id"),
    pytest.param(f"{PAPER},{LIVE}", id="by a live id"),
    pytest.param("", id="to nothing"),
]


def hung_up(client: Careless) -> bool:
    """Whether the relay ended this client's connection."""
    return client.is_closed()


@pytest.mark.parametrize("accounts", later(CHANGES, after=1))
def test_a_list_that_changes_in_mid_session_ends_everything(accounts, tmp_path):
    with EvilGateway() as gateway, relay(gateway, tmp_path) as handle, ordering(handle):
        with started(handle) as client:
            gateway.serve(accounts)
            assert hung_up(client)
            client.ask(order(1))
        with pytest.raises((Closed, OSError)), careless(handle.host, handle.port) as late:
            late.start(CLIENT_ID)
        assert has_ended(handle)
        assert not gateway.suspicious()


@pytest.mark.parametrize("accounts", later(CHANGES, after=1))
def test_a_list_that_changed_without_a_word_is_met_before_the_first_order(accounts, tmp_path):
    with EvilGateway() as gateway, relay(gateway, tmp_path) as handle, started(handle) as client:
        gateway.script = dataclasses.replace(gateway.script, accounts=always(accounts))
        with ordering(handle):
            client.ask(order(1))
            assert client.refused(1)
        assert not gateway.suspicious()
        assert has_ended(handle)


@pytest.mark.parametrize("accounts", later(CHANGES, after=1))
def test_a_list_that_changed_before_a_client_came_back_lets_nothing_through(accounts, tmp_path):
    replay = b"3\x0055\0Submitted\0000\x001\x000\x00987\x000\x000\x007001\0\x000\0"
    with EvilGateway() as gateway, relay(gateway, tmp_path) as handle, ordering(handle):
        with started(handle):
            pass
        gateway.script = dataclasses.replace(
            gateway.script, accounts=always(accounts), early=(replay,)
        )
        with careless(handle.host, handle.port) as client:
            client.greet()
            client.ask(StartApi(client_id=CLIENT_ID), ReqPositions())
            assert hung_up(client)
            assert not [f for f in client.received if f[0] in ("3", "15", "9")], client.received
        assert not gateway.suspicious()
        assert not gateway.frames(b"61", client_id=CLIENT_ID)
        assert has_ended(handle)


def test_silence_after_the_handshake_is_not_consent(tmp_path):
    for silent_after in ("connect", "greeting"):
        with (
            EvilGateway(Script(silent_after=silent_after)) as gateway,
            pytest.raises(GatewayError),
            relay(gateway, tmp_path, handshake_timeout_s=1.0),
        ):
            pass
        assert only_the_handshake(gateway), gateway.frames()


def test_a_gateway_that_tells_no_accounts_is_refused(tmp_path):
    with (
        EvilGateway(Script(accounts=always(None))) as gateway,
        pytest.raises((GatewayError, LiveRefused)),
        relay(gateway, tmp_path, handshake_timeout_s=1.0),
    ):
        pass
    assert only_the_handshake(gateway), gateway.frames()


def test_a_client_is_let_in_only_when_its_own_connection_proved_the_account(tmp_path):
    with EvilGateway() as gateway, relay(gateway, tmp_path) as handle, ordering(handle):
        gateway.script = dataclasses.replace(gateway.script, silent_after="greeting")
        with careless(handle.host, handle.port) as client:
            client.greet()
            client.ask(StartApi(client_id=CLIENT_ID), order(1))
            assert not client.drain(1.0)
        gateway.script = Script()  # so that the run can be brought to its end
        assert not gateway.suspicious()


def test_no_account_id_is_written_where_others_may_read_it(tmp_path):
    """Audit log, ledger, lock and their names; whatever was refused or allowed."""
    with (
        EvilGateway() as gateway,
        relay(gateway, tmp_path) as handle,
        ordering(handle),
        started(handle) as client,
    ):
        client.ask(order(1))
        client.until("3")
        client.ask(order(2, account=LIVE), order(3, account=OTHER_PAPER))
        assert client.refused(3)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written
    for path in written:
        content = str(path).encode() + path.read_bytes()
        for account in (PAPER, OTHER_PAPER, LIVE):
            assert account.encode() not in content, path.name
