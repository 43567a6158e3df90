"""The pure parts of the broker layer: error codes, pacing, frames, durations, conversions."""

from __future__ import annotations

import inspect
import pickle
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.broker import MessagePacer, RateLimitError, errors, retry_rate_limited
from bot.broker.convert import connection_zone, parse_moment, zone_of
from bot.broker.durations import check_bar_size, check_duration, duration_text
from bot.broker.error_codes import (
    ErrorKind,
    classify,
    request_error,
)
from bot.broker.frames import MAX_FRAME, FrameCutter, FrameError, frame, request_id_of
from bot.broker.wrapper import split_error
from tests.bot.hand_clock import HandClock

K = ErrorKind
PACING = "Historical Market Data Service error message:Historical data request pacing violation"
NO_DATA = "Historical Market Data Service error message:HMDS query returned no data: SPY@SMART"
TABLE = [
    (2104, "", K.INFO), (2106, "", K.INFO), (2107, "", K.INFO), (2108, "", K.INFO),
    (2158, "", K.INFO), (2100, "", K.INFO), (0, "Warning: Approaching max rate", K.INFO),
    (2103, "", K.CONNECTION), (2105, "", K.CONNECTION), (2110, "", K.CONNECTION),
    (2119, "", K.CONNECTION), (2157, "", K.CONNECTION), (1100, "", K.CONNECTION),
    (1101, "", K.CONNECTION), (1102, "", K.CONNECTION), (504, "", K.CONNECTION),
    (2176, "", K.WARNING), (2109, "", K.WARNING), (2137, "", K.WARNING), (2174, "", K.WARNING),
    (399, "Order Message", K.WARNING), (404, "locate", K.WARNING), (10349, "", K.WARNING),
    (10167, "Displaying delayed", K.WARNING), (10090, "Part of", K.WARNING),
    (200, "", K.REQUEST_FAILED), (354, "", K.REQUEST_FAILED), (10089, "", K.REQUEST_FAILED),
    (10168, "", K.REQUEST_FAILED), (10197, "", K.REQUEST_FAILED), (162, NO_DATA, K.REQUEST_FAILED),
    (321, "cause - Please enter exchange", K.REQUEST_FAILED), (322, "Duplicate ticker id",
    K.REQUEST_FAILED), (420, "No market data permissions", K.REQUEST_FAILED),
    (162, PACING, K.PACING), (420, "pacing violation", K.PACING), (100, "", K.PACING),
    (101, "", K.PACING), (321, "Snapshot requests limitation exceeded:100 per 1 second(s)",
    K.PACING), (322, "Only 50 simultaneous API historical data requests allowed.", K.PACING),
    (322, "Maximum number of account summary requests exceeded", K.PACING),
    (201, "Order rejected", K.ORDER_REFUSED), (203, "", K.ORDER_REFUSED),
    (103, "", K.ORDER_REFUSED), (104, "", K.ORDER_REFUSED), (110, "", K.ORDER_REFUSED),
    (10268, "", K.ORDER_REFUSED), (10006, "", K.ORDER_REFUSED), (10318, "", K.ORDER_REFUSED),
    (202, "Order Canceled - reason:", K.ORDER_CANCELLED),
    (161, "", K.CANCEL_RACE), (10147, "", K.CANCEL_RACE), (10148, "", K.CANCEL_RACE),
    (300, "", K.AFTER_CANCEL), (366, "", K.AFTER_CANCEL), (310, "", K.AFTER_CANCEL),
    (326, "", K.LOGIN), (507, "", K.LOGIN), (99999, "", K.REQUEST_FAILED),
]  # fmt: skip


@pytest.mark.req("XC-004")
@pytest.mark.parametrize(
    ("code", "text", "kind"), TABLE, ids=[f"{c}-{k.value}" for c, _, k in TABLE]
)
def test_every_code_of_the_incident_table_has_its_kind(
    code: int, text: str, kind: ErrorKind
) -> None:
    assert classify(code, text) is kind


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (200, "No security definition has been found", errors.ContractNotFoundError),
        (
            200,
            "The contract description specified for X is ambiguous",
            errors.AmbiguousContractError,
        ),
        (162, PACING, errors.RateLimitError),
        (162, NO_DATA, errors.NoDataError),
        (162, "No market data permissions for ISLAND STK", errors.RequestFailedError),
        (10197, "No market data during competing live session", errors.MarketDataError),
        (201, "Order rejected - reason:Exchange is closed.", errors.OrderRejectedError),
        (321, "cause - Please enter a valid security type", errors.RequestFailedError),
    ],
)
def test_refusals_become_the_exception_of_their_kind(
    code: int, text: str, kind: type[Exception]
) -> None:
    error = request_error(code, text, request_id=5, about="quote of SPY")
    assert type(error) is kind
    assert (error.code, error.request_id) == (code, 5)
    assert str(code) in str(error)


def test_an_unknown_contract_says_not_found_or_invalid() -> None:
    error = request_error(200, "No security definition has been found", request_id=1, about="X")
    assert "not found" in str(error)
    assert "invalid" in str(error)


@pytest.mark.parametrize(
    "kind",
    [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if kind.__module__ == errors.__name__
    ],
    ids=lambda kind: kind.__name__,
)
def test_every_error_survives_pickling(kind: type[errors.BrokerError]) -> None:
    error = kind("what\n  state\n  fix", code=42, request_id=7)
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is kind
    assert (str(back), back.code, back.request_id) == (str(error), 42, 7)
    assert kind.__name__ in (errors.__doc__ or "")


def test_errors_are_what_callers_of_the_standard_library_expect() -> None:
    assert issubclass(errors.RequestTimeoutError, TimeoutError)
    assert issubclass(errors.GatewayConnectionError, ConnectionError)


@pytest.mark.parametrize(
    "arguments",
    [(7, 200, "text"), (7, 200, "text", "{}"), (7, 1_770_000_000_000, 200, "text"),
     (7, 1_770_000_000_000, 200, "text", "{}")],
)  # fmt: skip
def test_error_callbacks_of_every_generation_read_the_same(arguments: tuple[object, ...]) -> None:
    assert split_error(arguments) == (7, 200, "text")


# ---------------------------------------------------------------- pacing


@pytest.mark.req("XC-005")
def test_the_limit_holds_in_every_window_of_a_second_also_after_a_pause() -> None:
    clock = HandClock()
    pacer = MessagePacer(clock, 45)
    sent = []
    for number in range(200):
        if number == 100:
            clock.move(10)
        pacer.acquire()
        sent.append(clock.monotonic())
    for first, last in zip(sent, sent[45:], strict=False):
        assert last - first >= 1


@pytest.mark.req("XC-005", counter_proof="a bucket of 45 refilled at 45/s")
def test_a_plain_token_bucket_would_let_ninety_through_in_a_second() -> None:
    clock, tokens, last, sent = HandClock(), 45.0, 0.0, []
    for _ in range(90):
        now = clock.monotonic()
        tokens, last = min(45.0, tokens + (now - last) * 45), now
        if tokens < 1:
            clock.sleep((1 - tokens) / 45)
            tokens, last = 1.0, clock.monotonic()
        tokens -= 1
        sent.append(clock.monotonic())
    assert min(b - a for a, b in zip(sent, sent[45:], strict=False)) < 1.0001
    assert sum(1 for at in sent if at <= 1.0001) > 50


@given(st.lists(st.floats(0, 3), min_size=1, max_size=120), st.integers(1, 20))
def test_no_schedule_of_calls_exceeds_the_limit(pauses: list[float], limit: int) -> None:
    clock = HandClock()
    pacer = MessagePacer(clock, limit)
    sent = []
    for pause in pauses:
        clock.move(pause)
        pacer.acquire()
        sent.append(clock.monotonic())
    for first, last in zip(sent, sent[limit:], strict=False):
        assert last - first >= 1 - 1e-9


def test_threads_share_one_limit() -> None:
    clock = HandClock()
    pacer = MessagePacer(clock, 5)
    sent: list[float] = []

    def leave() -> None:
        with pacer.turn():
            sent.append(clock.monotonic())

    threads = [threading.Thread(target=leave) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(sent) == 20
    for first, last in zip(sent, sent[5:], strict=False):
        assert last - first >= 1


def test_a_message_that_leaves_late_counts_from_when_it_left() -> None:
    """Its thread was held up between gate and socket: the next second must know."""
    clock = HandClock()
    pacer = MessagePacer(clock, 1)
    with pacer.turn():
        clock.move(0.9)
    assert pacer.acquire() == pytest.approx(1.1)


def test_rate_limits_wait_2_4_8_and_then_give_up() -> None:
    clock, told = HandClock(), []

    def refuse() -> int:
        raise RateLimitError("slow down", code=100)

    with pytest.raises(RateLimitError):
        retry_rate_limited(refuse, clock, on_wait=lambda error, s: told.append((error.code, s)))
    assert told == [(100, 2.0), (100, 4.0), (100, 8.0)]
    assert clock.slept == [2.0, 4.0, 8.0]


def test_other_errors_are_not_retried() -> None:
    clock = HandClock()
    with pytest.raises(errors.NoDataError):
        retry_rate_limited(lambda: (_ for _ in ()).throw(errors.NoDataError("none")), clock)
    assert clock.slept == []


# ---------------------------------------------------------------- frames


@given(payloads=st.lists(st.binary(max_size=60)), cuts=st.sets(st.integers(1, 199)))
def test_frames_do_not_depend_on_how_tcp_splits_the_stream(
    payloads: list[bytes], cuts: set[int]
) -> None:
    stream = b"".join(map(frame, payloads))
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    cutter = FrameCutter()
    got = [one for a, b in pairwise(edges) for one in cutter.feed(stream[a:b])]
    assert got == payloads


def test_a_frame_beyond_the_limit_is_an_error() -> None:
    with pytest.raises(FrameError, match="announces"):
        FrameCutter().feed((MAX_FRAME + 1).to_bytes(4, "big"))


@given(st.binary(max_size=40), st.sampled_from([0, 157, 164, 200, 201, 225]))
def test_looking_for_a_request_id_never_fails(payload: bytes, version: int) -> None:
    found = request_id_of(payload, version)
    assert found is None or found >= 0


@pytest.mark.parametrize(
    ("payload", "version", "request_id"),
    [
        (b"10\x008\x0012\0SPY\0", 163, 12),
        (b"10\x0012\0SPY\0", 164, 12),
        (b"\0\0\0\x0a12\0SPY\0", 201, 12),
        (b"1\x006\x0012\x001\0", 157, 12),
        (b"9\x001\x0012\0", 157, None),
    ],
)
def test_the_request_id_is_where_the_version_puts_it(
    payload: bytes, version: int, request_id: int | None
) -> None:
    assert request_id_of(payload, version) == request_id


# ---------------------------------------------------------------- durations


@pytest.mark.req("BT-044")
@given(st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=3650)))
def test_every_duration_built_is_legal_and_long_enough(span: timedelta) -> None:
    text = check_duration(duration_text(span))
    number, unit = text.split(" ")
    unit_s = {"S": 1, "D": 86400, "Y": 365 * 86400}[unit]
    assert int(number) * unit_s >= span.total_seconds()


@pytest.mark.req("BT-044", counter_proof="minutes written as M")
@pytest.mark.parametrize(
    "text", ["60 M", "90000 S", "10 S", "1 H", "1D", "366 D", "53 W", "", "1 s"]
)
def test_durations_the_gateway_refuses_are_refused_here(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        check_duration(text)


def test_a_duration_must_be_positive() -> None:
    with pytest.raises(ValueError, match="above zero"):
        duration_text(timedelta(0))


def test_bar_sizes_are_the_gateways_words() -> None:
    assert check_bar_size("5 mins") == "5 mins"
    with pytest.raises(ValueError, match="bar size"):
        check_bar_size("5 min")


# ---------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1770390000", datetime(2026, 2, 6, 15, 0, tzinfo=UTC)),
        ("20260206-15:00:00", datetime(2026, 2, 6, 15, 0, tzinfo=UTC)),
        ("20260206 10:00:00 US/Eastern", datetime(2026, 2, 6, 15, 0, tzinfo=UTC)),
        ("20260206 10:00:00 America/New_York", datetime(2026, 2, 6, 15, 0, tzinfo=UTC)),
        ("20260206  16:00:00", datetime(2026, 2, 6, 15, 0, tzinfo=UTC)),
        ("20260206 10:00:00 Nowhere Standard Time", None),
        ("soon", None),
        ("", None),
    ],
)
def test_the_gateways_times_are_placed_or_unknown(text: str, expected: datetime | None) -> None:
    assert parse_moment(text, local_zone=ZoneInfo("Europe/Berlin")) == expected


def test_a_time_without_zone_is_unknown_when_the_gateways_zone_is() -> None:
    assert parse_moment("20260206  10:00:00") is None


def test_zone_names_may_contain_spaces() -> None:
    assert connection_zone("20260206 10:00:00 Eastern Standard Time") == zone_of("EST")
    assert connection_zone("20260206 10:00:00 中国标准时间") is None
    assert connection_zone("garbage") is None
