"""--ibkr-record: live tests are recorded, once or anew; offline the recording answers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_ibkr.capture.recording import load
from tests.system.live.ids import PAPER
from tests.system.live.paper_gateway import PaperGateway, paper_gateway
from tests.system.live.project import Done, LiveProject, eventually

pytestmark = pytest.mark.ci

RECORDINGS = Path("recordings/test_project")
ASKS = """
from pytest_ibkr.wire.messages.contract import ReqContractDetails

with careless(ibkr.host, ibkr.port) as client:
    client.start(ibkr.client_id)
    client.ask(ReqContractDetails(request_id=5, contract=SPY))
    client.until("52")
"""


@pytest.fixture(scope="module")
def gateway() -> Iterator[PaperGateway]:
    with paper_gateway() as served:
        yield served


def made_in(place: Path, gateway: PaperGateway) -> LiveProject:
    """A project with one test that asks for SPY's contract, live and from its recording."""
    made = LiveProject(place, gateway)
    made.test("pass", marks="", name="test_nothing")
    made.test(ASKS, marks="live, ibkr_recording", name="test_spy")
    return made


@pytest.fixture
def project(gateway: PaperGateway, tmp_path: Path) -> LiveProject:
    """A project whose test was never recorded."""
    return made_in(tmp_path, gateway)


@dataclass(frozen=True)
class First:
    """The first live run of a project: what it left, and what it said."""

    done: Done
    recorded: Path


@pytest.fixture(scope="module")
def first(gateway: PaperGateway, tmp_path_factory: pytest.TempPathFactory) -> First:
    made = made_in(tmp_path_factory.mktemp("first"), gateway)
    done = made.run("--ibkr-record", "once", "-k", "spy")
    assert done.code == 0, done.text
    return First(done, made.folder / "recordings")


@pytest.fixture
def recorded(project: LiveProject, first: First) -> LiveProject:
    """A project whose test was recorded."""
    shutil.copytree(first.recorded, project.folder / "recordings")
    return project


def recording(project: LiveProject, name: str = "test_spy", kind: str = "recording") -> Path:
    return project.folder / RECORDINGS / f"{name}.{kind}.jsonl"


def offline(project: LiveProject, *options: str) -> Done:
    return project.run(*options, flag="")


def test_a_live_test_is_recorded_and_offline_its_recording_answers(
    recorded: LiveProject, first: First
) -> None:
    project = recorded
    assert "recordings/test_project/test_spy.recording.jsonl: recorded" in first.done.text
    made = load(recording(project))
    assert made.context.test == "test_project.py::test_spy"
    assert made.context.markers == ("ibkr_recording", "live")
    assert (made.account, made.complete) == ("paper", True)
    assert PAPER not in recording(project).read_text()
    again = offline(project, "-k", "spy")
    assert again.code == 0, again.text


def test_what_the_recording_does_not_have_fails_the_test_offline(recorded: LiveProject) -> None:
    file = recorded.folder / "test_project.py"
    file.write_text(
        file.read_text().replace("contract=SPY)", "contract=replace(SPY, symbol='QQQ'))")
    )
    file.write_text("from dataclasses import replace\n" + file.read_text())
    done = offline(recorded, "-k", "spy")
    assert done.code == 1
    assert "reqContractDetails, closest: contract.symbol: 'QQQ', recorded 'SPY'" in done.text


def test_a_marked_test_without_a_recording_says_how_to_make_one(project: LiveProject) -> None:
    done = offline(project, "-k", "spy")
    assert done.code == 1
    assert "test_project.py::test_spy has no recording" in done.text
    assert "pytest --live-gateway --ibkr-record once" in done.text


def test_once_keeps_what_is_there_and_all_makes_it_anew(recorded: LiveProject) -> None:
    before = recording(recorded).read_bytes()
    kept = recorded.run("--ibkr-record", "once", "-k", "spy")
    assert recording(recorded).read_bytes() == before
    assert "1 kept: --ibkr-record all records them anew" in kept.text
    assert recorded.run("--ibkr-record", "all", "-k", "spy").code == 0
    assert recording(recorded).read_bytes() != before


def test_without_the_option_nothing_is_recorded(project: LiveProject) -> None:
    assert project.run("-k", "spy").code == 0
    assert not recording(project).exists()


def test_offline_nothing_is_recorded_and_the_run_says_so(project: LiveProject) -> None:
    done = offline(project, "--ibkr-record", "all", "-k", "nothing")
    assert done.code == 0
    assert "nothing was recorded: no test met a real gateway (--live-gateway)" in done.text
    assert not (project.folder / "recordings").exists()


def test_a_failed_test_leaves_the_recording_alone_and_its_own_beside_it(
    recorded: LiveProject,
) -> None:
    before = recording(recorded).read_bytes()
    file = recorded.folder / "test_project.py"
    good = file.read_text()
    file.write_text(good + "\n    raise AssertionError('and then it failed')\n")
    done = recorded.run("--ibkr-record", "all", "-k", "spy")
    assert done.code == 1
    assert recording(recorded).read_bytes() == before
    failed = recording(recorded, kind="failed")
    assert load(failed).context.test == "test_project.py::test_spy"
    assert "test_spy.failed.jsonl: of a test that failed" in done.text
    file.write_text(good)
    assert recorded.run("--ibkr-record", "all", "-k", "spy").code == 0
    assert not failed.exists()


def test_recordings_may_lie_elsewhere(project: LiveProject) -> None:
    ini = project.folder / "pytest.ini"
    ini.write_text("[pytest]\nibkr_record = once\nibkr_recording_dir = data/wire\n")
    assert project.run("-k", "spy").code == 0
    assert (project.folder / "data/wire/test_project/test_spy.recording.jsonl").is_file()
    assert offline(project, "-k", "spy").code == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the full disk is made with /proc")
def test_a_disk_without_room_fails_the_test_and_leaves_no_half_file(recorded: LiveProject) -> None:
    before = recording(recorded).read_bytes()
    (recorded.folder / "conftest.py").write_text(
        "import os\n"
        "forced = os.fsync\n"
        "def full(handle):\n"
        "    if '.recording.jsonl' in os.readlink(f'/proc/self/fd/{handle}'):\n"
        "        raise OSError(28, 'No space left on device')\n"
        "    forced(handle)\n"
        "os.fsync = full\n"
    )
    done = recorded.run("--ibkr-record", "all", "-k", "spy")
    assert done.code == 1
    assert "the recording of test_project.py::test_spy cannot be written: No space left" in (
        done.text
    )
    assert recording(recorded).read_bytes() == before
    assert [each.name for each in recording(recorded).parent.iterdir()] == [
        recording(recorded).name
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_run_leaves_the_earlier_recording(recorded: LiveProject) -> None:
    before = recording(recorded).read_bytes()
    file = recorded.folder / "test_project.py"
    stay = "\n    Path('asked').touch()\n    time.sleep(60)\n"
    file.write_text(file.read_text() + stay)
    run = recorded.start("--ibkr-record", "all", "-k", "spy", quiet=True)
    eventually(lambda: recorded.said("asked"), "the test has asked")
    os.kill(run.process.pid, signal.SIGKILL)
    run.end()
    assert recording(recorded).read_bytes() == before
    assert [each.name for each in recording(recorded).parent.iterdir()] == [
        recording(recorded).name
    ]


# ---------------------------------------------------------------- unused, too old, xdist


def grown_old(project: LiveProject) -> None:
    """Let the recording be of last year: what the header says, frames as they are."""
    header, *lines = recording(project).read_text().splitlines()
    old = json.loads(header) | {"recorded_at": "2025-01-02T15:00:00+00:00"}
    recording(project).write_text("\n".join([json.dumps(old), *lines]) + "\n")


@pytest.mark.parametrize(
    "workers",
    [
        pytest.param((), id="one process"),
        pytest.param(("-n", "2"), id="xdist"),
    ],
)
def test_recordings_nobody_needs_and_those_too_old_are_named_at_the_end(
    recorded: LiveProject, workers: tuple[str, ...]
) -> None:
    grown_old(recorded)
    recording(recorded, "test_that_went_away").write_bytes(b"")
    ini = recorded.folder / "pytest.ini"
    ini.write_text("[pytest]\nibkr_recording_too_old = fail\n")
    done = offline(recorded, *workers)
    assert done.code == 1, done.text
    assert f"{RECORDINGS}/test_that_went_away.recording.jsonl: belongs to no test" in done.text
    assert f"{RECORDINGS}/test_spy.recording.jsonl:" in done.text
    assert "days old, more than 180" in done.text
    assert done.text.count("belongs to no test") == 1


@pytest.mark.parametrize(
    "ini", ["", "ibkr_recording_too_old = fail\nibkr_recording_max_age = 99999"]
)
def test_an_old_recording_only_warns_and_a_longer_life_silences_it(
    recorded: LiveProject, ini: str
) -> None:
    grown_old(recorded)
    (recorded.folder / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
    done = offline(recorded)
    assert done.code == 0, done.text
    assert ("days old, more than 180" in done.text) == (not ini)


def test_a_part_of_the_tests_tells_nothing_about_unused_ones(recorded: LiveProject) -> None:
    recording(recorded, "test_that_went_away").write_bytes(b"")
    for part in (("-k", "spy"), ("test_project.py::test_spy",)):
        assert "belongs to no test" not in offline(recorded, *part).text


def test_one_worker_records_as_one_process_does(project: LiveProject) -> None:
    done = project.run("--ibkr-record", "once", "-n", "1", "-k", "spy")
    assert done.code == 0, done.text
    assert "test_spy.recording.jsonl: recorded" in done.text
    assert load(recording(project)).complete
