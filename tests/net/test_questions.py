"""Many questions through one link: rate, room, deadlines, ends, and what must not break it."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from pytest_ibkr.capture import plan
from pytest_ibkr.net import link_protocol, questions
from pytest_ibkr.net.questions import Questions
from pytest_ibkr.wire.codec import decode_response, encode
from pytest_ibkr.wire.messages.contract import Contract, ContractDataEnd, ReqContractDetails
from pytest_ibkr.wire.messages.history import (
    CancelHistoricalData,
    HistoricalBar,
    HistoricalData,
    HistoricalDataEnd,
    ReqHistoricalData,
)
from pytest_ibkr.wire.messages.market_data import (
    CancelMarketData,
    ReqMarketData,
    TickPrice,
    TickSnapshotEnd,
)
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.net.scripted_gateway import linked

SPY = Contract(con_id=756733, symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
LIMIT, WINDOW_S = 45, 1.0
JITTER_S = 0.02  # between a message's sending and its arrival, on a busy machine


def running(scenario):
    """Run a coroutine to its end, at most half a minute."""
    return asyncio.run(asyncio.wait_for(scenario, 30))


def details(asked):
    return asked.ask(lambda number: plan.details(number, SPY), ends=ContractDataEnd, deadline_s=5.0)


def quote(asked, *, deadline_s=5.0, heard=lambda _message: None):
    return asked.ask(
        lambda number: plan.quote(number, SPY),
        ends=TickSnapshotEnd,
        deadline_s=deadline_s,
        heard=heard,
        cancel=lambda number: CancelMarketData(request_id=number),
    )


def at_once(gateway, message):
    """Answer with an end and nothing else."""
    if isinstance(message, ReqContractDetails):
        gateway.send(ContractDataEnd(request_id=message.request_id))
    elif isinstance(message, ReqMarketData):
        gateway.send(TickSnapshotEnd(request_id=message.request_id))


def refusing(code, text="no", *, times=1, then=at_once):
    """Refuse the first requests, then answer."""
    left = [times]

    def answer(gateway, message):
        if left[0] and hasattr(message, "request_id"):
            left[0] -= 1
            request_id = -1 if code == 100 else message.request_id
            gateway.send(ErrorNotice(request_id=request_id, code=code, text=text))
            if code != 100:
                return
        then(gateway, message)

    return answer


def most_in_a_window(times_s) -> int:
    return max(sum(t <= each < t + WINDOW_S - JITTER_S for each in times_s) for t in times_s)


# ------------------------------------------------------------------ rate


async def burst(count=100, **how):
    async with linked(at_once) as (gateway, link):
        asked = Questions(link, **how)
        answers = await asyncio.gather(*(details(asked) for _ in range(count)))
        assert [each.outcome for each in answers] == ["complete"] * count
        return gateway.times(ReqContractDetails), asked


@pytest.mark.req("SC-026")
def test_no_second_sees_more_than_forty_five_messages():
    times_s, asked = running(burst())
    assert most_in_a_window(times_s) <= LIMIT
    assert times_s[-1] - times_s[0] < 3.5  # it uses what it may: 100 take 2.4 s
    assert (asked.sent, asked.answered) == (100, 100)


@pytest.mark.req("SC-026", counter_proof="nobody counts")
def test_counter_proof_a_sender_without_a_meter_is_noticed():
    times_s, _asked = running(burst(per_s=1000, most_open=100))
    with pytest.raises(AssertionError):
        assert most_in_a_window(times_s) <= LIMIT


@pytest.mark.req("SC-026")
def test_error_100_makes_it_pause_and_go_on_at_half_the_rate():
    async def scenario():
        async with linked(refusing(100)) as (gateway, link):
            asked = Questions(link)
            first = await details(asked)
            assert first.outcome == "complete"
            await details(asked)
            return gateway.times(ReqContractDetails), asked

    times_s, asked = running(scenario())
    assert asked.per_s == questions.MESSAGES_PER_S // 2
    assert times_s[1] - times_s[0] >= WINDOW_S - JITTER_S
    assert [each.code for each in asked.notices] == [100]


@pytest.mark.req("SC-026")
def test_error_101_makes_it_keep_fewer_open_and_ask_again():
    async def scenario():
        async with linked(refusing(101, times=2)) as (gateway, link):
            asked = Questions(link, most_open=20)
            answers = await asyncio.gather(*(quote(asked) for _ in range(10)))
            assert {each.outcome for each in answers} == {"complete"}
            assert len(gateway.of(ReqMarketData)) == 12
            assert not gateway.of(CancelMarketData)
            return asked

    assert running(scenario()).most_open <= 10


def test_a_line_that_never_comes_free_is_given_up():
    async def scenario():
        async with linked(refusing(101, times=99)) as (gateway, link):
            answer = await quote(Questions(link))
            assert (answer.outcome, answer.code) == ("refused", 101)
            return len(gateway.of(ReqMarketData))

    assert running(scenario()) == questions.TRIES


def test_a_pacing_violation_of_the_history_server_waits_and_asks_again():
    text = "Historical Market Data Service error message:Historical data request pacing violation"

    async def scenario():
        async with linked(refusing(162, text)) as (gateway, link):
            assert (await details(Questions(link))).outcome == "complete"
            return gateway.times(ReqContractDetails)

    before_s, after_s = running(scenario())
    assert after_s - before_s >= 2.0 - JITTER_S


def test_no_more_than_the_room_is_open_at_once():
    open_now, most = set(), [0]

    async def answer(gateway, message):
        open_now.add(message.request_id)
        most[0] = max(most[0], len(open_now))
        await asyncio.sleep(0.01)
        open_now.discard(message.request_id)
        gateway.send(TickSnapshotEnd(request_id=message.request_id))

    async def scenario():
        async with linked(answer) as (_gateway, link):
            asked = Questions(link, most_open=7, per_s=1000)
            return await asyncio.gather(*(quote(asked) for _ in range(40)))

    assert {each.outcome for each in running(scenario())} == {"complete"}
    assert most[0] == 7


# ------------------------------------------------------------------ ends


async def ends_when_it_ends(after_s: float, deadline_s: float):
    """How long a snapshot took whose end comes after some time (or never: inf)."""

    async def answer(gateway, message):
        if isinstance(message, ReqMarketData) and after_s < 60:
            gateway.send(TickPrice(request_id=message.request_id, tick=4, price=5.0))
            await asyncio.sleep(after_s)
            gateway.send(TickSnapshotEnd(request_id=message.request_id))

    async with linked(answer) as (gateway, link):
        asked = Questions(link)
        clock = asyncio.get_running_loop().time
        began_s = clock()
        found = await quote(asked, deadline_s=deadline_s)
        took_s = clock() - began_s
        await details_of_nothing(link)
        return found, took_s, gateway.of(CancelMarketData)


async def details_of_nothing(link):
    """Give the gateway time to read what was sent before."""
    await link.send(plan.details(1, SPY))
    await asyncio.sleep(0.05)


def check_snapshot_ends() -> None:
    """A snapshot is over at its end marker, or at its deadline: at once, not at a fixed time."""
    for after_s in (0.02, 0.6):
        found, took_s, cancels = running(ends_when_it_ends(after_s, deadline_s=3.0))
        assert found.outcome == "complete"
        assert after_s <= took_s + JITTER_S
        assert took_s < after_s + 0.4, f"an end after {after_s} s was noticed after {took_s:.1f} s"
        assert not cancels, "an ended snapshot was cancelled"
    found, took_s, cancels = running(ends_when_it_ends(float("inf"), deadline_s=0.3))
    assert found.outcome == "deadline"
    assert 0.3 - JITTER_S <= took_s < 0.8
    assert len(cancels) == 1


@pytest.mark.req("SC-027", "SC-028")
def test_a_snapshot_is_over_at_its_end_or_its_deadline():
    check_snapshot_ends()
    assert 11 <= plan.SNAPSHOT_DEADLINE_S <= 12
    assert plan.BARS_DEADLINE_S == 30


@pytest.mark.req("SC-027", counter_proof="a fixed wait instead of the end")
def test_counter_proof_a_fixed_wait_is_noticed(monkeypatch):
    async def two_seconds(self, question, message, _deadline_s):
        await self.send(message)
        await asyncio.sleep(2.0)
        question.end("complete")

    monkeypatch.setattr(Questions, "_answered", two_seconds)
    with pytest.raises(AssertionError, match="was noticed after 2"):
        check_snapshot_ends()


def test_what_came_before_the_deadline_is_kept():
    def answer(gateway, message):
        if isinstance(message, ReqMarketData):
            gateway.send(TickPrice(request_id=message.request_id, tick=4, price=5.0))

    async def scenario():
        async with linked(answer) as (_gateway, link):
            heard = []
            found = await quote(Questions(link), deadline_s=0.2, heard=heard.append)
            assert [each.price for each in heard] == [5.0]
            return found

    assert len(running(scenario()).messages) == 1


def test_ticks_after_the_end_reach_nobody():
    def answer(gateway, message):
        if isinstance(message, ReqMarketData):
            gateway.send(TickSnapshotEnd(request_id=message.request_id))
            gateway.send(TickPrice(request_id=message.request_id, tick=4, price=5.0))

    async def scenario():
        async with linked(answer) as (_gateway, link):
            heard = []
            asked = Questions(link)
            await quote(asked, heard=heard.append)
            await details_of_nothing(link)
            return heard

    assert [type(each) for each in running(scenario())] == [TickSnapshotEnd]


def test_a_warning_does_not_end_a_request():
    def answer(gateway, message):
        number = getattr(message, "request_id", -1)
        gateway.send(ErrorNotice(request_id=number, code=10167, text="delayed"))
        at_once(gateway, message)

    async def scenario():
        async with linked(answer) as (_gateway, link):
            asked = Questions(link)
            return await quote(asked), asked.notices

    found, notices = running(scenario())
    assert found.outcome == "complete"
    assert [each.code for each in notices] == [10167]


# ------------------------------------------------------------------ what must not break it


def malformed_bar(gateway, message):
    """A bar whose high is no number, then silence about that request."""
    if isinstance(message, ReqHistoricalData):
        bar = HistoricalBar(date="20260710", open=1.0, high=2.0, low=1.0, close=1.5, volume=1,
                            wap=1.2, count=1)  # fmt: skip
        good = HistoricalData(request_id=message.request_id, bars=(bar,))
        gateway.send_raw(encode(good, gateway.version).replace(b"2.00", b"two!"))
        gateway.send(HistoricalDataEnd(request_id=message.request_id, start="", end=""))
    else:
        at_once(gateway, message)


def exploding(message) -> None:
    raise ZeroDivisionError(f"a listener that cannot deal with {type(message).__name__}")


async def survives(*, broken_listener: bool):
    async with linked(malformed_bar) as (_gateway, link):
        asked = Questions(link)
        if broken_listener:
            bad = await asyncio.wait_for(quote(asked, heard=exploding), 3)
        else:
            bad = await asked.ask(
                lambda number: plan.history(number, SPY, plan.HOURLY),
                ends=HistoricalDataEnd,
                deadline_s=3.0,
                cancel=lambda number: CancelHistoricalData(request_id=number),
            )
        assert bad.outcome == "unreadable", f"the bad answer came to {bad.outcome}"
        good = await asyncio.wait_for(details(asked), 3)
        assert good.outcome == "complete", f"the next answer came to {good.outcome}"
        assert not link.closed
        return bad


@pytest.mark.req("SC-029")
def test_a_malformed_bar_costs_its_own_request_and_nothing_else():
    assert "cannot be read" in running(survives(broken_listener=False)).reason


@pytest.mark.req("SC-029")
def test_an_exception_in_a_listener_costs_its_own_request_and_nothing_else():
    assert "ZeroDivisionError" in running(survives(broken_listener=True)).reason


@pytest.mark.req("SC-029", counter_proof="exceptions reach the reader")
def test_counter_proof_a_reader_that_dies_of_its_listener_is_noticed(monkeypatch):
    def unguarded(self, message):
        question = self._open.get(getattr(message, "request_id", -1))
        if question is not None:
            question.heard(message)
            question.end("complete")

    monkeypatch.setattr(Questions, "_heard", unguarded)

    async def scenario():
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
        await survives(broken_listener=True)

    with pytest.raises(AssertionError, match="the bad answer came to lost"):
        running(scenario())


async def refused_at(version: int):
    """How an error under a request's id comes out at a version of the protocol."""
    async with linked(refusing(200, "No security definition"), version=version) as (_g, link):
        return await asyncio.wait_for(details(Questions(link)), 3)


def check_error_layouts() -> None:
    """Errors have 3, 4 or 5 values by version; each refuses its request at once."""
    for version in (151, 157, 165, 166, 178, 193, 194, 200):
        found = running(refused_at(version))
        assert (found.outcome, found.code) == ("refused", 200), f"at {version}: {found.outcome}"
        assert found.reason == "No security definition"


@pytest.mark.req("SC-030")
def test_errors_of_every_api_generation_reach_their_request():
    check_error_layouts()


@pytest.mark.req("SC-030", counter_proof="errors have three values")
def test_counter_proof_a_reader_of_three_values_is_noticed(monkeypatch):
    def three_values(payload, version):
        return decode_response(payload, 165 if payload.startswith(b"4\0") else version)

    monkeypatch.setattr(link_protocol, "decode_response", three_values)
    with pytest.raises(AssertionError, match="at 166: unreadable"):
        check_error_layouts()


def test_a_lost_connection_ends_every_question_at_once():
    def answer(gateway, message):
        if len(gateway.heard) > 3:
            gateway.hang_up()

    async def scenario():
        async with linked(answer) as (_gateway, link):
            asked = Questions(link, most_open=4)
            answers = await asyncio.wait_for(asyncio.gather(*(quote(asked) for _ in range(20))), 3)
            later = await asyncio.wait_for(quote(asked), 3)
            assert later.outcome == "lost"
            return answers, asked.lost

    answers, lost = running(scenario())
    assert {each.outcome for each in answers} == {"lost"}
    assert lost


def test_questions_go_out_in_the_order_they_were_asked():
    async def scenario():
        async with linked(at_once) as (gateway, link):
            asked = Questions(link)
            await asyncio.gather(*(details(asked) for _ in range(30)))
            return [each.request_id for each in gateway.of(ReqContractDetails)]

    found = running(scenario())
    assert all(before < after for before, after in pairwise(found))
