"""What becomes of this run's orders, and which orders are somebody else's."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.guard import order_book
from pytest_ibkr.guard.order_book import OrderBook, PlacedOrder
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.guard.bench import FIRST_ID, bench, echo, order, status

ME = 7001
DEAD = {
    103, 104, 106, 107, 109, 110, 111, 113, 116, 117, 135, 200, 201, 202, 203, 320, 321, 322, 328,
    387, 388, 434, 435, 436, 439, 441, 442, 443, 460, 10006, 10052, 10147, 10148, 10149, 10243,
    10255, 10257, 10268, 10289, 10311, 10318, 10329,
}  # fmt: skip
WARNINGS = [105, 329, 399, 404, 462, 2109, 2137, 10349, 10167, 161, 0]


def book() -> tuple[OrderBook, PlacedOrder]:
    made = OrderBook()
    made.placed(ME, order(), test="test_one", now_s=5.0)
    placed = made.get(ME, FIRST_ID)
    assert placed is not None
    return made, placed


def test_an_order_works_from_the_moment_it_is_allowed() -> None:
    made, placed = book()
    assert (made.working, len(made), list(made)) == (1, 1, [placed])
    assert (placed.client_id, placed.order_id, placed.test, placed.at_s) == (
        *(ME, FIRST_ID, "test_one", 5.0),
    )
    assert (placed.status, placed.filled, placed.perm_id) == ("", Decimal(0), 0)
    assert made.get(ME, FIRST_ID + 1) is None
    assert made.get(ME + 1, FIRST_ID) is None


WORDS = [
    ("PendingSubmit", True),
    ("ApiPending", True),
    ("PreSubmitted", True),
    ("Submitted", True),
    ("PendingCancel", True),
    ("Inactive", True),
    ("Something", True),
    ("Filled", False),
    ("Cancelled", False),
    ("ApiCancelled", False),
]


@pytest.mark.parametrize(("word", "works"), WORDS)
def test_an_order_works_until_its_status_is_a_last_one(word: str, works: bool) -> None:
    for told in ("reported", "echoed"):
        made, placed = book()
        if told == "reported":
            made.reported(status(word=word, perm_id=77))
        else:
            made.echoed(echo(word=word, perm_id=77))
        assert (placed.status, placed.perm_id) == (word, 77)
        assert placed.working is works
        assert made.working == int(works)
    assert {word for word, working in WORDS if not working} == set(order_book.FINISHED)


def test_a_status_tells_how_much_was_filled_and_it_never_shrinks() -> None:
    made, placed = book()
    made.reported(status(filled=Decimal(3)))
    made.reported(status(filled=Decimal(2)))
    assert placed.filled == Decimal(3)


def test_a_change_keeps_the_order_and_takes_the_new_message() -> None:
    made, placed = book()
    made.reported(status(word="Submitted"))
    larger = order(quantity=Decimal(5))
    made.placed(ME, larger, test="test_two", now_s=9.0)
    made.placed(ME, order(quantity=Decimal(2)), test="test_two", now_s=9.0)
    assert placed.message == order(quantity=Decimal(2))
    assert placed.most == Decimal(5)
    assert (placed.test, placed.at_s, placed.status) == ("test_one", 5.0, "Submitted")
    assert len(made) == 1


def test_an_order_placed_again_after_its_end_works_until_the_gateway_says_otherwise() -> None:
    made, placed = book()
    made.reported(status(word="Cancelled"))
    assert made.working == 0
    made.placed(ME, order(), test="test_one", now_s=5.0)
    assert (made.working, placed.status) == (1, "")
    made.failed(ME, FIRST_ID, 103)
    assert made.working == 0


def test_what_an_order_traded_and_may_still_trade_is_committed() -> None:
    made, placed = book()
    made.placed(ME, order(quantity=Decimal(8)), test="", now_s=0)
    made.placed(ME, order(quantity=Decimal(6)), test="", now_s=0)
    assert placed.committed == Decimal(8)
    made.reported(status(filled=Decimal(3)))
    assert placed.committed == Decimal(8)
    made.reported(status(filled=Decimal(9)))
    assert placed.committed == Decimal(9)
    made.reported(status(word="Cancelled", filled=Decimal(3)))
    assert placed.committed == Decimal(9)
    assert placed.filled == Decimal(9)


# ------------------------------------------------------------------ errors


def test_the_errors_an_order_dies_of_are_these() -> None:
    assert set(order_book.DEAD_CODES) == DEAD


@pytest.mark.parametrize("code", sorted(DEAD))
def test_an_order_without_status_dies_of_an_error(code: int) -> None:
    made, placed = book()
    made.failed(ME, FIRST_ID, code)
    assert (placed.status, placed.working) == ("refused", False)


@pytest.mark.parametrize("code", WARNINGS)
def test_a_warning_kills_nothing(code: int) -> None:
    made, placed = book()
    made.failed(ME, FIRST_ID, code)
    assert placed.working


@pytest.mark.parametrize("code", sorted(DEAD))
def test_an_error_about_a_working_order_is_about_a_change_or_a_cancel(code: int) -> None:
    made, placed = book()
    made.reported(status(word="Submitted"))
    made.failed(ME, FIRST_ID, code)
    assert (placed.status, placed.working) == ("Submitted", True)


def test_a_rejection_ends_an_inactive_order_also_when_it_is_repeated() -> None:
    made, placed = book()
    made.reported(status(word="Inactive"))
    made.failed(ME, FIRST_ID, 399)
    assert placed.working
    made.failed(ME, FIRST_ID, 201)
    assert not placed.working
    made.reported(status(word="Inactive", perm_id=44))
    assert (placed.working, placed.perm_id) == (False, 44)
    made.reported(status(word="Submitted"))
    assert placed.working


def test_an_error_of_another_id_or_client_concerns_nobody() -> None:
    made, placed = book()
    made.failed(ME, -1, 201)
    made.failed(ME + 1, FIRST_ID, 201)
    assert placed.working


def test_errors_reach_the_order_of_the_client_they_came_for() -> None:
    made = bench()
    second = made.connect(7002, connection=2)
    assert made.rule(order()) is None
    made.hear(ErrorNotice(request_id=FIRST_ID, code=201, text="no"), client=second)
    assert made.run.orders.working == 1
    made.hear(ErrorNotice(request_id=FIRST_ID, code=201, text="no"))
    assert made.run.orders.working == 0


# ------------------------------------------------------------------ whose


def test_what_was_not_placed_here_is_foreign() -> None:
    made, _ = book()
    made.reported(status(FIRST_ID + 1))
    made.echoed(echo(FIRST_ID, client_id=ME + 1, oca_group="theirs"))
    made.echoed(echo(FIRST_ID, oca_group="ours"))
    assert made.is_foreign(ME, FIRST_ID + 1)
    assert made.is_foreign(ME + 1, FIRST_ID)
    assert not made.is_foreign(ME, FIRST_ID)
    assert made.is_foreign_group("theirs")
    assert not made.is_foreign_group("ours")
    assert not made.is_foreign_group("")
    assert len(made) == 1


def test_a_preview_is_neither_ours_nor_foreign() -> None:
    made = OrderBook()
    made.previewed(ME, 5)
    made.echoed(echo(5, oca_group="group"))
    made.reported(status(5))
    assert not made.is_foreign(ME, 5)
    assert not made.is_foreign_group("group")
    assert made.get(ME, 5) is None
    made.reported(status(6))
    assert made.is_foreign(ME, 6)


@pytest.mark.parametrize(("theirs", "wanted"), [("Theirs", "THEIRS "), (" theirs", "theirs")])
def test_names_that_may_be_taken_for_the_same_group_are_it(theirs: str, wanted: str) -> None:
    made = OrderBook()
    made.echoed(echo(FIRST_ID, client_id=ME + 1, oca_group=theirs))
    made.echoed(echo(FIRST_ID + 1, client_id=ME + 1, oca_group="another"))
    assert made.is_foreign_group(theirs)
    assert made.is_foreign_group(wanted)
    assert not made.is_foreign_group("their s")


@pytest.mark.parametrize("none", ["", " "])
def test_an_order_without_group_makes_no_group_foreign(none: str) -> None:
    made = OrderBook()
    made.echoed(echo(5, oca_group=none))
    assert made.is_foreign(ME, 5)
    assert not made.is_foreign_group("")
