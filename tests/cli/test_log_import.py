"""pytest-ibkr log import: a log in, a recording out, and what it says about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_ibkr.capture.recording import load
from pytest_ibkr.cli import main
from tests.capture.logs import lines


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str) -> Path:
    path = Path(f"{name}.txt")
    path.write_text("\n".join(lines(name)) + "\n", "utf-8")
    return path


def test_a_whole_log_becomes_a_recording_beside_you(capsys: pytest.CaptureFixture[str]) -> None:
    source = write("live_session")
    assert main(["log", "import", str(source), "--date", "2026-01-13"]) == 0
    out, told = capsys.readouterr()
    assert out == "live_session.recording.jsonl\n"
    assert told == "357 frames of 430 seconds, server version 181, 1 account id replaced\n"
    assert load(Path("live_session.recording.jsonl")).recorded_on == "2026-01-13"


def test_a_torn_log_is_imported_as_far_as_it_goes(capsys: pytest.CaptureFixture[str]) -> None:
    source = write("paper_session")
    assert main(["log", "import", str(source), "--output", "p.jsonl"]) == 3
    assert "line 1 left out: no line of a message log, or a torn one" in capsys.readouterr().err
    assert not load(Path("p.jsonl")).complete


def test_what_is_there_already_stays(capsys: pytest.CaptureFixture[str]) -> None:
    source = write("live_session")
    Path("live_session.recording.jsonl").write_text("mine", "utf-8")
    assert main(["log", "import", str(source)]) == 2
    assert "is there already: nothing was written" in capsys.readouterr().err
    assert Path("live_session.recording.jsonl").read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["absent.txt"], "absent.txt cannot be read: No such file"),
        (["live_session.txt", "--output", "no/such/r.jsonl"], "cannot be written: No such file"),
    ],
)
def test_files_that_cannot_be_used_are_named(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write("live_session")
    assert main(["log", "import", *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--date", "tomorrow"], ["--server-version", "99"]])
def test_options_that_cannot_be_are_refused(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["log", "import", "x.txt", *words])
    assert words[0] in capsys.readouterr().err
