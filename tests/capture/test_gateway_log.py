"""Real gateway logs become recordings: every readable line once, no account id in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.capture import recording
from pytest_ibkr.capture.gateway_log import fields_of, import_log
from pytest_ibkr.capture.pseudonyms import Pseudonyms
from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot.redact import ACCOUNT_ID
from pytest_ibkr.wire.codec import decode_request, decode_response
from pytest_ibkr.wire.declare import Message
from tests.capture.logs import LIVE, PAPER, lines

REQUEST = "09:52:09:671 (sync 09:52:07:682) <- [61;1;]"


@pytest.mark.parametrize(("name", "count"), [("live_session", 357), ("paper_session", 1037)])
def test_every_whole_line_of_a_real_log_becomes_a_frame(name: str, count: int) -> None:
    text = lines(name)
    made = import_log(text)
    assert len(made.recording.frames) == count
    # The paper log begins in the middle of a line.
    assert [s.number for s in made.skipped] == ([1] if name == "paper_session" else [])
    assert made.recording.complete == (not made.skipped)
    assert len(made.recording.frames) + len(made.skipped) == len(text)


@pytest.mark.parametrize("name", ["live_session", "paper_session"])
def test_frames_decode_and_say_what_the_line_said(name: str) -> None:
    made = import_log(lines(name))
    version = made.recording.server_version
    for frame in made.recording.frames:
        decode = decode_request if frame.speaker == "client" else decode_response
        assert isinstance(decode(frame.payload, version), Message), frame
    said = [";".join(frame.fields) for frame in made.recording.frames]
    logged = [line.split("[", 1)[1].rstrip()[:-1] for line in lines(name) if " [" in line]
    masked = [ACCOUNT_ID.sub("DU0000001", line) for line in logged]
    assert [s.rstrip(";") for s in said] == [s.rstrip(";") for s in masked]


def test_the_version_is_the_newest_at_which_the_log_can_be_read() -> None:
    # Contract details of both logs lack the separate last trade date that 182 brought.
    assert import_log(lines("live_session")).recording.server_version == 181
    assert import_log(lines("live_session"), server_version=176).recording.server_version == 176


@pytest.mark.parametrize(("name", "account"), [("live_session", LIVE), ("paper_session", PAPER)])
def test_account_ids_are_the_same_pseudonym_everywhere(
    name: str, account: str, tmp_path: Path
) -> None:
    made = import_log(lines(name))
    made.recording.save(tmp_path / "r.jsonl")
    written = (tmp_path / "r.jsonl").read_text("utf-8")
    assert account not in written
    assert {found[0] for found in ACCOUNT_ID.finditer(written)} == {"DU0000001"}
    assert made.accounts == 1
    assert written.count("DU0000001") == sum(
        line.count(account) for line in lines(name) if " [" in line
    )


def test_a_declared_account_is_replaced_wherever_it_hides() -> None:
    text = [
        f"09:00:00:000 -> [15;1;{LIVE}]",
        f"09:00:00:001 -> [4;2;-1;321;Invalid account code '{LIVE.lower()}', acct{LIVE}x.;]",
        "09:00:00:002 -> [4;2;-1;321;du7654321 rejected;]",
    ]
    fields = [frame.fields for frame in import_log(text, server_version=178).recording.frames]
    assert fields[0][2] == "DU0000001"
    assert fields[1][4] == "Invalid account code 'DU0000001', acctDU0000001x."
    assert fields[2][4] == "DU0000002 rejected"


def test_login_names_are_replaced_too() -> None:
    names = Pseudonyms(logins=["papertrader77"])
    assert names.mask(["papertrader77", "user PaperTrader77 logged out"]) == (
        *("login1", "user login1 logged out"),
    )


def test_two_accounts_stay_two() -> None:
    names = Pseudonyms()
    assert names.mask(["DF1234567,DU1234567", "x"]) == ("DU0000001,DU0000002", "x")
    assert names.mask(["DU1234567"]) == ("DU0000002",)
    assert names.count == 2


@pytest.mark.parametrize(
    ("moments", "at_s"),
    [
        (["20:00:00:000", "09:30:00:000", "16:00:00:000"], [0.0, 48_600.0, 72_000.0]),
        (["09:30:00:500", "09:30:00:000", "09:30:01:000"], [0.0, 0.0, 0.5]),
    ],
    ids=["a quiet night", "lines out of order"],
)
def test_a_clock_that_goes_back_far_is_the_next_day(moments: list[str], at_s: list[float]) -> None:
    text = [f"{moment} -> [62;1]" for moment in moments]
    assert [frame.at_s for frame in import_log(text).recording.frames] == at_s


@pytest.mark.parametrize("odd", ["\u2028", "\u0085", "\x0b", "\x1c", "\r"])
def test_odd_line_ends_inside_a_text_are_kept(odd: str, tmp_path: Path) -> None:
    made = import_log([f"09:00:00:000 -> [4;2;-1;2104;one{odd}two;]"], server_version=178)
    made.recording.save(tmp_path / "r.jsonl")
    assert recording.load(tmp_path / "r.jsonl") == made.recording
    assert made.recording.frames[0].fields[4] == f"one{odd}two"


def test_a_session_over_midnight_goes_on() -> None:
    text = [REQUEST.replace("09:52:09:671", "23:59:59:900"), "00:00:00:100 -> [62;1]"]
    frames = import_log(text).recording.frames
    assert [frame.at_s for frame in frames] == [0.0, 0.2]


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("4;2;-1;2104;a;b;c;", ("4", "2", "-1", "2104", "a;b;c", "")),
        ("46;6;3;48;1;2;3", ("46", "6", "3", "48", "1;2;3")),
        ("84;7;1;BRFG;id;head;line;extra", ("84", "7", "1", "BRFG", "id", "head;line", "extra")),
    ],
)
def test_a_semicolon_inside_a_text_stays_there(line: str, fields: tuple[str, ...]) -> None:
    assert fields_of(line, "gateway", version=178) == fields


def test_a_log_without_any_frame_is_an_error_that_shows_a_line() -> None:
    with pytest.raises(UsageError, match=r"no message of the TWS API.*\n.*61;1;"):
        import_log(["hello", ""])


@given(st.lists(st.text(max_size=60) | st.just(REQUEST), max_size=20))
def test_whatever_the_file_has_nothing_is_lost_silently(text: list[str]) -> None:
    text = [*text, REQUEST]
    made = import_log(text)
    kept = [line for line in text if line.strip()]
    assert len(made.recording.frames) + len(made.skipped) == len(kept)


# ---------------------------------------------------------------- the file


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "r.jsonl"
    import_log(lines("live_session"), recorded_on="2026-01-13").recording.save(path)
    return path


def test_a_recording_comes_back_as_it_was_written(saved: Path) -> None:
    again = recording.load(saved)
    assert again == import_log(lines("live_session"), recorded_on="2026-01-13").recording
    assert again.recorded_on == "2026-01-13"


def test_one_frame_is_one_line_that_people_can_read(saved: Path) -> None:
    header, first, *_rest = saved.read_text("utf-8").splitlines()
    assert '"server_version": 181' in header
    assert first == '[0.0, "gateway", "NextValidId", ["9", "1", "1"]]'


def test_a_recording_is_never_overwritten(saved: Path) -> None:
    before = saved.read_bytes()
    with pytest.raises(FileExistsError):
        import_log([REQUEST]).recording.save(saved)
    assert saved.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"gateway", "NextValidId"', '"client", "NextValidId"', "sha256 differs"),
        ('"schema": 2', '"schema": 3', "schema 3"),
        ('"server_version": 181', '"server_version": 100', "server version 100"),
        ('"format"', '"formal"', "no recording"),
        ('"sha256"', '"sha1"', "lacks sha256"),
    ],
)
def test_a_changed_file_is_refused(saved: Path, old: str, new: str, said: str) -> None:
    saved.write_text(saved.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(UsageError, match=said):
        recording.load(saved)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[" * 100_000, b"{}\n"])
def test_what_is_no_recording_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(UsageError, match=r"x\.jsonl cannot be replayed"):
        recording.load(tmp_path / "x.jsonl")
    with pytest.raises(UsageError, match="cannot be replayed: No such file"):
        recording.load(tmp_path / "absent.jsonl")
