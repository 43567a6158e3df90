"""A test's share of the wire becomes a recording: readable, whole, and nobody's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.capture import recording
from pytest_ibkr.capture.recorder import BODIES, MOST_BYTES, TOO_MANY, UNREADABLE, Recorder
from pytest_ibkr.capture.recording import Connection, Context, Recording
from pytest_ibkr.capture.recording_files import (
    FAILED,
    SUFFIX,
    directory_of,
    name_of,
    orphaned,
    save,
    unowned,
)
from pytest_ibkr.wire.codec import decode_request, decode_response, encode
from pytest_ibkr.wire.declare import REQUESTS, Message
from pytest_ibkr.wire.messages.account import AccountValue, ReqAccountUpdates, ReqPositions
from pytest_ibkr.wire.messages.advisor import AdvisorData, FamilyCode, FamilyCodes
from pytest_ibkr.wire.messages.contract import ReqContractDetails
from pytest_ibkr.wire.messages.session import (
    CurrentTime,
    ErrorNotice,
    ManagedAccounts,
    ReqCurrentTime,
    StartApi,
)
from pytest_ibkr.wire.messages.user import UserInfo
from tests.meta.matrix.core import market_order
from tests.sim.data_bench import SPY

VERSION = 178
MINE, OTHER = "DU" + "7654321", "DF" + "7654300"
AT = datetime(2026, 7, 10, 14, 0, tzinfo=UTC)
PLACE = Context("tests/test_orders.py::test_it", ("live",), "pytest-ibkr 1.0")


def heard(*messages: Message, connection: int = 1, recorder: Recorder | None = None) -> Recorder:
    """A recorder that heard these, a tenth of a second apart."""
    made = recorder or Recorder({connection: Connection(VERSION)})
    for number, message in enumerate(messages):
        made.hear(
            AT.timestamp() + number / 10,
            connection,
            by_client=type(message) in REQUESTS.values(),
            payload=encode(message, VERSION),
        )
    return made


def made_of(recorder: Recorder, **known: object) -> Recording:
    return recorder.recording(PLACE, recorded_at=AT, account="paper", **known)  # type: ignore[arg-type]


def text_of(recorder: Recorder, **known: object) -> str:
    return made_of(recorder, **known).text()


# ---------------------------------------------------------------- what is in it


def test_the_header_says_when_where_and_by_whom() -> None:
    recorder = heard(StartApi(client_id=7003), ReqCurrentTime(), CurrentTime(epoch_s=1783692000))
    made = made_of(recorder, accounts=[MINE])
    assert made.recorded_at == AT
    assert made.recorded_on == "2026-07-10"
    assert (made.source, made.account) == ("captured through the relay", "paper")
    assert made.connections == {1: Connection(VERSION, 7003)}
    assert made.context == PLACE
    assert made.complete
    assert made.age_days(date(2026, 7, 20)) == 10


def test_frames_have_times_since_the_first_and_one_line_each() -> None:
    recorder = heard(StartApi(client_id=7003), ReqCurrentTime(), CurrentTime(epoch_s=1783692000))
    lines = text_of(recorder).splitlines()[1:]
    assert lines == [
        '[0.0, "client", "startApi", ["71", "2", "7003", ""]]',
        '[0.1, "client", "reqCurrentTime", ["49", "1"]]',
        '[0.2, "gateway", "CurrentTime", ["49", "1", "1783692000"]]',
    ]


def test_it_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    recorder = heard(StartApi(client_id=7003), ReqPositions())
    recorder.opened(9, version=157)
    heard(StartApi(client_id=7004), connection=9, recorder=recorder)
    made = made_of(recorder)
    made.save(tmp_path / "r.jsonl")
    assert recording.load(tmp_path / "r.jsonl") == made


def test_several_connections_are_numbered_in_their_order() -> None:
    recorder = heard(StartApi(client_id=7003), connection=17)
    recorder.opened(23, version=157)
    heard(StartApi(client_id=7004), connection=23, recorder=recorder)
    made = made_of(recorder)
    assert made.connections == {1: Connection(VERSION, 7003), 2: Connection(157, 7004)}
    assert [frame.connection for frame in made.frames] == [1, 2]
    assert '"client 2"' in made.text().splitlines()[2]
    assert (made.version_of(1), made.version_of(2)) == (VERSION, 157)


def test_the_same_events_make_the_same_text_but_for_the_header() -> None:
    first, again = (text_of(heard(ReqPositions()), accounts=[MINE]) for _ in range(2))
    assert first == again


# ---------------------------------------------------------------- what is not


def test_what_cannot_be_decoded_is_counted_and_not_written() -> None:
    recorder = heard(ReqPositions())
    recorder.hear(AT.timestamp(), 1, by_client=False, payload=b"9999\0" + MINE.encode() + b"\0")
    recorder.hear(AT.timestamp(), 1, by_client=False, payload=b"49\0one\0two\0")
    made = made_of(recorder)
    assert (made.complete, made.left_out) == (False, {UNREADABLE: 2})
    assert len(made.frames) == 1
    assert MINE not in made.text()


def test_more_than_a_test_may_hold_is_counted_and_not_kept() -> None:
    recorder = heard(ReqPositions())
    text = ErrorNotice(request_id=-1, code=2104, text="x" * (MOST_BYTES // 4))
    heard(*[text] * 5, recorder=recorder)
    assert recorder.left_out == {TOO_MANY: 2}


@pytest.mark.parametrize(
    "message",
    [
        ManagedAccounts(accounts=f"{MINE},{OTHER}"),
        ReqAccountUpdates(subscribe=True, account=MINE),
        AccountValue(key="AccountCode", value=MINE, currency="", account=MINE),
        ErrorNotice(request_id=3, code=321, text=f"Invalid account code '{MINE.lower()}'."),
        ErrorNotice(request_id=3, code=201, text=f"Order rejected - reason:acct{MINE}x"),
        ReqContractDetails(request_id=1, contract=replace(SPY, local_symbol=f"of {MINE}")),
        market_order(1, account=MINE, order_ref=f"ref-{MINE}"),
        market_order(1, clearing_account=MINE, customer_account="Jane-Doe-1"),
        AdvisorData(data_type=3, xml=f"<acct>{OTHER}</acct><alias>Jane Doe</alias>"),
        FamilyCodes(codes=(FamilyCode(account=MINE, code="Fam-of-Jane-Doe"),)),
        UserInfo(request_id=1, white_branding_id="Jane Doe Capital"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_nobody_is_named_whatever_the_message(message: Message) -> None:
    recorder = heard(message, ErrorNotice(request_id=-1, code=2100, text="user jdoe1234 is out"))
    text = text_of(recorder, accounts=[MINE], logins=["jdoe1234"])
    for name in (MINE, OTHER, MINE.lower(), "Jane", "jdoe", MINE[2:]):
        assert name not in text, text
    [frame, _] = made_of(recorder, accounts=[MINE]).frames
    decode = decode_request if frame.speaker == "client" else decode_response
    assert type(decode(frame.payload, VERSION)) is type(message)


def test_the_verified_account_is_always_the_first_pseudonym() -> None:
    recorder = heard(ErrorNotice(request_id=-1, code=2100, text=f"{OTHER} and {MINE}"))
    assert "DU0000002 and DU0000001" in text_of(recorder, accounts=[MINE])


def test_an_id_that_is_declared_late_is_replaced_in_what_came_before() -> None:
    odd = "Odd-Account-1"
    recorder = heard(
        ErrorNotice(request_id=-1, code=2100, text=f"about {odd}"),
        ManagedAccounts(accounts=odd),
    )
    assert odd not in text_of(recorder)


def test_the_tests_own_words_are_masked_too() -> None:
    context = Context(f"test_it[{MINE}]", (MINE,))
    made = heard(ReqPositions()).recording(context, recorded_at=None, accounts=[MINE])
    assert MINE not in made.text()
    assert made.age_days(date(2026, 7, 20)) is None


@given(
    before=st.text(max_size=8),
    after=st.text(max_size=8),
    spelling=st.sampled_from([MINE, MINE.lower(), MINE.capitalize(), "jdoe1234", "JDOE1234"]),
)
def test_no_surrounding_hides_an_id(before: str, after: str, spelling: str) -> None:
    text = (before + spelling + after).replace("\0", "")
    recorder = Recorder({1: Connection(VERSION)})
    payload = encode(ErrorNotice(request_id=-1, code=2100, text=text), VERSION)
    recorder.hear(0.0, 1, by_client=False, payload=payload)
    [frame] = made_of(recorder, accounts=[MINE], logins=["jdoe1234"]).frames
    written = frame.fields[4].lower()
    assert spelling.lower() not in written


# ---------------------------------------------------------------- files


def test_recordings_lie_beside_their_test_file() -> None:
    module, root = Path("/p/tests/unit/test_orders.py"), Path("/p")
    beside = directory_of(module, root=root, given=None)
    assert beside == Path("/p/tests/unit/recordings/test_orders")
    elsewhere = directory_of(module, root=root, given=Path("/p/data"))
    assert elsewhere == Path("/p/data/tests/unit/test_orders")


def test_a_tests_name_is_its_files_name_and_no_two_share_one() -> None:
    assert name_of("TestBuy::test_it[178]") == "TestBuy.test_it[178]"
    odd = {name_of(name) for name in ("test_it[a/b]", "test_it[a b]", "test_it[a_b]", "t" * 300)}
    assert len(odd) == 4
    assert all(len(name) < 140 and "/" not in name for name in odd)


def test_recordings_of_no_test_are_found(tmp_path: Path) -> None:
    place = tmp_path / "recordings" / "test_a"
    gone = tmp_path / "recordings" / "test_gone"
    for directory, name in ((place, "test_1"), (place, "test_2"), (gone, "test_3")):
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"{name}{SUFFIX}").touch()
    (place / f"test_1{FAILED}").touch()
    (tmp_path / "test_a.py").touch()
    mine = {place / f"test_1{SUFFIX}"}
    assert list(unowned(place, mine)) == [place / f"test_2{SUFFIX}"]
    assert list(orphaned(place.parent)) == [gone / f"test_3{SUFFIX}"]


def test_a_full_disk_leaves_the_earlier_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "recordings" / f"test_1{SUFFIX}"
    save(made_of(heard(ReqPositions())), path)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pytest_ibkr.snapshot.atomic.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(made_of(heard(ReqCurrentTime())), path)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_what_a_killed_run_left_half_written_is_swept_away(tmp_path: Path) -> None:
    path = tmp_path / f"test_1[a]{SUFFIX}"
    (tmp_path / f".{path.name}.abc123.tmp").write_bytes(b'{"format": "pytest-')
    save(made_of(heard(ReqPositions())), path)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_files_of_the_first_schema_are_still_read(tmp_path: Path) -> None:
    import json

    made = made_of(heard(ReqPositions()))
    header, *lines = made.text().splitlines()
    kept = ("format", "server_version", "source", "recorded_on", "complete", "frames", "sha256")
    old = {name: value for name, value in json.loads(header).items() if name in kept}
    text = "\n".join([json.dumps(old | {"schema": 1}), *lines]) + "\n"
    (tmp_path / "old.jsonl").write_text(text)
    again = recording.load(tmp_path / "old.jsonl")
    assert again.frames == made.frames
    assert (again.recorded_at, again.connections) == (None, {})


@pytest.mark.parametrize("version", [201, 213, 225])
def test_nothing_of_a_version_with_bodies_is_kept_or_written(version: int, tmp_path: Path) -> None:
    """A body cannot be masked field by field here, so that none is written at all."""
    recorder = Recorder({1: Connection(version)})
    for message in (
        ManagedAccounts(accounts=MINE),
        FamilyCodes(codes=(FamilyCode(account=MINE, code=""),)),
    ):
        payload = encode(message, version)
        recorder.hear(AT.timestamp(), 1, by_client=False, payload=payload)
    assert recorder.left_out == {BODIES: 2}
    made = made_of(recorder)
    assert (made.frames, made.complete) == ((), False)
