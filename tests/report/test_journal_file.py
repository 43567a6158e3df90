"""A journal on disk: every entry whole, bounded, no account of a person in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_ibkr.report.journal_file import JournalFile
from pytest_ibkr.sim.journal import Journal, Note
from pytest_ibkr.wire.codec import Raw
from pytest_ibkr.wire.messages.market_data import TickPrice
from pytest_ibkr.wire.messages.session import ErrorNotice, ManagedAccounts, ReqCurrentTime

AT_S = 1_783_692_000.0  # 2026-07-10 10:00 New York


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def journal() -> Journal:
    return Journal()


def test_every_entry_becomes_a_line(tmp_path: Path, journal: Journal) -> None:
    file = JournalFile(tmp_path / "journals" / "a.jsonl")
    journal.listeners.append(file)
    journal.add(AT_S, 1, "note", Note("connected"))
    journal.add(AT_S + 0.25, 1, "in", ReqCurrentTime(), size=5)
    journal.add(AT_S + 0.5, 1, "out", ErrorNotice(request_id=7, code=200, text="none"), size=30)
    journal.add(AT_S + 0.5, 1, "in", Raw(99, b"\x01"), size=1)
    file.close()
    note, asked, answer, raw = lines(file.path)
    assert note["note"] == "connected"
    assert (asked["message"], asked["direction"]) == ("reqCurrentTime", "in")
    assert asked["at"] == "2026-07-10T14:00:00.250+00:00"
    assert answer["fields"] == {"request_id": 7, "code": 200, "text": "none"}
    assert (raw["message_id"], raw["payload_hex"]) == (99, "01")


def test_market_data_that_left_the_ring_is_on_disk(tmp_path: Path, journal: Journal) -> None:
    file = JournalFile(tmp_path / "a.jsonl")
    journal.listeners.append(file)
    tick = TickPrice(request_id=1, tick=1, price=690.5)
    for n in range(10_050):
        journal.add(AT_S + n, 1, "out", tick, size=20)
    file.close()
    assert len(list(journal.entries())) == 10_000
    assert len(lines(file.path)) == 10_050


def test_a_full_file_says_how_much_is_missing(tmp_path: Path, journal: Journal) -> None:
    file = JournalFile(tmp_path / "a.jsonl", max_bytes=400)
    journal.listeners.append(file)
    for n in range(20):
        journal.add(AT_S + n, 1, "in", ReqCurrentTime(), size=5)
    file.close()
    *kept, last = lines(file.path)
    assert last == {"truncated": True, "entries_dropped": 20 - len(kept)}
    assert file.path.stat().st_size < 500


def test_accounts_outside_the_simulators_range_are_masked(tmp_path: Path, journal: Journal) -> None:
    file = JournalFile(tmp_path / "a.jsonl")
    journal.listeners.append(file)
    journal.add(AT_S, 1, "out", ManagedAccounts(accounts="DU5555555,DU0000001"), size=20)
    file.close()
    text = file.path.read_text(encoding="utf-8")
    assert "DU5555555" not in text
    assert "DU0000001" in text


def test_a_closed_file_takes_no_more(tmp_path: Path, journal: Journal) -> None:
    file = JournalFile(tmp_path / "a.jsonl")
    journal.listeners.append(file)
    file.close()
    journal.add(AT_S, 1, "in", ReqCurrentTime(), size=5)
    assert lines(file.path) == []
