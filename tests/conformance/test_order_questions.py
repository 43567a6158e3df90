"""Foreign clients preview orders, are refused an exercise, and cancel everything."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.messages.exercise import ExerciseOptions
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from tests.conformance.conftest import Meeting, able
from tests.conformance.peers.families import plain, row
from tests.conformance.peers.model import Asked, Ticket
from tests.conformance.test_trading import await_status

pytestmark = pytest.mark.req("XC-001")
ACCOUNT = "DU0000001"
FIGURES = (
    "init_margin_before", "maint_margin_before", "equity_before",
    "init_margin_change", "maint_margin_change", "equity_change",
    "init_margin_after", "maint_margin_after", "equity_after",
    "commission", "min_commission", "max_commission", "commission_currency",
)  # fmt: skip


@pytest.mark.parametrize("limit", [None, 700.0], ids=["market", "limit"])
def test_a_preview_has_the_figures_sent_and_leaves_no_order(
    meeting: Meeting, spy: Asked, limit: float | None
) -> None:
    [heard] = able(meeting, "what_if").what_if(spy, Ticket("BUY", 10, limit=limit))

    [sent] = meeting.sent(OpenOrder)
    assert heard == row(*(getattr(sent, name) for name in FIGURES))
    assert plain(sent.init_margin_change) == heard[3] != 0
    assert meeting.peer.working() == []
    assert meeting.session.account.positions() == {}


def test_an_exercise_is_rejected_as_on_any_paper_account(meeting: Meeting, call: Asked) -> None:
    meeting.expected = {322}
    peer = meeting.peer

    able(meeting, "exercise").exercise(call, ACCOUNT)

    peer.until(lambda: any(n.code == 322 for n in peer.notices), "322")
    [asked] = meeting.asked(ExerciseOptions)
    assert (asked.contract.con_id, asked.action, asked.quantity) == (call.con_id, 1, 1)
    [refusal] = [n for n in peer.notices if n.code == 322]
    assert refusal.request_id == asked.request_id


def test_a_global_cancel_ends_every_order(meeting: Meeting, spy: Asked) -> None:
    families, peer = able(meeting, "cancel_everything"), meeting.peer
    meeting.expected = {202}
    ids = [peer.place(spy, Ticket("BUY", 10, limit=700.0 - n)) for n in range(3)]
    for order_id in ids:
        await_status(meeting, order_id, "Submitted")

    families.cancel_everything()

    for order_id in ids:
        await_status(meeting, order_id, "Cancelled")
    peer.until(lambda: len([n for n in peer.notices if n.code == 202]) == 3, "202 for each")
    assert peer.working() == []
    assert [row.status for row in peer.completed()] == ["Cancelled"] * 3
