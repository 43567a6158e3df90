"""Gateways whose answers are broken: torn, oversized, from the future, or simply gone."""

from __future__ import annotations

import pytest

from pytest_ibkr.errors import GatewayError, LiveRefused
from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.messages.account import ReqPositions
from pytest_ibkr.wire.messages.session import StartApi
from tests.system.live.careless import NOT_IN_BODIES, VERSION, careless, order
from tests.system.live.evil_gateway import EvilGateway, Script
from tests.system.live.forms import account_list, head, spoken
from tests.system.live.ids import LIVE, PAPER
from tests.system.live.under_relay import CLIENT_ID, has_ended, ordering, relay, settle, started

pytestmark = [pytest.mark.ci, pytest.mark.timeout(120)]
REPLAYED = spoken(
    b"3\x0055\0Submitted\0000\x001\x000\x00987\x000\x000\x001\0\x000\0", VERSION
)  # client 1's order
REPLAY_END = spoken(b"53\x001\0", VERSION)

BROKEN = [
    pytest.param(Script(version=226), id="a version newer than any known"),
    pytest.param(
        Script(version=225), id="version 225 although 200 was offered", marks=NOT_IN_BODIES
    ),
    pytest.param(
        Script(version=201), id="version 201 although 200 was offered", marks=NOT_IN_BODIES
    ),
    pytest.param(Script(version=100), id="a version older than any in use"),
    pytest.param(Script(version_frame=b"178\0"), id="a version answer of one field"),
    pytest.param(Script(version_frame=b"178"), id="a version answer without NUL"),
    pytest.param(Script(version_frame=b"-1\0now\0"), id="a negative version"),
    pytest.param(Script(version_frame=b"178x\0now\0"), id="a version that is no number"),
    pytest.param(Script(version_frame=b"\xff" * 40), id="bytes for a version answer"),
    pytest.param(
        Script(version_frame=b"15\x001\x00" + PAPER.encode() + b"\0"), id="accounts first"
    ),
    pytest.param(
        Script(version=min(VERSION, 178), framing="binary"),
        id="protobuf framing at a text version",
        marks=NOT_IN_BODIES,
    ),
    pytest.param(Script(closes_at="accept"), id="closes when connected"),
    pytest.param(Script(closes_at="greeting"), id="closes at the greeting"),
    pytest.param(Script(closes_at="start"), id="closes at startApi"),
    pytest.param(
        Script(
            accounts=lambda _number: None, early=(account_list(PAPER.encode(), VERSION, torn=True),)
        ),
        id="an account list without its NUL",
    ),
    pytest.param(
        Script(
            accounts=lambda _number: None,
            early=(account_list(PAPER.encode(), VERSION, behind=LIVE.encode()),),
        ),
        id="an account list with surplus fields",
    ),
    pytest.param(
        Script(
            accounts=lambda _number: None, early=(account_list(PAPER.encode() + b"\xff", VERSION),)
        ),
        id="an account list that is no text",
    ),
]


@pytest.mark.parametrize("script", BROKEN)
def test_a_gateway_that_answers_nonsense_hears_the_handshake_only(script, tmp_path):
    with (
        EvilGateway(script) as gateway,
        pytest.raises((GatewayError, LiveRefused)),
        relay(gateway, tmp_path, handshake_timeout_s=1.5),
    ):
        pass
    assert not gateway.suspicious()
    assert {head(f, script.version) for f in gateway.frames()} <= {b"71"}, gateway.frames()


@pytest.mark.parametrize("piece", [1, 3, 5])
def test_answers_torn_into_small_pieces_come_out_whole(piece, tmp_path):
    with (
        EvilGateway(Script(piece=piece)) as gateway,
        relay(gateway, tmp_path) as handle,
        ordering(handle),
        started(handle) as client,
    ):
        client.ask(ReqPositions(), order(1))
        client.until("62")
        client.until("3")
        assert gateway.suspicious() == [encode(order(1), VERSION)]


def test_orders_replayed_before_the_accounts_reach_a_client_behind_its_proof(tmp_path):
    """A real gateway sends them first; they are held back, then handed over in their order."""
    with (
        EvilGateway(Script(early=(REPLAYED, REPLAY_END))) as gateway,
        relay(gateway, tmp_path) as handle,
        started(handle) as client,
    ):
        ids = [fields[0] for fields in client.received[1:]]
        assert ids[:3] == ["3", "53", "15"], client.received
        assert not gateway.suspicious()


def test_more_replayed_orders_than_anybody_would_hold_end_the_run(tmp_path):
    with EvilGateway() as gateway, relay(gateway, tmp_path) as handle, ordering(handle):
        gateway.script = Script(early=(REPLAYED,) * 20_000)
        with careless(handle.host, handle.port) as client:
            client.greet()
            client.ask(StartApi(client_id=CLIENT_ID), order(1))
            assert client.is_closed()
            assert not [fields for fields in client.received if fields[0] == "3"]
        gateway.script = Script()
        assert has_ended(handle)
        assert not gateway.suspicious()


LATER = [
    pytest.param(b"15\x001\x00" + LIVE.encode() + b"\0", id="as it should be written"),
    pytest.param(b"15\x001\x00" + LIVE.encode() + b"\0more\0", id="with a field more"),
    pytest.param(b"15\x00" + LIVE.encode() + b"\0", id="with a field less"),
    pytest.param(b"15\x001\x00" + LIVE.encode(), id="without its last NUL"),
    pytest.param(b"015\x001\x00" + LIVE.encode() + b"\0", id="under 015"),
    pytest.param(b" 15\x001\x00" + LIVE.encode() + b"\0", id="under 15 and a blank"),
    pytest.param(b"15\x002\x00" + LIVE.encode() + b"\0", id="of another layout"),
]


@pytest.mark.parametrize("payload", LATER)
def test_a_live_id_announced_in_mid_session_ends_the_run_however_it_is_written(payload, tmp_path):
    """A client may read what we cannot: a list we do not understand is not a paper account."""
    with EvilGateway() as gateway, relay(gateway, tmp_path) as handle, ordering(handle):
        with started(handle) as client:
            gateway.say(payload)
            assert client.is_closed()
            client.ask(order(1))
        assert has_ended(handle)
        assert not gateway.suspicious()


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"\xff\xff\xff\xff", id="four gigabytes"),
        pytest.param(b"\x01\x00\x00\x00", id="just over the limit"),
        pytest.param(b"\x00\x00\x00\x00", id="nothing"),
    ],
)
def test_an_answer_of_impossible_length_ends_the_connection(sent, tmp_path):
    with (
        EvilGateway() as gateway,
        relay(gateway, tmp_path) as handle,
        ordering(handle),
        started(handle) as client,
    ):
        gateway.heard[-1].peer.sendall(sent + b"x" * 100)
        assert client.is_closed()
        client.ask(order(1))
        assert not gateway.suspicious()


def test_a_client_whose_gateway_hung_up_is_hung_up_on(tmp_path):
    with (
        EvilGateway() as gateway,
        relay(gateway, tmp_path) as handle,
        ordering(handle),
        started(handle) as client,
    ):
        gateway.drop()
        assert client.is_closed()
        client.ask(order(1))
        assert not gateway.suspicious()


def test_what_the_gateway_sends_cannot_act_in_the_name_of_a_client(tmp_path):
    """Frames that come down and look like requests stay a client's to read, never go up."""
    with (
        EvilGateway() as gateway,
        relay(gateway, tmp_path) as handle,
        ordering(handle),
        started(handle) as client,
    ):
        gateway.say(encode(order(1), VERSION))
        gateway.say(b"58\x001\0")
        gateway.say(b"999\x001\0")
        settle(client, gateway)
        assert not gateway.suspicious()


def test_an_answer_nobody_knows_is_handed_on(tmp_path):
    unknown = spoken(b"150\x00anything\xff\xfe\0", VERSION)
    with (
        EvilGateway() as gateway,
        relay(gateway, tmp_path) as handle,
        careless(handle.host, handle.port) as client,
    ):
        client.start(CLIENT_ID)
        gateway.say(unknown)
        assert client.until("150")[1].startswith("anything")
