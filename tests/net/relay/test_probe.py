"""What the relay finds out by itself, and that it notices when the account changes."""

from __future__ import annotations

import asyncio
import time

import pytest

from pytest_ibkr.net.link import Link
from pytest_ibkr.net.link_errors import LinkLost
from pytest_ibkr.net.relay.probe import farms, probe, read_clock
from pytest_ibkr.net.relay.recheck import AccountsChanged, keep_watch, recheck, same_accounts
from pytest_ibkr.wire.messages.session import ErrorNotice, ManagedAccounts
from tests.net.relay.account_bench import PAPER


@pytest.fixture
def session(gateway, request):
    session = gateway.new_session(request.node.nodeid, wall_clock=False)
    yield session
    session.close()


def ask(gateway, question, **options):
    async def go():
        async with await Link.open("127.0.0.1", gateway.port, client_id=7300, **options) as link:
            return await question(link)

    return asyncio.run(go())


def test_a_probe_says_what_there_is(gateway, session) -> None:
    found = ask(gateway, probe)
    assert (found.accounts, found.account_type, found.read_only) == (PAPER, "INDIVIDUAL", False)
    assert found.farms == dict.fromkeys(("usfarm", "usopt", "ushmds", "secdefnj"), "ok")
    assert found.next_order_id == 1
    assert len(found.latency_ms) == 3
    assert float(found.net_liquidation) > 0


def test_a_gateway_that_only_reads_is_known_before_any_order(gateway, session) -> None:
    session.configure(read_only=True)
    assert ask(gateway, probe).read_only is True
    assert not session.journal.requests("placeOrder")


@pytest.mark.parametrize(("version", "within_s"), [(176, 0.6), (200, 0.1)])
def test_the_gateways_clock_is_read_as_well_as_its_version_lets(
    gateway, session, version, within_s
) -> None:
    reading = ask(gateway, read_clock, newest_version=version)
    offset_s = session.clock.epoch_s() - time.time()
    assert reading.offset_s == pytest.approx(offset_s, abs=within_s)
    assert reading.resolution_s < within_s


def test_farms_keep_their_last_word() -> None:
    said = [
        (2104, "Market data farm connection is OK:usfarm.nj"),
        (2103, "Market data farm connection is broken:usfarm.nj"),
        (2107, "HMDS data farm connection is inactive but should be available upon demand.ushmds"),
        (2119, "Market data farm is connecting:usopt"),
        (1100, "Connectivity between IB and Trader Workstation has been lost."),
    ]
    found = farms(ErrorNotice(code=code, text=text) for code, text in said)
    assert found == {"usfarm.nj": "broken", "ushmds": "inactive", "usopt": "connecting"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("DU1,DU2", "DU2,DU1,", True),
        ("DU1,", "DU1", True),
        ("DU1", "DU1,DU2", False),
        ("DU1", "du1", False),
        ("DU1", " DU1", False),
        ("DU1", "DU1,,", False),
        ("DU1", "", False),
    ],
)
def test_accounts_are_the_same_ids_exactly(one, other, same) -> None:
    assert same_accounts(one, other) is same


def test_an_account_that_stays_is_silent(gateway, session) -> None:
    async def question(link):
        return await recheck(link, PAPER)

    assert ask(gateway, question) is None


def test_a_change_is_noticed_when_asked(gateway, session) -> None:
    async def question(link):
        session.engine.account_id = "U" + "1234567"
        with pytest.raises(AccountsChanged, match="serves 1 account now") as changed:
            await recheck(link, PAPER)
        return str(changed.value)

    assert "1234567" not in ask(gateway, question)


def test_a_change_told_unasked_is_not_covered_up_by_a_later_answer(gateway, session) -> None:
    async def question(link):
        link.accounts = ManagedAccounts(accounts="U" + "1234567").accounts
        with pytest.raises(AccountsChanged):
            await recheck(link, PAPER)

    ask(gateway, question)


def test_silence_ends_the_run_and_a_lost_connection_is_told_apart(gateway, session) -> None:
    async def question(link):
        with pytest.raises(AccountsChanged, match="does not say any more"):
            await recheck(link, PAPER, timeout_s=0.0)
        link.abort()
        with pytest.raises(LinkLost):
            await recheck(link, PAPER)

    ask(gateway, question)


def test_the_watch_reads_the_clock_and_ends_with_the_account(gateway, session) -> None:
    readings = []

    async def question(link):
        def change(reading):
            readings.append(reading)
            if len(readings) == 2:
                session.engine.account_id = "U" + "1234567"

        with pytest.raises(AccountsChanged):
            await keep_watch(link, PAPER, on_reading=change, every_s=0.01)

    ask(gateway, question)
    assert len(readings) == 2
