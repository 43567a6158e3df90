"""The relay's parts by themselves: cutter, tape, pipe frames, measurements, log, ids, parent."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.errors import WireError
from pytest_ibkr.net.relay import parent
from pytest_ibkr.net.relay.audit import AuditLog
from pytest_ibkr.net.relay.cutter import Cutter
from pytest_ibkr.net.relay.metrics import Histogram, Latencies
from pytest_ibkr.net.relay.pipe_frames import framed, json_frame, read_frame
from pytest_ibkr.net.relay.request_ids import message_id, of_answer, of_request
from pytest_ibkr.net.relay.stdio import Output
from pytest_ibkr.net.relay.tape import Tape, records
from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.framing import frame
from pytest_ibkr.wire.messages.contract import Contract, ReqContractDetails
from pytest_ibkr.wire.messages.market_data import TickPrice
from pytest_ibkr.wire.messages.session import CurrentTime, ErrorNotice, NextValidId

ACCOUNT = "DU" + "7654321"


@given(payloads=st.lists(st.binary(min_size=1, max_size=40)), cuts=st.sets(st.integers(1, 400)))
def test_frames_do_not_depend_on_how_the_stream_is_split(payloads, cuts):
    stream = b"".join(map(frame, payloads))
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    cutter, whole, found = Cutter(), b"", []
    for start, end in itertools.pairwise(edges):
        bytes_, cut = cutter.cut(stream[start:end])
        whole += bytes_
        found += cut
    assert (whole, found, len(cutter)) == (stream, payloads, 0)


@pytest.mark.parametrize("length", [0, 101, 0xFFFFFFFF])
def test_a_bad_length_is_told_after_the_frames_before_it(length):
    cutter = Cutter(max_frame=100)
    bad = length.to_bytes(4, "big")
    assert cutter.cut(frame(b"good") + bad) == (frame(b"good"), [b"good"])
    with pytest.raises(WireError, match="frame length"):
        cutter.cut(b"")


def test_a_tape_gives_back_what_was_put_on_it():
    tape = Tape(waiting=lambda: 0)
    tape.up(1.5, 1, b"49\x001\0")
    tape.down(2.5, 1, frame(b"a") + frame(b"bc"), [b"a", b"bc"])
    tape.note(3.5, 0, "closed", reason="over")
    found = list(records(tape.take()))
    assert [(r.at_s, r.connection, r.direction) for r in found] == [
        (1.5, 1, "up"),
        (2.5, 1, "down"),
        (2.5, 1, "down"),
        (3.5, 0, "note"),
    ]
    assert [r.payload for r in found[:3]] == [b"49\x001\0", b"a", b"bc"]
    assert found[3].note() == {"note": "closed", "reason": "over"}
    assert tape.take() == b""


def test_ticks_are_left_out_and_counted_while_nobody_reads_and_nothing_else_is():
    tape = Tape(waiting=lambda: 100, most_waiting=50)
    tick, status = b"1\x006\x005\0", b"3\x001\0"
    tape.down(1.0, 1, frame(tick) + frame(status) + frame(tick), [tick, status, tick])
    tape.up(1.0, 1, b"49\x001\0")
    assert [r.payload for r in records(tape.take())] == [status, b"49\x001\0"]
    assert tape.dropped == 2


def test_pipe_frames_are_read_until_the_end():
    stream = json_frame({"id": 1}) + framed(b"t", b"xyz") + b"\0\0\0\x09j"
    at = 0

    def read(count: int) -> bytes:
        nonlocal at
        at += count
        return stream[at - count : at]

    assert read_frame(read) == (b"j", b'{"id": 1}')
    assert read_frame(read) == (b"t", b"xyz")
    assert read_frame(read) is None


def test_output_counts_what_nobody_took():
    there, here = os.pipe()
    output = Output(here)
    output.put(b"x" * 200_000)  # more than a pipe holds
    assert output.unread() == 200_000
    got = bytearray()
    while len(got) < 200_000:
        got += os.read(there, 65536)
    output.close(5)
    assert output.unread() == 0
    os.close(there)
    os.close(here)


def test_output_to_nobody_does_not_block():
    there, here = os.pipe()
    os.close(there)
    output = Output(here)
    output.put(b"x")
    output.close(5)
    assert output.broken
    output.put(b"y")
    assert output.unread() == 0
    os.close(here)


@given(values=st.lists(st.floats(1e-6, 100), min_size=1))
def test_quantiles_are_upper_bounds_within_a_tenth(values):
    histogram = Histogram()
    for each in values:
        histogram.add(each)
    ordered = sorted(values)
    for share in (0.5, 0.95, 0.99, 1.0):
        true = ordered[max(0, -int(-share * len(values) // 1) - 1)]
        found = histogram.quantile_s(share)
        assert true * 0.999 <= found <= max(true * 1.1, ordered[-1])


def test_a_histogram_without_values_says_so():
    assert Histogram().summary() == {
        "count": 0,
        "p50_ms": None,
        "p95_ms": None,
        "p99_ms": None,
        "longest_ms": 0.0,
    }


def test_latencies_are_kept_per_request_and_bounded():
    latencies = Latencies()
    latencies.asked(1, 7, "reqMktData", 10.0)
    latencies.asked(2, 7, "reqMktData", 10.0)
    latencies.asked(1, 8, "cancelMktData", 10.0)  # nothing answers it
    latencies.answered(1, 7, 10.25)
    latencies.answered(1, 7, 99.0)
    assert latencies.summary()["reqMktData"]["count"] == 1
    assert latencies.summary()["reqMktData"]["longest_ms"] == 250.0
    latencies.expire(71.0)
    assert not latencies
    assert latencies.never == {"reqMktData": 1}
    for number in range(10_000):
        latencies.asked(1, number, "reqMktData", 100.0)
    latencies.gone(1)
    assert not latencies
    assert latencies.never["reqMktData"] == 10_001


def test_the_log_is_on_disk_when_the_call_returns_and_masked(tmp_path):
    path = tmp_path / "deep" / "audit.jsonl"
    with AuditLog(path) as log:
        log.secrets["jane.doe"] = "j*******"
        log.write(0.0, "refuse", reason=f"{ACCOUNT} of jane.doe", rule="a.b", empty="", none=None)
        [line] = path.read_text().splitlines()
        log.write(1.0, "note", reason="x" * 5000, by=[ACCOUNT], deep={"id": ACCOUNT})
    assert json.loads(line) == {
        "at": "1970-01-01T00:00:00.000+00:00",
        "what": "refuse",
        "reason": "DU*****21 of j*******",
        "rule": "a.b",
    }
    text = path.read_text()
    assert ACCOUNT not in text
    assert max(map(len, text.splitlines())) < 1000


def test_a_log_without_a_file_counts_only():
    with AuditLog(None) as log:
        log.write(0.0, "note")
        assert log.lines == 1


@pytest.mark.parametrize("version", [151, 163, 178, 194, 200, 201, 203, 205, 206, 213, 225])
def test_ids_are_found_in_frames_without_decoding_them(version):
    spy = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
    asked = encode(ReqContractDetails(request_id=77, contract=spy), version)
    assert (message_id(asked, version), of_request(asked, version)) == (9, 77)
    tick = encode(TickPrice(request_id=78, tick=1, price=1.5), version)
    assert of_answer(tick, version) == 78
    assert of_answer(encode(ErrorNotice(request_id=-1, code=1, text=""), version), version) == -1
    assert of_answer(encode(NextValidId(order_id=5), version), version) == 5
    assert of_answer(encode(CurrentTime(epoch_s=5), version), version) is None


@given(payload=st.binary(max_size=60))
def test_any_bytes_have_an_id_or_none(payload):
    for read in (of_request, of_answer):
        for version in (178, 201, 225):
            assert isinstance(read(payload, version), int | None)


@pytest.mark.skipif(os.name != "posix", reason="a session of processes")
def test_a_parent_that_is_gone_is_noticed():
    script = (
        "import os, sys, subprocess;"
        "child = subprocess.Popen([sys.executable, '-c', sys.argv[1], str(os.getpid())]);"
        "print(child.pid, flush=True);"
        "sys.stdin.read()"
    )
    watcher = (
        "import sys, time; from pytest_ibkr.net.relay import parent;"
        "gone = parent.watch(int(sys.argv[1])); print(gone(), flush=True)\n"
        "while not gone(): time.sleep(0.01)\n"
        "print('gone', flush=True)"
    )
    command = [sys.executable, "-c", script, watcher]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as middle:
        lines = {middle.stdout.readline().strip() for _ in range(2)}
        assert "False" in lines
        middle.kill()
        assert middle.stdout.readline().strip() == "gone"


def test_this_process_has_its_parent():
    assert not parent.watch(os.getppid())()
