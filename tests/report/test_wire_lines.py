"""A wire on a page: in order, folded where it repeats itself, cut in the middle when long."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_ibkr.report.wire_lines import wire_lines
from pytest_ibkr.sim.journal import Entry, Journal, Note
from pytest_ibkr.wire.codec import Raw
from pytest_ibkr.wire.messages.market_data import TickPrice, TickSize
from pytest_ibkr.wire.messages.session import (
    CurrentTime,
    ErrorNotice,
    ManagedAccounts,
    ReqCurrentTime,
)

AT_S = 1_783_692_000.0  # 2026-07-10 10:00 New York


@pytest.fixture
def journal() -> Journal:
    return Journal()


def entries(journal: Journal) -> list[Entry]:
    return list(journal.entries())


def test_each_kind_of_entry_is_told_apart(journal: Journal) -> None:
    journal.add(AT_S, 1, "note", Note("connected"))
    journal.add(AT_S + 0.25, 1, "in", ReqCurrentTime())
    journal.add(AT_S + 0.5, 1, "out", CurrentTime(epoch_s=7))
    journal.add(AT_S + 0.5, 1, "out", ErrorNotice(request_id=-1, code=2104, text="farm is OK"))
    journal.add(AT_S + 0.5, 1, "out", ErrorNotice(request_id=7, code=200, text="No security"))
    journal.add(AT_S + 0.5, 1, "in", Raw(99, b"\x01"))
    lines, cut = wire_lines(entries(journal), most=40)
    assert [line.kind for line in lines] == [
        *("note", "request", "answer", "notice", "error", "request")
    ]
    assert lines[1].at == "2026-07-10T14:00:00.250+00:00"
    assert lines[1].text == "reqCurrentTime"
    assert "code=200" in lines[4].text
    assert cut == 0


def test_a_run_of_ticks_of_all_kinds_is_one_fold_with_its_ends(journal: Journal) -> None:
    for n in range(5):
        journal.add(AT_S + n, 1, "out", TickPrice(request_id=1, tick=1, price=600 + n))
        journal.add(AT_S + n, 1, "out", TickSize(request_id=1, tick=0, size=Decimal(n)))
    first, between, last = wire_lines(entries(journal), most=40)[0]
    assert "price=600" in first.text
    assert (between.kind, between.text) == ("folded", "… 4 TickSize, 4 TickPrice")
    assert last.text.startswith("TickSize")


def test_ticks_to_two_clients_are_not_folded_together(journal: Journal) -> None:
    for n in range(12):
        journal.add(AT_S, 1 + n % 2, "out", TickPrice(request_id=1, tick=1, price=600 + n))
    assert len(wire_lines(entries(journal), most=40)[0]) == 12


def test_a_long_wire_keeps_its_beginning_and_more_of_its_end(journal: Journal) -> None:
    for n in range(500):
        message = ReqCurrentTime() if n % 2 == 0 else CurrentTime(epoch_s=n)
        journal.add(AT_S + n, 1, "in" if n % 2 == 0 else "out", message)
    lines, cut = wire_lines(entries(journal), most=30)
    assert (len(lines), cut) == (30, 470)
    assert lines[9].at < lines[10].at
    assert lines[9].text == "CurrentTime epoch_s=9"
    assert lines[10].text == "reqCurrentTime"
    assert lines[-1].text == "CurrentTime epoch_s=499"


def test_a_line_is_bounded_and_tells_no_account(journal: Journal) -> None:
    accounts = ",".join(f"DU555{n:04}" for n in range(100))
    journal.add(AT_S, 1, "out", ManagedAccounts(accounts=accounts))
    [line] = wire_lines(entries(journal), most=40)[0]
    assert len(line.text) == 200
    assert "DU*****01" in line.text
    assert "DU555" not in line.text
