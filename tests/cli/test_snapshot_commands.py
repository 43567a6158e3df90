"""snapshot list and check: what is there, is it complete."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from pytest_ibkr.cli import main
from tests.plugin.pack_snapshot import NAME, TARGET


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("IBKR_SNAPSHOT_DIR", raising=False)


def test_the_packaged_one_is_always_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["snapshot", "list"]) == 0
    assert capsys.readouterr().out == f"{NAME}  capture  packaged\n"


def test_a_projects_own_come_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "mine" / "snapshot_wild_20260101_100000_partial.json.gz"
    own.parent.mkdir()
    own.write_bytes(TARGET.read_bytes())
    assert main(["snapshot", "list", "--dir", "mine"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == "snapshot_wild_20260101_100000_partial  partial  " + str(
        own.relative_to(tmp_path)
    )
    assert second.endswith("packaged")


def test_a_complete_snapshot_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["snapshot", "check", str(TARGET)]) == 0
    assert capsys.readouterr().out.startswith(f"{NAME}: complete, SPY, QQQ, ")


def test_an_incomplete_one_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(gzip.decompress(TARGET.read_bytes()))
    document["symbols"]["SPY"]["optionChain"] = []
    file = tmp_path / "snapshot_poor_20260710_160000.json"
    file.write_text(json.dumps(document), "utf-8")
    assert main(["snapshot", "check", str(file)]) == 3
    assert "error: symbols.SPY.optionChain: SPY has 0 options" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, "{", "{}"], ids=["absent", "broken", "empty"])
def test_an_unreadable_one_is_a_failure(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.json"
    if content is not None:
        file.write_text(content, "utf-8")
    assert main(["snapshot", "check", str(file)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("pytest-ibkr: ")


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("serve", "--snapshot", "nope"), 1, f"there: {NAME} (packaged)"),
        (("serve", "--snapshot", "/nope.json"), 1, "no snapshot file /nope.json"),
        (("serve", "--scenario", "panic"), 1, "no snapshot of a scenario 'panic'"),
        (("snapshot", "check", "/"), 1, "cannot read snapshot /: it is a directory"),
        (("snapshot", "check", "nope.json"), 1, "no snapshot file "),
        (("snapshot", "list", "--dir", "/nope"), 2, "--dir: no directory /nope"),
    ],
)
def test_what_is_not_there_is_called_what_it_is(
    words: tuple[str, ...], code: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert text in said.err


def test_no_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2
    assert "COMMAND" in capsys.readouterr().err
