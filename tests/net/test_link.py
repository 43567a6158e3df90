"""The harness's own client: answers reach their questions, and everything has an end."""

from __future__ import annotations

import asyncio
import pickle
import socket
from contextlib import asynccontextmanager, suppress

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.link import FIRST_REQUEST_ID, Link
from pytest_ibkr.net.link_errors import AnswerError, LinkLost, LinkTimeout
from pytest_ibkr.wire.codec import encode_frame
from pytest_ibkr.wire.framing import frame
from pytest_ibkr.wire.messages.account import PositionEnd, ReqPositions
from pytest_ibkr.wire.messages.contract import (
    Contract,
    ContractData,
    ContractDataEnd,
    ReqContractDetails,
)
from pytest_ibkr.wire.messages.market_data import CancelMarketData, ReqMarketData, TickPrice
from pytest_ibkr.wire.messages.order import OpenOrderEnd, ReqAllOpenOrders, ReqOpenOrders
from pytest_ibkr.wire.messages.session import (
    CurrentTime,
    ErrorNotice,
    ManagedAccounts,
    NextValidId,
    ReqCurrentTime,
)
from pytest_ibkr.wire.versions import NEWEST_TEXT, OLDEST

SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
NOBODY = Contract(symbol="NOBODY", sec_type="STK", exchange="SMART", currency="USD")
VERSION = 176


def run_with_link(gateway, ask, **options):
    async def go():
        async with await Link.open(gateway.host, gateway.port, client_id=7300, **options) as link:
            return await ask(link)

    return asyncio.run(go())


def details(link, contract=SPY):
    return ReqContractDetails(request_id=link.next_request_id(), contract=contract)


@asynccontextmanager
async def puppet(*sent: bytes, greets: bytes | None = b"%d\0now\0" % VERSION, later=None):
    """A gateway of a few bytes: it greets, sends these frames, and keeps what it reads.

    ``later`` is an event and what is sent once it is set.
    """
    read, ended = bytearray(), []

    async def serve(reader, writer):
        over = asyncio.Event()
        ended.append(over)
        writer.write(b"" if greets is None else frame(greets))
        writer.write(b"".join(sent))
        if later is not None:
            await later[0].wait()
            writer.write(later[1])
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                read.extend(data)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        over.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], read
        for over in ended:
            await over.wait()


def said(*messages) -> bytes:
    return b"".join(encode_frame(each, VERSION) for each in messages)


READY = said(ManagedAccounts(accounts="DU0000001"), NextValidId(order_id=5))


def test_it_is_ready_with_accounts_an_order_id_and_a_version(gateway, session) -> None:
    async def ask(link):
        return link.accounts, link.next_order_id, link.version, link.take_order_id()

    assert run_with_link(gateway, ask) == ("DU0000001", 1, NEWEST_TEXT, 1)
    assert session.host == gateway.host


@pytest.mark.parametrize("newest", [OLDEST, 176, NEWEST_TEXT])
def test_it_speaks_every_version_it_is_told_to(gateway, session, newest) -> None:
    async def ask(link):
        [answer] = await link.ask(ReqCurrentTime(), until=CurrentTime)
        return link.version, answer.epoch_s

    version, epoch_s = run_with_link(gateway, ask, newest_version=newest)
    assert version == newest
    assert epoch_s == pytest.approx(session.clock.epoch_s(), abs=5)


def test_answers_reach_their_questions_however_they_interleave(gateway, session) -> None:
    async def ask(link):
        names = ["SPY", "QQQ", "IWM"] * 5
        asked = [details(link, Contract(**{**_fields(SPY), "symbol": name})) for name in names]
        answers = await asyncio.gather(
            *(link.ask(each, until=ContractDataEnd) for each in asked),
            *(link.ask(ReqPositions(), until=PositionEnd) for _ in range(3)),
            link.ask(ReqOpenOrders(), until=OpenOrderEnd),
            link.ask(ReqAllOpenOrders(), until=OpenOrderEnd),
        )
        return names, answers

    names, answers = run_with_link(gateway, ask)
    for name, answer in zip(names, answers, strict=False):
        assert [each.symbol for each in answer if isinstance(each, ContractData)] == [name]
    assert all(isinstance(answer[-1], PositionEnd | OpenOrderEnd) for answer in answers[15:])


def _fields(contract: Contract) -> dict[str, object]:
    return {name: getattr(contract, name) for name in Contract.__slots__}


def test_an_error_belongs_to_the_request_it_names(gateway, session) -> None:
    async def ask(link):
        return await asyncio.gather(
            link.ask(details(link, NOBODY), until=ContractDataEnd),
            link.ask(details(link), until=ContractDataEnd),
            return_exceptions=True,
        )

    refused, answered = run_with_link(gateway, ask)
    assert (refused.code, refused.request_id) == (200, FIRST_REQUEST_ID)
    assert isinstance(answered[-1], ContractDataEnd)


def test_an_error_without_an_id_refuses_what_has_none(gateway, session) -> None:
    session.configure(read_only=True)

    async def ask(link):
        with pytest.raises(AnswerError, match="Read-Only"):
            await link.ask(ReqOpenOrders(), until=OpenOrderEnd)
        return await link.ask(details(link), until=ContractDataEnd)

    assert len(run_with_link(gateway, ask)) == 2


def test_a_stream_gives_ticks_and_ends_with_its_cancel(gateway, session) -> None:
    async def ask(link):
        number = link.next_request_id()
        request = ReqMarketData(request_id=number, contract=SPY)
        async with link.stream(request, cancel=CancelMarketData(request_id=number)) as ticks:
            tick = await ticks.next(lambda each: isinstance(each, TickPrice))
        await link.ask(ReqCurrentTime(), until=CurrentTime)
        return tick

    assert run_with_link(gateway, ask).price > 0
    assert session.journal.requests("cancelMktData")


def test_a_client_id_in_use_is_told_as_such(gateway, session) -> None:
    async def ask(link):
        with pytest.raises(LinkLost) as refused:
            await Link.open(gateway.host, gateway.port, client_id=link.client_id)
        return pickle.loads(pickle.dumps(refused.value))

    assert run_with_link(gateway, ask).code == 326


def test_who_waits_when_the_gateway_hangs_up_is_told() -> None:
    async def go():
        async with puppet(READY) as (port, _), asyncio.timeout(10):
            link = await Link.open("127.0.0.1", port, client_id=1)
            waiting = asyncio.ensure_future(link.ask(ReqCurrentTime(), until=CurrentTime))
            await asyncio.sleep(0)
            link.abort()
            with pytest.raises(LinkLost):
                await waiting
            with pytest.raises(LinkLost):
                await link.send(ReqCurrentTime())
            await link.close()
            return link.closed, await link.wait_closed()

    assert asyncio.run(go()) == (True, "dropped here")


def test_silence_is_a_timeout_that_says_what_is_there() -> None:
    async def go():
        async with (
            puppet(READY) as (port, _),
            await Link.open("127.0.0.1", port, client_id=1) as link,
        ):
            with pytest.raises(LinkTimeout, match=r"no CurrentTime within 0\.05 s"):
                await link.ask(ReqCurrentTime(), until=CurrentTime, timeout_s=0.05)
            return link.closed

    assert asyncio.run(go()) is False


def test_a_late_answer_is_dropped() -> None:
    async def go():
        late = asyncio.Event(), said(CurrentTime(epoch_s=1), CurrentTime(epoch_s=2))
        async with (
            puppet(READY, later=late) as (port, _),
            await Link.open("127.0.0.1", port, client_id=1) as link,
        ):
            with pytest.raises(LinkTimeout):
                await link.ask(ReqCurrentTime(), until=CurrentTime, timeout_s=0.05)
            heard = []
            link.listeners.append(heard.append)
            late[0].set()
            while len(heard) < 2:
                await asyncio.sleep(0.01)
            return len(link.routes), [each.epoch_s for each in heard]

    assert asyncio.run(go()) == (0, [1, 2])


BAD_START = {
    "silence after TCP": ((), None, "TCP is open, no version came"),
    "silence after the version": ((), b"176\0now\0", "no managedAccounts and no nextValidId"),
    "no order id": (
        (said(ManagedAccounts(accounts="DU0000001")),),
        b"176\0now\0",
        "no nextValidId",
    ),
    "too old": ((), b"150\0now\0", "answers server version 150"),
    "newer than was offered": ((), b"999\0now\0", "answers server version 999"),
    "no version": ((), b"hello\0", "has not two fields"),
}


@pytest.mark.parametrize(("sent", "greets", "words"), BAD_START.values(), ids=BAD_START)
def test_a_gateway_that_does_not_get_ready_is_left(sent, greets, words) -> None:
    async def go():
        async with puppet(*sent, greets=greets) as (port, _):
            with pytest.raises((LinkLost, LinkTimeout), match=words):
                await Link.open("127.0.0.1", port, client_id=1, timeout_s=0.3)

    asyncio.run(go())


def test_nothing_but_handshake_and_startapi_goes_out_before_it_is_ready() -> None:
    async def go():
        async with puppet() as (port, read):
            with pytest.raises(LinkTimeout):
                await Link.open("127.0.0.1", port, client_id=7, timeout_s=0.3)
            return bytes(read)

    offered = frame(b"v%d..%d" % (OLDEST, NEWEST_TEXT))
    assert asyncio.run(go()) == b"API\0" + offered + frame(b"71\0002\0007\0\0")


def test_nobody_listening_and_names_are_refused_before_anything_is_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(LinkLost, match="cannot be reached"):
        asyncio.run(Link.open("127.0.0.1", port, client_id=1))
    with pytest.raises(UsageError, match="no name is looked up"):
        asyncio.run(Link.open("localhost", port, client_id=1))


def test_frames_that_are_no_messages_are_counted_and_do_no_harm() -> None:
    torn = frame(b"9\0x\0")

    async def go():
        heard = []
        async with (
            puppet(torn, READY) as (port, _),
            await Link.open("127.0.0.1", port, client_id=1, listener=heard.append) as link,
        ):
            return link.undecodable, type(heard[0]).__name__

    assert asyncio.run(go()) == (1, "Raw")


def test_an_answer_has_a_bound_and_a_stream_drops_its_oldest() -> None:
    ticks = said(
        *(TickPrice(request_id=FIRST_REQUEST_ID, tick=1, price=float(i)) for i in range(50))
    )

    async def go():
        async with (
            puppet(READY) as (port, _),
            await Link.open("127.0.0.1", port, client_id=1) as link,
        ):
            request = ReqMarketData(request_id=FIRST_REQUEST_ID, contract=SPY)
            async with link.stream(request, most=10) as stream:
                link.data_received(ticks)
                return stream.dropped, stream.waiting, (await stream.next()).price

    assert asyncio.run(go()) == (40, 10, 40.0)


def test_it_keeps_its_own_message_rate() -> None:
    async def go():
        async with (
            puppet(READY) as (port, _),
            await Link.open("127.0.0.1", port, client_id=1, messages_per_s=100) as link,
        ):
            loop = asyncio.get_running_loop()
            began_s = loop.time()
            for _ in range(65):
                await link.send(ReqCurrentTime())
            return loop.time() - began_s

    assert asyncio.run(go()) >= 0.4  # 25 at once, then 100 a second


def test_an_error_about_the_session_reaches_nobodys_answer(gateway, session) -> None:
    async def ask(link):
        notices = [each for each in link.notices if isinstance(each, ErrorNotice)]
        answer = await link.ask(details(link), until=ContractDataEnd)
        return {each.code for each in notices}, [type(each).__name__ for each in answer]

    codes, answer = run_with_link(gateway, ask)
    assert {2104, 2106, 2158} <= codes
    assert answer == ["ContractData", "ContractDataEnd"]
