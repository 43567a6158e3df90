"""Snapshots on disk: what a name means, what a broken file says, what a crash leaves."""

from __future__ import annotations

import errno
import gzip
import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.errors import IbkrError
from pytest_ibkr.snapshot import atomic, store
from pytest_ibkr.snapshot.errors import (
    BadScenarioName,
    SnapshotError,
    SnapshotExists,
    SnapshotInvalid,
    SnapshotNotFound,
    SnapshotUnreadable,
    SnapshotVersion,
)
from tests.snapshot.samples import FIXTURES, FULL, NORMAL, small, symbol

NAME = "snapshot_test_20260206_140000"


def edited(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    return path


# ------------------------------------------------------------------ names


@pytest.mark.parametrize(
    "wanted",
    [NORMAL.stem, "normal_20260710_160000", "normal", NORMAL.name, str(NORMAL), NORMAL],
    ids=["name", "name-without-prefix", "scenario", "file-name", "path-text", "path"],
)
@pytest.mark.req("SC-043")
def test_a_snapshot_is_found_by(wanted: str | Path) -> None:
    assert store.load(wanted, directory=FIXTURES).name == NORMAL.stem


def test_a_compressed_snapshot_is_the_same_snapshot(tmp_path: Path) -> None:
    made = small()
    (tmp_path / f"{NAME}.json").write_bytes(store.encoded(made))
    (tmp_path / "copy.json.gz").write_bytes(store.encoded(made, compress=True))

    plain = store.load(NAME, directory=tmp_path)
    packed = store.load("copy.json.gz", directory=tmp_path)

    assert plain == packed == made
    assert plain.seed == packed.seed == made.seed


def test_a_missing_snapshot_is_answered_with_what_there_is(tmp_path: Path) -> None:
    store.save(small(), tmp_path)

    with pytest.raises(SnapshotNotFound, match=NAME) as caught:
        store.load("tset", directory=tmp_path)

    assert caught.value.available == ("snapshot_test_latest", NAME)


def test_an_empty_directory_and_a_missing_one_have_no_snapshot(tmp_path: Path) -> None:
    assert store.available(tmp_path / "nowhere") == ()
    assert store.newest(tmp_path) is None
    with pytest.raises(SnapshotNotFound, match="no snapshot at all"):
        store.load("normal", directory=tmp_path / "nowhere")


def test_the_newest_capture_is_neither_partial_nor_the_latest_copy(tmp_path: Path) -> None:
    for name in ("a_20260101_100000", "b_20260102_100000", "b_20260103_100000_partial", "b_latest"):
        (tmp_path / f"snapshot_{name}.json").touch()
    (tmp_path / "snapshot_c_20260109_100000.json.tmp").touch()
    (tmp_path / "notes.json").touch()

    found = store.available(tmp_path)

    assert [(each.scenario, each.kind) for each in found] == [
        ("b", "latest"),
        ("a", "capture"),
        ("b", "capture"),
        ("b", "partial"),
    ]
    assert store.newest(tmp_path) == tmp_path / "snapshot_b_20260102_100000.json"
    assert store.newest(tmp_path, scenario="a") == tmp_path / "snapshot_a_20260101_100000.json"
    assert store.newest(tmp_path, scenario="c") is None


@pytest.mark.parametrize("name", ["", "../x", "a/b", "Normal", "-a", "a" * 42, "a b", "a\n", "ä"])
def test_a_scenario_that_is_no_plain_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadScenarioName):
        store.check_scenario(name)
    with pytest.raises(BadScenarioName):
        small(scenario=name)
    assert list(tmp_path.iterdir()) == []


@given(name=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,40}", fullmatch=True))
def test_a_plain_scenario_name_is_read_back_from_its_file_name(name: str) -> None:
    assert store.check_scenario(name) == name
    stored = store._stored(Path(f"snapshot_{name}_20260206_140000.json"))
    assert stored is not None
    assert (stored.scenario, stored.stamp, stored.kind) == (name, "20260206_140000", "capture")


# ------------------------------------------------------------------ broken files


def test_broken_json_is_answered_with_the_line(tmp_path: Path) -> None:
    path = store.save(small(), tmp_path)
    lines = path.read_text().splitlines()
    lines[4] = lines[4].replace(":", ";", 1)
    path.write_text("\n".join(lines))

    with pytest.raises(SnapshotUnreadable, match="line 5 column"):
        store.load(NAME, directory=tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "EOF", id="empty"),
        pytest.param(b"\x1f\x8bjunk", "damaged gzip", id="damaged"),
        pytest.param(gzip.compress(b"{}" * 99)[:-6], "damaged gzip", id="cut"),
    ],
)
def test_a_file_that_is_no_snapshot_says_why(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.json{'.gz' if content else ''}"
    path.write_bytes(content)
    with pytest.raises(SnapshotUnreadable, match=said):
        store.load(path, directory=tmp_path)


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MAX_BYTES", 1 << 20)
    path = tmp_path / "bomb.json.gz"
    path.write_bytes(gzip.compress(b" " * (1 << 21)))
    assert path.stat().st_size < 10_000
    with pytest.raises(SnapshotUnreadable, match="more than 1 MiB"):
        store.load(path, directory=tmp_path)


@pytest.mark.req("XC-008")
@pytest.mark.parametrize("version", [1, 3, "2", None])
def test_another_schema_version_is_refused_by_name(version: object, tmp_path: Path) -> None:
    path = edited(
        store.save(small(), tmp_path), lambda document: document.update(schemaVersion=version)
    )
    with pytest.raises(SnapshotVersion, match="reads version 2") as caught:
        store.load(path, directory=tmp_path)
    assert caught.value.found == version


def test_a_file_without_version_says_so(tmp_path: Path) -> None:
    path = edited(store.save(small(), tmp_path), lambda document: document.pop("schemaVersion"))
    with pytest.raises(SnapshotVersion, match="has no schemaVersion"):
        store.load(path, directory=tmp_path)


def abc(document: dict[str, Any]) -> dict[str, Any]:
    block: dict[str, Any] = document["symbols"]["ABC"]
    return block


WRONG = [
    pytest.param(lambda d: d.pop("vix"), "vix: Field required", id="missing-key"),
    pytest.param(lambda d: d.update(vxi=1), "vxi: Extra inputs", id="misspelt-key"),
    pytest.param(lambda d: d.update(vix="16"), "vix: Input should be", id="number-in-quotes"),
    pytest.param(lambda d: d.update(vix=float("nan")), "vix: Input should be", id="nan"),
    pytest.param(
        lambda d: d.update(timestamp="2026-02-06T14:00:00Z"), "timestamp: .*offset", id="offset"
    ),
    pytest.param(
        lambda d: d.update(capturedAtUtc="2026-02-06T14:00:00"), "no UTC offset", id="no-offset"
    ),
    pytest.param(
        lambda d: abc(d)["historicalBars"][3].update(date="20260206 10:00:00"),
        r"symbols\.ABC\.historicalBars\[3\]\.date: ",
        id="one-blank",
    ),
    pytest.param(
        lambda d: abc(d)["historicalBars"][0].update(date="20260230  10:00:00"),
        r"historicalBars\[0\]\.date: Value error, day",
        id="30-february",
    ),
    pytest.param(
        lambda d: abc(d)["optionChain"][2]["contract"].update(conId=2**31),
        r"optionChain\[2\]\.contract\.conId: ",
        id="id-over-32-bit",
    ),
    pytest.param(lambda d: abc(d).update(timeZone="Mars/Base"), "no known time zone", id="zone"),
    pytest.param(lambda d: abc(d).update(currentPrice=0), "currentPrice: .*greater", id="price-0"),
    pytest.param(lambda d: abc(d).update(close=-1.0), r"ABC\.close: .*greater", id="close-below-0"),
    pytest.param(lambda d: abc(d).update(bid=-1.0), r"ABC\.bid: .*greater", id="bid-below-0"),
    pytest.param(lambda d: abc(d).update(minTick=0), "minTick: .*greater", id="tick-0"),
    pytest.param(lambda d: abc(d).update(minTick=1e-300), "minTick: .*greater", id="tiny-tick"),
    pytest.param(lambda d: abc(d).update(longName="x\0y"), "longName: .*pattern", id="nul"),
    pytest.param(lambda d: abc(d).update(currency="US\nD"), "currency: .*pattern", id="newline"),
    pytest.param(
        lambda d: abc(d)["bars"]["1 hour"][2].update(open=0.0),
        r"bars\.1 hour\[2\]\.open: .*greater",
        id="open-0",
    ),
    pytest.param(
        lambda d: abc(d)["bars"]["1 hour"][2].update(high=1e300), "high: .*less", id="huge"
    ),
]
CONTRADICTIONS = [
    pytest.param(
        lambda d: abc(d)["bars"]["1 hour"][2].update(high=10.2),
        r"bars\.1 hour\[2\]: open or close is outside low and high",
        id="close-over-high",
    ),
    pytest.param(
        lambda d: abc(d).update(minTick=1e-6, bars={"1 hour": [dict(hour(d), high=9e6)]}),
        r"bars\.1 hour\[0\]\.high: more than 2\^31 ticks",
        id="too-many-ticks",
    ),
    pytest.param(
        lambda d: abc(d)["bars"].update({"1 day": [hour(d)]}),
        r"bars\.1 day\[0\]\.date: .* does not fit the bar size",
        id="hour-among-days",
    ),
    pytest.param(
        lambda d: abc(d)["bars"].update({"1 hour": [hour(d), hour(d)]}),
        r"bars\.1 hour\[1\]\.date: .* does not come after",
        id="bar-twice",
    ),
    pytest.param(
        lambda d: abc(d)["bars"].update({"1 hour": [hour(d, 1), hour(d, 0)]}),
        r"bars\.1 hour\[1\]\.date: .* does not come after",
        id="descending-bars",
    ),
    pytest.param(
        lambda d: abc(d)["optionChain"][1]["contract"].update(conId=4321),
        r"optionChain\[1\]\.contract\.conId: 4321 is the id of symbols\.ABC\.conId already",
        id="id-of-the-stock",
    ),
    pytest.param(
        lambda d: d["symbols"].update(XYZ={**abc(d), "optionChain": []}),
        r"symbols\.XYZ\.conId: 4321 is the id of symbols\.ABC\.conId already",
        id="id-of-another-stock",
    ),
    pytest.param(
        lambda d: abc(d)["optionChain"][1]["contract"].update(strike=100.0),
        r"optionChain\[1\]\.contract: the same option as row 0",
        id="option-twice",
    ),
    pytest.param(
        lambda d: abc(d)["optionChain"][1]["contract"].update(symbol="XYZ"),
        r"optionChain\[1\]\.contract\.symbol: 'XYZ'",
        id="foreign-option",
    ),
    pytest.param(lambda d: d.update(sessions=[]), "sessions: no day has a session", id="no-days"),
    pytest.param(
        lambda d: d["sessions"].append(d["sessions"][1]),
        r"sessions\[2\]\.date: 20260207 does not come after 20260207",
        id="day-twice",
    ),
    pytest.param(
        lambda d: d["sessions"][0].update(open=d["sessions"][0]["close"]),
        r"sessions\[0\]\.close: is not after the open",
        id="no-time-between",
    ),
    pytest.param(
        lambda d: d["sessions"][0].update(close=None),
        r"sessions\[0\]: open and close are known together",
        id="half-a-session",
    ),
    pytest.param(lambda d: d["symbols"].clear(), "symbols: there is none", id="no-symbols"),
    pytest.param(
        lambda d: d.update(symbols={"A\nC": dict(abc(d), optionChain=[])}),
        r"symbols: 'A\\nC' is no symbol",
        id="no-symbol",
    ),
]


def hour(document: dict[str, Any], number: int = 0) -> dict[str, Any]:
    """One hourly bar of the stock."""
    row: dict[str, Any] = abc(document)["bars"]["1 hour"][number]
    return row


@pytest.mark.parametrize(("change", "said"), CONTRADICTIONS)
def test_rows_that_contradict_each_other_are_refused_when_read(
    change: Callable[[dict[str, Any]], object], said: str, tmp_path: Path
) -> None:
    path = edited(store.save(small(), tmp_path), change)
    with pytest.raises(SnapshotInvalid, match=said) as caught:
        store.load(path, directory=tmp_path)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("opened", [b"[", b'{"a":'])
def test_endless_nesting_is_unreadable(opened: bytes, tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_bytes(opened * 100_000)
    with pytest.raises(SnapshotUnreadable, match=r"recursion|deep"):
        store.load(path, directory=tmp_path)


@pytest.mark.req("SC-031")
@pytest.mark.parametrize(("change", "place"), WRONG)
def test_a_wrong_value_is_named_with_its_place(
    change: Callable[[dict[str, Any]], object], place: str, tmp_path: Path
) -> None:
    path = edited(store.save(small(), tmp_path), change)
    with pytest.raises(SnapshotInvalid, match=place) as caught:
        store.load(path, directory=tmp_path)
    assert len(caught.value.problems) == 1


@given(cut=st.integers(min_value=0), flip=st.integers(1, 255))
def test_a_damaged_file_loads_or_ends_in_our_error(
    cut: int, flip: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(store.encoded(small()))
    content[cut % len(content)] ^= flip
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_bytes(content)
    try:
        loaded = store.load(path, directory=path.parent)
    except SnapshotError:
        return
    for block in loaded.symbols.values():
        assert block.historical_bars
        assert block.option_chain


@pytest.mark.parametrize(
    "error",
    [
        SnapshotNotFound("x", Path("d"), ["a", "b"]),
        SnapshotUnreadable(Path("f"), "torn"),
        SnapshotVersion(Path("f"), 1, 2),
        SnapshotInvalid(Path("f"), [f"place {number}" for number in range(12)]),
        SnapshotExists(Path("f")),
        BadScenarioName("X", "[a-z]"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_survive_pickling(error: SnapshotError) -> None:
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert vars(back) == vars(error)
    assert isinstance(back, IbkrError)


# ------------------------------------------------------------------ writing


@pytest.mark.req("SC-032")
def test_a_complete_capture_is_saved_twice_with_the_same_bytes(tmp_path: Path) -> None:
    path = store.save(small(), tmp_path / "made" / "on demand")

    latest = path.with_name("snapshot_test_latest.json")
    assert path.name == f"{NAME}.json"
    assert path.read_bytes() == latest.read_bytes()
    assert sorted(each.name for each in path.parent.iterdir()) == [path.name, latest.name]
    assert store.load("test", directory=path.parent) == small()


@pytest.mark.parametrize("partial", [False, True], ids=["incomplete", "broken-off"])
@pytest.mark.req("SC-032")
def test_the_latest_copy_is_only_ever_a_complete_capture(partial: bool, tmp_path: Path) -> None:
    store.save(small(), tmp_path)
    before = (tmp_path / "snapshot_test_latest.json").read_bytes()

    later = {"captured_at": small().captured_at.replace(hour=15)}
    made = small(**later) if partial else small(symbol(bars=19), **later)
    path = store.save(made, tmp_path, partial=partial)

    suffix = "_partial" if partial else ""
    assert path.name == f"snapshot_test_20260206_150000{suffix}.json"
    assert (tmp_path / "snapshot_test_latest.json").read_bytes() == before


@pytest.mark.req("SC-032")
def test_a_capture_never_overwrites_a_capture(tmp_path: Path) -> None:
    path = store.save(small(), tmp_path)
    before = path.read_bytes()
    with pytest.raises(SnapshotExists, match=NAME):
        store.save(small(vix=20.0), tmp_path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2


def test_a_directory_without_hard_links_still_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "a"
    atomic.write_new(path, b"one")
    with pytest.raises(FileExistsError):
        atomic.write_new(path, b"two")
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path]


def test_account_ids_are_masked_wherever_they_stand(tmp_path: Path) -> None:
    notice = {"requestId": None, "code": 321, "text": "account DU0000017 or U1234567, or U123"}
    path = store.save(small(errors=[notice], issues=["seen by DU0000017"]), tmp_path)

    text = path.read_text()
    assert re.findall(r"DU0000017|U1234567", text) == []
    assert '"account": "DU*****17"' in text
    assert "account DU*****17 or U*****67, or U123" in text
    assert "seen by DU*****17" in text


# ------------------------------------------------------------------ crashes


def disk_full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.req("SC-032", "XC-008")
@pytest.mark.parametrize("step", ["fsync", "link", "replace"])
def test_a_full_disk_leaves_no_partial_file_and_the_latest_copy_as_it_was(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.save(small(), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    later = small(captured_at=small().captured_at.replace(hour=15))

    monkeypatch.setattr(os, step, disk_full)
    if step == "link":  # what is left without links must fail, too
        monkeypatch.setattr(os, "rename", disk_full)
    with pytest.raises(OSError, match="No space left"):
        store.save(later, tmp_path)
    monkeypatch.undo()

    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    if step == "replace":  # the capture itself was whole by then
        assert after.pop("snapshot_test_20260206_150000.json") == store.encoded(later)
    assert after == before


CRASH = """
import os, pathlib, sys
from pytest_ibkr.snapshot import atomic
def in_place(path, data):
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
        os.fsync(file.fileno())
def power_cut(handle):
    os._exit(9)  # nothing is cleaned up
writer = {"atomic": atomic.replace, "in-place": in_place}[sys.argv[2]]
os.fsync = power_cut
writer(pathlib.Path(sys.argv[1]), b"new " * 50_000)
"""


def survives_a_power_cut(directory: Path, writer: str) -> bool:
    path = directory / "snapshot_test_latest.json"
    path.write_bytes(b"old")
    command = [sys.executable, "-c", CRASH, str(path), writer]
    ended = subprocess.run(command, check=False, cwd=Path(__file__).parents[2])
    assert ended.returncode == 9
    shown = [stored.path for stored in store.available(directory)]
    return path.read_bytes() == b"old" and shown == [path]


@pytest.mark.req("SC-032", "XC-008")
def test_a_process_that_dies_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    assert survives_a_power_cut(tmp_path, "atomic")


@pytest.mark.req("XC-008", counter_proof="written in place")
def test_a_writer_in_place_would_not_survive_it(tmp_path: Path) -> None:
    assert not survives_a_power_cut(tmp_path, "in-place")


# ------------------------------------------------------------------ speed


def test_loading_touches_no_row_that_nobody_asked_for() -> None:
    loaded = store.load(FULL, directory=FIXTURES)
    block = loaded.symbols["SPY"]
    assert "option_chain" not in vars(block)
    assert len(block.option_chain) == 9720
    assert "option_chain" in vars(block)
    assert "option_chain" not in vars(loaded.symbols["QQQ"])
