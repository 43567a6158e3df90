"""Orders are on disk before they are sent, and an open ledger can be read after any crash."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_ibkr.guard.trades import Baseline
from pytest_ibkr.net.relay import ledger as ledger_module
from pytest_ibkr.net.relay.ledger import Ledger, LedgerFull, unfinished
from pytest_ibkr.net.relay.ledger_lines import LedgerBroken, read
from pytest_ibkr.net.relay.state_dir import account_key, state_directory
from tests.guard.account_facts import fill, sent
from tests.net.relay.account_bench import PAPER

BASELINE = Baseline({5: Decimal("-2.5")}, frozenset({"a.1", "b.2"}), frozenset({77}))


def begin(directory: Path, **changes) -> Ledger:
    given = {"account": PAPER, "endpoint": "127.0.0.1:4002", "name": f"for {PAPER}"}
    return Ledger.begin(directory, **(given | {"baseline": BASELINE} | changes))


def test_what_is_written_is_what_is_read(tmp_path) -> None:
    ledger = begin(tmp_path, flattens=False)
    ledger.order(sent(3))
    ledger.order(sent(-2, order_id=2), cleanup=True)
    ledger.execution(fill(3))
    ledger.order(sent(5))
    found = read(ledger.path)
    assert found == ledger.content
    assert found.header.baseline == BASELINE
    assert not found.header.flattens
    assert found.orders[7201, 1].earlier == (Decimal(3),)
    assert found.cleanup == {(7201, 2)}
    assert found.executions["a.1.01"].shares == Decimal(3)
    assert found.outcome is None


def test_no_order_no_file(tmp_path) -> None:
    ledger = begin(tmp_path)
    ledger.execution(fill(1))
    ledger.close({})
    assert not ledger.is_open
    assert list(tmp_path.rglob("*.jsonl")) == []


def test_the_line_and_its_directory_are_forced_to_disk_before_it_returns(
    tmp_path, monkeypatch
) -> None:
    calls: list[str] = []
    write, force = os.write, os.fsync
    monkeypatch.setattr(os, "write", lambda *a: (calls.append("write"), write(*a))[1])
    monkeypatch.setattr(os, "fsync", lambda *a: (calls.append("fsync"), force(*a))[1])
    ledger = begin(tmp_path)
    calls.clear()
    ledger.order(sent(1))
    assert calls == ["write", "fsync", "fsync", "fsync", "fsync"]
    calls.clear()
    ledger.order(sent(1, order_id=2))
    assert calls == ["write", "fsync"]


@pytest.mark.parametrize("first", [True, False], ids=["first order", "later order"])
@pytest.mark.parametrize("fails", ["write", "half a write", "fsync"])
def test_a_full_disk_refuses_the_order_and_leaves_whole_lines(
    tmp_path, monkeypatch, first, fails
) -> None:
    ledger = begin(tmp_path)
    if not first:
        ledger.order(sent(1))
    write = os.write

    def full(handle, data):
        if fails == "half a write":
            return write(handle, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(
            ledger_module.os,
            "fsync" if fails == "fsync" else "write",
            full if fails != "fsync" else lambda _handle: full(_handle, b""),
        )
        with pytest.raises(LedgerFull, match="the order was not sent"):
            ledger.order(sent(1, order_id=2))
    assert (7201, 2) not in ledger.content.orders
    assert [len(read(path).orders) for path in unfinished(tmp_path, PAPER)] == [1] * (not first)
    ledger.order(sent(1, order_id=3))  # room again
    assert set(read(ledger.path).orders) == {(7201, 3)} | ({(7201, 1)} if not first else set())


def test_a_disk_that_cannot_even_take_back_stops_every_later_order(tmp_path, monkeypatch) -> None:
    ledger = begin(tmp_path)
    ledger.order(sent(1))

    def full(*_args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(ledger_module.os, "fsync", full)
        patched.setattr(ledger_module.os, "ftruncate", full)
        with pytest.raises(LedgerFull):
            ledger.order(sent(1, order_id=2))
    with pytest.raises(LedgerFull, match="could not be taken back"):
        ledger.order(sent(1, order_id=3))


@settings(max_examples=60)
@given(cut=st.integers(1, 2000))
def test_a_torn_last_line_is_an_order_that_was_never_sent(tmp_path_factory, cut) -> None:
    tmp_path = tmp_path_factory.mktemp("torn")
    ledger = begin(tmp_path)
    ledger.order(sent(1))
    whole = ledger.path.stat().st_size
    ledger.order(sent(1, order_id=2))
    ledger.release()
    size = ledger.path.stat().st_size
    os.truncate(ledger.path, max(size - cut, whole))
    again = Ledger.resume(ledger.path)
    assert set(again.content.orders) == {(7201, 1)}
    again.order(sent(1, order_id=9))
    assert set(read(again.path).orders) == {(7201, 1), (7201, 9)}
    again.release()


def test_a_line_broken_in_the_middle_is_an_error_that_says_what_to_do(tmp_path) -> None:
    ledger = begin(tmp_path)
    ledger.order(sent(1))
    ledger.order(sent(1, order_id=2))
    ledger.release()
    data = ledger.path.read_bytes().replace(b'"order_id":1', b'"order_id"1')
    ledger.path.write_bytes(data)
    with pytest.raises(LedgerBroken, match="cannot be read: line 2") as broken:
        read(ledger.path)
    assert str(pickle.loads(pickle.dumps(broken.value))) == str(broken.value)


@pytest.mark.parametrize("data", [b"", b"{}\n", b"nonsense", b'{"kind":"order"}\n', b"[]\n"])
def test_a_file_that_is_no_ledger_is_refused(tmp_path, data) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(data)
    with pytest.raises(LedgerBroken):
        Ledger.resume(path)


def test_a_closed_ledger_is_put_away_and_does_not_block(tmp_path) -> None:
    ledger = begin(tmp_path)
    ledger.order(sent(1))
    assert unfinished(tmp_path, PAPER) == [ledger.path]
    ledger.close({"cancelled": []})
    assert unfinished(tmp_path, PAPER) == []
    assert read(ledger.path).outcome == {"cancelled": []}
    with pytest.raises(LedgerFull):
        ledger.order(sent(1))


def test_ledgers_of_another_account_are_not_ours(tmp_path) -> None:
    begin(tmp_path).order(sent(1))
    assert unfinished(tmp_path, "DU" + "7654322") == []


def test_no_file_and_no_name_of_a_file_tells_the_account(tmp_path) -> None:
    ledger = begin(tmp_path)
    ledger.order(sent(1))
    ledger.execution(fill(1))
    for path in tmp_path.rglob("*"):
        assert PAPER not in str(path)
        assert path.is_dir() or PAPER.encode() not in path.read_bytes()
    assert account_key(tmp_path, PAPER) != account_key(tmp_path / "other machine", PAPER)


_WRITES = """
import sys
from pathlib import Path
from tests.net.relay.test_ledger import begin, sent
ledger = begin(Path(sys.argv[1]))
for number in range(1, 10_000):
    ledger.order(sent(1, order_id=number))
    print(number, flush=True)  # now it may be sent
"""


@pytest.mark.parametrize("after", [1, 7, 40])
def test_after_a_kill_every_order_that_may_have_been_sent_is_there(tmp_path, after) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", _WRITES, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
        text=True,
    )
    with program:
        for _ in range(after):
            program.stdout.readline()
        program.kill()
        sent_ids = after + len(program.stdout.read().split())
    [path] = unfinished(tmp_path, PAPER)
    recorded = {order_id for _, order_id in Ledger.resume(path).content.orders}
    assert recorded >= set(range(1, sent_ids + 1))


@pytest.mark.parametrize(
    ("platform", "environ", "place"),
    [
        ("linux", {"XDG_STATE_HOME": "/s", "HOME": "/h"}, "/s/pytest-ibkr"),
        ("linux", {"HOME": "/h"}, "/h/.local/state/pytest-ibkr"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Application Support/pytest-ibkr"),
        ("win32", {"LOCALAPPDATA": "/l", "HOME": "/h"}, "/l/pytest-ibkr"),
    ],
)
def test_the_state_directory_is_the_platforms(platform, environ, place) -> None:
    assert state_directory(environ, platform=platform) == Path(place)
