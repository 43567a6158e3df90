"""The tests of this folder under relays that are broken on purpose: each must turn red."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_ibkr.net import relay_process
from pytest_ibkr.wire.messages.order import ReqGlobalCancel
from tests.system.live import (
    test_accounts,
    test_answers,
    test_frames,
    test_orders,
    test_the_users_own,
)
from tests.system.live.careless import binary, cancel, order, payload, quote
from tests.system.live.evil_gateway import LAST_MINUTES, EvilGateway, framed
from tests.system.live.ids import LIVE, OTHER_PAPER
from tests.system.live.paper_gateway import paper_gateway
from tests.system.live.under_relay import ordering, relay

pytestmark = [pytest.mark.ci, pytest.mark.timeout(240)]

Check = Callable[[Path], object]


@contextmanager
def _between(place: Path) -> Iterator[SimpleNamespace]:
    with EvilGateway() as gateway, relay(gateway, place) as handle:
        numbers = iter(range(10_000, 20_000))
        yield SimpleNamespace(gateway=gateway, handle=handle, numbers=numbers)


def frames(data: bytes) -> Check:
    """The frames test, with one frame."""

    def check(place: Path) -> None:
        with _between(place) as between, ordering(between.handle):
            test_frames.test_a_frame_that_is_not_canonical_stays_here(
                data, between, between.gateway
            )

    return check


def orders(test: Callable[..., object], *args: Any) -> Check:
    """A test of orders that shares gateway and relay."""

    def check(place: Path) -> None:
        with _between(place) as between:
            test(*args, between, between.gateway)

    return check


def alone(test: Callable[..., object], *args: Any) -> Check:
    """A test that brings its own gateway."""
    return lambda place: test(*args, place)


def beside_the_user(test: Callable[..., object]) -> Check:
    """A test on an account on which the user trades too."""

    def check(place: Path) -> None:
        with paper_gateway() as gateway:
            test(gateway, place)

    return check


RULES = test_orders.test_an_order_against_the_rules_is_refused_with_a_reason
NEVER = test_orders.test_a_request_that_is_never_allowed_stays_here
OUTSIDE = test_orders.test_an_order_outside_a_test_that_places_orders_is_refused
HOURS = test_orders.test_orders_need_an_open_market_with_ten_minutes_left
PROOF = test_accounts.test_a_gateway_that_does_not_prove_to_be_paper_hears_the_handshake_only
CHANGED = test_accounts.test_a_list_that_changes_in_mid_session_ends_everything
BEFORE = test_accounts.test_a_list_that_changed_before_a_client_came_back_lets_nothing_through
OWN = test_the_users_own
TORN = test_answers.test_more_replayed_orders_than_anybody_would_hold_end_the_run
HELD = "clients_are_in_before_their_proof"

RED = [
    ("any_account_is_paper", alone(PROOF, LIVE)),
    ("any_account_is_paper", alone(PROOF, "")),
    ("accounts_are_looked_at_once", alone(CHANGED, LIVE)),
    (HELD, alone(TORN)),
    ("frames_nobody_can_read_are_forwarded_as_they_are", frames(framed(payload([b"999", b"1"])))),
    ("frames_nobody_can_read_are_forwarded_as_they_are", frames(framed(binary(order(1))))),
    ("any_spelling_is_canonical", frames(test_frames.changed(0, b"03"))),
    ("every_order_is_fine", orders(RULES, order(account=OTHER_PAPER))),
    ("every_order_is_fine", orders(RULES, order(quantity=Decimal(101)))),
    ("every_field_is_fine", orders(RULES, order(tif="GTC"))),
    ("every_field_is_fine", orders(RULES, order(fa_group="All"))),
    ("every_request_is_fine", orders(NEVER, quote(snapshot=True, regulatory_snapshot=True))),
    ("every_cancel_is_fine", orders(NEVER, cancel(424_242))),
    ("every_cancel_is_fine", orders(NEVER, ReqGlobalCancel())),
    ("every_test_may_order", orders(OUTSIDE)),
    ("every_hour_is_fine", alone(HOURS, LAST_MINUTES)),
    (
        "everything_held_is_sold",
        beside_the_user(OWN.test_a_run_that_trades_what_the_user_holds_leaves_what_the_user_holds),
    ),
    (
        "every_cancel_is_fine",
        beside_the_user(OWN.test_orders_of_the_user_cannot_be_cancelled_changed_or_leant_on),
    ),
    (
        "strangers_are_overlooked",
        beside_the_user(OWN.test_the_user_trading_beside_the_run_is_left_alone_and_reported),
    ),
]


@pytest.mark.parametrize(("name", "check"), RED, ids=[f"{i} {row[0]}" for i, row in enumerate(RED)])
def test_it_turns_red_under(name, check, monkeypatch, tmp_path):
    monkeypatch.setattr(relay_process, "_MODULE", "tests.system.live.broken_relay")
    monkeypatch.setenv("BROKEN_RELAY", name)
    with pytest.raises((AssertionError, TimeoutError, pytest.fail.Exception)):
        check(tmp_path)


@pytest.mark.parametrize("row", [4, 6, 7, 14, 16], ids=[RED[i][0] for i in (4, 6, 7, 14, 16)])
def test_the_same_check_is_green_under_the_real_relay(row, tmp_path):
    RED[row][1](tmp_path)
