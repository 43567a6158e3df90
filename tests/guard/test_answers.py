"""The frames of the gateway: what verifies a connection, what ends the run, what is held."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.guard.answers import recheck, seen
from pytest_ibkr.guard.decision import EndRun, Hold, Release, Seen
from pytest_ibkr.snapshot.redact import mask_account
from pytest_ibkr.wire.codec import Raw, decode_response
from pytest_ibkr.wire.declare import RESPONSES
from pytest_ibkr.wire.messages.account import Position
from pytest_ibkr.wire.messages.contract import Contract, ContractData
from pytest_ibkr.wire.messages.market_data import TickPrice
from pytest_ibkr.wire.messages.session import (
    CurrentTime,
    ErrorNotice,
    ManagedAccounts,
    NextValidId,
    StartApi,
)
from tests.guard.bench import (
    ACCOUNT,
    CALL,
    LIVE,
    OTHER,
    SPY,
    Bench,
    bench,
    echo,
    limits,
    order,
    status,
)
from tests.wire.strategies import full


def started() -> Bench:
    made = Bench()
    assert made.rule(StartApi(client_id=7001)) is None
    return made


# ------------------------------------------------------------------ before the accounts


def test_everything_is_held_until_the_accounts_come() -> None:
    made = started()
    for message in (echo(3), status(3), NextValidId(order_id=5), CurrentTime(epoch_s=1),
                    ErrorNotice(code=2104, text="ok"), Raw(250, b"250\0")):  # fmt: skip
        assert made.hear(message) == Hold()
    assert not made.client.verified
    assert made.hear(ManagedAccounts(accounts=ACCOUNT)) == Release()
    assert made.client.verified
    assert made.hear(CurrentTime(epoch_s=1)) == Release()
    assert made.hear(Raw(None, b"?")) == Release()


def test_what_is_held_is_noted_all_the_same() -> None:
    made = started()
    made.hear(echo(30))
    made.hear(NextValidId(order_id=5))
    assert made.run.orders.is_foreign(7001, 30)
    assert made.client.next_order_id == 5


def test_accounts_before_startapi_verify_nothing() -> None:
    made = Bench()
    assert made.hear(ManagedAccounts(accounts=ACCOUNT)) == Hold()
    assert not made.client.verified


def test_what_is_held_is_bounded_by_frames() -> None:
    made = limits(started(), held_frames=3)
    for _ in range(3):
        assert made.hear(CurrentTime(epoch_s=1), size=1000) == Hold()
    end = made.hear(CurrentTime(epoch_s=1), size=1000)
    assert isinstance(end, EndRun)
    assert end.rule == "session.held"
    assert end.reason == "4 frames, 4000 bytes came before the accounts"


def test_what_is_held_is_bounded_by_bytes() -> None:
    made = limits(started(), held_bytes=100)
    assert made.hear(CurrentTime(epoch_s=1), size=60) == Hold()
    assert made.hear(CurrentTime(epoch_s=1), size=40) == Hold()
    assert isinstance(made.hear(CurrentTime(epoch_s=1), size=1), EndRun)


def test_a_frame_without_a_size_counts_as_a_frame() -> None:
    made = started()
    made.hear(CurrentTime(epoch_s=1))
    assert (made.client.held_frames, made.client.held_bytes) == (1, 0)


def test_what_comes_afterwards_is_not_bounded() -> None:
    made = limits(bench(), held_frames=0, held_bytes=0)
    assert made.hear(CurrentTime(epoch_s=1), size=10**9) == Release()


def test_a_frame_of_a_size_nobody_tells_counts_as_a_frame() -> None:
    made = started()
    message = CurrentTime(epoch_s=1)
    assert seen(message, client=made.client, run=made.run, now_s=made.now_s) == Hold()
    assert (made.client.held_frames, made.client.held_bytes) == (1, 0)


# ------------------------------------------------------------------ accounts

CHANGES = [
    pytest.param(OTHER, "account.changed", id="another-paper-account"),
    pytest.param(f"{ACCOUNT},{OTHER}", "account.changed", id="one-more"),
    pytest.param(LIVE, "account.live", id="a-live-account"),
    pytest.param(f"{ACCOUNT},{LIVE}", "account.live", id="a-live-one-besides"),
    pytest.param("", "account.none", id="none"),
    pytest.param(",", "account.none", id="a-comma"),
    pytest.param(f"{ACCOUNT}\n", "account.live", id="a-newline"),
    pytest.param(f"{ACCOUNT},,", "account.live", id="an-empty-one-besides"),
]


@pytest.mark.parametrize(("text", "rule"), CHANGES)
@pytest.mark.parametrize("when", ["at-connect", "in-mid-session"])
def test_other_accounts_end_the_run(text: str, rule: str, when: str) -> None:
    made = started() if when == "at-connect" else bench()
    before = made.client.verified
    end = made.hear(ManagedAccounts(accounts=text))
    assert isinstance(end, EndRun)
    assert end.rule == rule
    assert end.fix
    assert made.client.verified is before
    assert LIVE not in end.text


def test_a_change_says_what_it_was_and_is_masked() -> None:
    end = bench().hear(ManagedAccounts(accounts=f"{OTHER},{ACCOUNT}"))
    assert isinstance(end, EndRun)
    assert end.reason == ("the gateway serves DU*****22, DU*****21; at the start it was DU*****21")


@pytest.mark.parametrize("text", [ACCOUNT, ACCOUNT + ","])
def test_the_same_account_again_changes_nothing(text: str) -> None:
    assert bench().hear(ManagedAccounts(accounts=text)) == Release()


def test_the_order_of_accounts_means_nothing() -> None:
    made = bench(accounts=(OTHER, ACCOUNT))
    assert recheck(f"{ACCOUNT},{OTHER}", made.run) is None


def test_a_change_of_the_accounts_is_told_with_all_of_them() -> None:
    end = recheck(OTHER, bench(accounts=(ACCOUNT, OTHER)).run)
    assert isinstance(end, EndRun)
    one, other = mask_account(ACCOUNT), mask_account(OTHER)
    assert end.reason == f"the gateway serves {other}; at the start it was {one}, {other}"


def test_a_gateway_may_count_its_orders_from_zero() -> None:
    made = Bench()
    made.send(StartApi(client_id=7001))
    made.hear(NextValidId(order_id=0))
    assert made.client.next_order_id == 0


def test_a_client_cannot_be_the_first_to_learn_the_accounts() -> None:
    made = started()
    made.run.accounts = None
    end = made.hear(ManagedAccounts(accounts=ACCOUNT))
    assert isinstance(end, EndRun)
    assert end.rule == "account.changed"
    assert end.reason.endswith("at the start it was nothing verified")


# ------------------------------------------------------------------ what is noted


def test_positions_are_noted_first_and_last() -> None:
    made = bench()
    for held in (5, 3):
        made.hear(Position(account=ACCOUNT, contract=CALL, position=Decimal(held),
                           average_cost=None))  # fmt: skip
    assert made.run.first_positions == {CALL.con_id: Decimal(5)}
    assert made.run.positions == {CALL.con_id: Decimal(3)}
    assert made.run.security_types == {CALL.con_id: "OPT"}


def test_what_a_contract_is_comes_from_details_and_echoes() -> None:
    made = bench()
    details = decode_response(details_frame(), 178)
    assert not isinstance(details, Raw)
    made.hear(details)
    made.hear(echo(3, contract=CALL))
    made.hear(echo(4, contract=Contract(sec_type="BAG")))
    assert made.run.security_types == {SPY.con_id: "STK", CALL.con_id: "OPT"}


def details_frame() -> bytes:
    """Contract details of SPY, cut down to what is read here (synthetic)."""
    fields = ["10", "1", "SPY", "STK", "", "0", "", "SMART", "USD", "SPY", "SPY", "SPY", "756733",
              "0.01", "", "LMT", "SMART", "1", "0", "SPDR", "ARCA", "", "", "", "", "US/Eastern",
              "", "", "", "", "0", "1", "", "", "26", "", "ETF", "1", "1", "100"]  # fmt: skip
    return "\0".join([*fields, ""]).encode()


def test_ticks_reach_the_quotes_of_their_connection() -> None:
    made = bench()
    second = made.connect(7002, connection=2)
    made.quote(SPY, 10.0, 10.5)
    made.hear(TickPrice(request_id=1, tick=2, price=99.0), client=second)
    assert made.run.quotes.fresh(SPY, since_s=made.now_s) == Decimal("10.5")
    assert made.run.quotes.fresh(SPY, since_s=made.now_s + 0.1) is None


def test_statuses_reach_the_orders() -> None:
    made = bench()
    assert made.rule(order()) is None
    made.hear(status(word="Filled", filled=Decimal(1)))
    assert made.run.orders.working == 0


@given(st.data(), st.sampled_from(sorted(RESPONSES)), st.booleans())
def test_whatever_the_gateway_says_something_is_said_about_it(
    data: st.DataObject, number: int, ready: bool
) -> None:
    made = bench() if ready else started()
    message: Any = data.draw(full(RESPONSES[number]))
    assert isinstance(made.hear(message, size=10), Seen)


@pytest.mark.parametrize(
    "payload",
    [
        *(b"15\0001\0", b" 15\0001\0U", b"+15\0", b"015\0", b"1_5\0", b"15", b"15abc\0"),
        *(b" " * 100 + b"15\0", b"15 \0", b"15\xff\0", "１５".encode() + b"\0"),
    ],
)
def test_accounts_in_a_form_that_only_clients_read_end_the_run(payload: bytes) -> None:
    made = bench()
    ended = made.hear(Raw(None, payload))
    assert isinstance(ended, EndRun)
    assert ended.rule == "account.unreadable"


@pytest.mark.parametrize(
    "payload", [b"", b"\0", b"14\0", b"151\0", b"15_1\0", b"1 5\0", b"a15\0", b"\xff\xfe\0"]
)
def test_other_frames_nobody_can_read_pass(payload: bytes) -> None:
    assert bench().hear(Raw(None, payload)) == Release()


def test_details_say_what_quotes_are_of() -> None:
    made = bench()
    made.quote(replace(SPY, con_id=0), 10.0, 10.5)
    assert made.run.quotes.highest(SPY) is None
    made.hear(decode_response(details_frame(), 178))
    assert made.run.quotes.highest(SPY) == Decimal("10.5")


@pytest.mark.parametrize(
    ("expiry", "last_trade_date"),
    [("20260717 15:00 US/Central", ""), ("", "20260717"), ("20260718 08:00 UTC", "20260717")],
)
def test_details_of_an_option_say_so_too(expiry: str, last_trade_date: str) -> None:
    made = bench()
    made.quote(replace(CALL, con_id=0), 10.0, 10.5)
    made.hear(replace(option_details(), expiry=expiry, last_trade_date=last_trade_date))
    assert made.run.quotes.highest(CALL) == Decimal("10.5")
    assert made.run.security_types[CALL.con_id] == "OPT"


def option_details() -> ContractData:
    """Contract details of the call the bench trades, cut down to what is read here (synthetic)."""
    details = decode_response(details_frame(), 178)
    assert isinstance(details, ContractData)
    described = {"strike": CALL.strike, "right": CALL.right, "currency": CALL.currency}
    named = {"con_id": CALL.con_id, "symbol": CALL.symbol, "sec_type": CALL.sec_type}
    return replace(details, **named, **described)


@pytest.mark.parametrize("number", [15, 215])
def test_accounts_behind_a_binary_id_that_cannot_be_read_end_the_run(number: int) -> None:
    made = bench()
    verdict = made.hear(Raw(None, number.to_bytes(4, "big") + b"\x0a\x09DU"))
    assert isinstance(verdict, EndRun)
    assert verdict.rule == "account.unreadable"


@pytest.mark.parametrize("number", [14, 16, 115, 214, 216])
def test_another_binary_id_that_cannot_be_read_is_handed_on(number: int) -> None:
    made = bench()
    assert isinstance(made.hear(Raw(None, number.to_bytes(4, "big") + b"\xff")), Release)
