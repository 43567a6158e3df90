"""One run per account on this machine, whoever races, whoever dies."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.relay.lock import RunLock, RunLocked
from pytest_ibkr.net.relay.processes import is_running, own_mark, start_mark
from tests.net.relay.account_bench import PAPER

_TAKES = """
import sys
from pathlib import Path
from pytest_ibkr.net.relay.lock import RunLock, RunLocked
from tests.net.relay.account_bench import PAPER
sys.stdin.readline()
try:
    RunLock.take(Path(sys.argv[1]), account=PAPER, name="racer")
    print("taken", flush=True)
except RunLocked as held:
    print("held", held.pid, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def racers(tmp_path):
    started = []

    def start(count: int) -> list[subprocess.Popen[str]]:
        for _ in range(count):
            started.append(
                subprocess.Popen(
                    [sys.executable, "-c", _TAKES, str(tmp_path)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    cwd=Path(__file__).parents[3],
                )
            )
        return started[-count:]

    yield start
    for each in started:
        with each:
            each.kill()


def take(directory, *, account=PAPER) -> RunLock:
    return RunLock.take(directory, account=account, name="mine")


def say_go(program) -> None:
    program.stdin.write("go\n")
    program.stdin.flush()


def test_of_processes_that_race_exactly_one_has_it(tmp_path, racers) -> None:
    programs = racers(4)
    for each in programs:
        say_go(each)
    answers = [each.stdout.readline().split() for each in programs]
    winners = [p for p, answer in zip(programs, answers, strict=True) if answer == ["taken"]]
    assert len(winners) == 1
    assert {answer[1] for answer in answers if answer[0] == "held"} == {str(winners[0].pid)}


def test_processes_that_race_for_a_dead_owners_lock_share_one_winner(tmp_path, racers) -> None:
    [dead] = racers(1)
    say_go(dead)
    assert dead.stdout.readline() == "taken\n"
    dead.kill()
    programs = racers(4)
    for each in programs:
        say_go(each)
    answers = [each.stdout.readline().split()[0] for each in programs]
    assert sorted(answers) == ["held", "held", "held", "taken"]


def test_a_second_taking_is_refused_with_whose_it_is(tmp_path) -> None:
    with take(tmp_path), pytest.raises(RunLocked) as refused:
        take(tmp_path)
    again = pickle.loads(pickle.dumps(refused.value))
    assert (again.pid, again.name) == (os.getpid(), "mine")
    assert PAPER not in str(again)
    assert "wait until it has ended" in str(again)


def test_it_can_be_taken_again_once_given_back(tmp_path) -> None:
    first = take(tmp_path)
    first.release()
    first.release()
    take(tmp_path).release()


def test_another_account_has_its_own(tmp_path) -> None:
    with take(tmp_path), take(tmp_path, account="DU" + "7654322"):
        pass


def test_a_number_that_another_process_has_now_is_no_owner(tmp_path) -> None:
    lock = take(tmp_path)
    entry = json.loads(lock.path.read_text())
    lock.path.write_text(json.dumps({**entry, "mark": "an earlier boot:1"}))
    take(tmp_path).release()


def test_a_lock_that_was_taken_over_is_not_given_back_by_its_old_owner(tmp_path) -> None:
    lock = take(tmp_path)
    entry = json.loads(lock.path.read_text())
    lock.path.write_text(json.dumps({**entry, "pid": os.getppid(), "mark": "other"}))
    lock.release()
    assert lock.path.exists()


def test_a_lock_nobody_can_read_fails_closed(tmp_path) -> None:
    lock = take(tmp_path)
    lock.path.write_text("{")
    with pytest.raises(UsageError, match="cannot be used: it names no owner"):
        take(tmp_path)


def test_a_directory_nobody_can_write_fails_closed(tmp_path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="set XDG_STATE_HOME"):
        take(tmp_path / "file")


def test_a_process_is_known_by_number_and_start() -> None:
    assert is_running(os.getpid(), own_mark())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        mark = start_mark(child.pid)
        assert mark is not None
        assert mark != own_mark()
        assert is_running(child.pid, mark)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert start_mark(child.pid) is None  # dead, though nobody has reaped it
    assert start_mark(0) is None
