"""Market depth: the client's book is the gateway's at every moment; limits and refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ibkr.sim.depth_line import HALTED, RESET, DepthLine
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.depth import (
    ASK,
    BID,
    DELETE,
    INSERT,
    UPDATE,
    CancelMarketDepth,
    MarketDepth,
    MarketDepthL2,
    ReqMarketDepth,
)
from pytest_ibkr.wire.messages.session import ErrorNotice
from tests.sim.data_bench import (
    CAPTURED,
    SPY,
    TEN,
    VIX,
    Peer,
    errors,
    normal_world,
    on_friday,
    only,
    option,
    peer,
)

ARCA = replace(SPY, exchange="ARCA")
NASDAQ = replace(SPY, exchange="NASDAQ")
Row = tuple[float, int, str]
Books = dict[int, list[Row]]


def depth(request_id: int = 7, contract: Contract = SPY, rows: int = 5) -> ReqMarketDepth:
    """A request; SMART depth where the exchange is SMART."""
    smart = contract.exchange == "SMART"
    return ReqMarketDepth(request_id=request_id, contract=contract, rows=rows, smart_depth=smart)


def empty() -> Books:
    """A book before its first row."""
    return {BID: [], ASK: []}


def applied(books: Books, found: list[Message]) -> None:
    """What a client does with messages 12 and 13; a place beyond the book fails the test."""
    for message in found:
        if not isinstance(message, MarketDepth | MarketDepthL2):
            continue
        side = books.setdefault(message.side, [])
        maker = getattr(message, "market_maker", "")
        row = (message.price, int(message.size), maker)
        if message.operation == INSERT:
            assert message.position <= len(side)
            side.insert(message.position, row)
        elif message.operation == UPDATE:
            assert side[message.position][0] == message.price
            side[message.position] = row
        else:
            assert message.operation == DELETE
            del side[message.position]


def line_of(client: Peer, request_id: int = 7) -> DepthLine:
    """The gateway's own line of a request."""
    desk = client.engine.streams.depth
    assert desk is not None
    return desk._open[client.client.connection, request_id]


def gateways(client: Peer, *, makers: bool) -> Books:
    """The book as the gateway has it."""
    return {
        side: [(row.price, row.size, row.venue if makers else "") for row in rows]
        for side, rows in line_of(client).book.items()
    }


@pytest.mark.parametrize("contract", [SPY, ARCA, NASDAQ], ids=["SMART", "ARCA", "NASDAQ"])
@pytest.mark.parametrize("rows", [1, 5, 20])
def test_the_clients_book_is_the_gateways_at_every_moment(contract: Contract, rows: int) -> None:
    client, books = peer(), empty()
    makers = contract is not ARCA
    applied(books, client.send(depth(contract=contract, rows=rows), wait_s=0.1))
    operations = set()
    for _ in range(240):
        assert books == gateways(client, makers=makers)
        assert [len(side) for side in books.values()] == [rows, rows]
        found = client.wait(0.25)
        operations |= {m.operation for m in found if isinstance(m, MarketDepth | MarketDepthL2)}
        applied(books, found)
    assert operations == {INSERT, UPDATE, DELETE}


def test_prices_descend_and_ascend_from_the_top_of_the_quote() -> None:
    client, books = peer(), empty()
    applied(books, client.send(depth(rows=10), wait_s=0.3))
    spy = normal_world().book.by_symbol("SPY")
    assert spy is not None
    quote = client.engine.market.quote(spy, client.engine.now_s)
    bids, asks = books[BID], books[ASK]
    assert [row[0] for row in bids] == sorted((row[0] for row in bids), reverse=True)
    assert [row[0] for row in asks] == sorted(row[0] for row in asks)
    assert (bids[0][0], asks[0][0]) == (quote.bid, quote.ask)
    assert sum(row[1] for row in bids if row[0] == quote.bid) == quote.bid_size
    assert sum(row[1] for row in asks if row[0] == quote.ask) == quote.ask_size


def test_smart_depth_is_message_13_with_exchanges_and_an_exchange_is_message_12() -> None:
    smart = only(peer().send(depth()), MarketDepthL2)
    assert all(message.smart_depth for message in smart)
    assert len({message.market_maker for message in smart}) > 2
    found = peer().send(depth(contract=ARCA))
    assert only(found, MarketDepth)
    assert not only(found, MarketDepthL2)
    makers = only(peer().send(depth(contract=NASDAQ)), MarketDepthL2)
    assert {(m.market_maker, m.smart_depth) for m in makers} == {("NSDQ", False)}


@pytest.mark.parametrize(
    ("contract", "smart"),
    [(SPY, False), (ARCA, True), (VIX, False), (option().contract(), True)],
    ids=["SMART without its flag", "an exchange with it", "an index", "an option"],
)
def test_a_combination_without_depth_is_refused_with_10092(contract: Contract, smart: bool) -> None:
    asked = replace(depth(8, contract), smart_depth=smart)
    assert errors(peer().send(asked)) == [
        (
            *(8, 10092),
            "Deep market data is not supported for this combination of security type/exchange",
        )
    ]


def test_the_cancel_of_an_unsupported_combination_is_silent_once() -> None:
    client = peer()
    client.send(replace(depth(8), smart_depth=False))
    assert client.send(CancelMarketDepth(request_id=8)) == []
    assert [code for _, code, _ in errors(client.send(CancelMarketDepth(request_id=8)))] == [310]


def test_three_books_are_the_most_of_all_clients_and_a_cancel_frees_one() -> None:
    first = peer()
    second = peer(engine=first.engine)
    assert not errors(first.send(depth(1)) + first.send(depth(2, ARCA)) + second.send(depth(1)))
    refused = "Max number (3) of market depth requests has been reached"
    assert errors(second.send(depth(2))) == [(2, 309, refused)]
    first.send(CancelMarketDepth(request_id=1, smart_depth=True))
    assert not errors(second.send(depth(2)))


def test_a_book_takes_a_market_data_line() -> None:
    client = peer()
    client.engine.streams.max_lines = 1
    client.send(depth())
    assert client.engine.streams.lines_in_use() == 1
    assert [code for _, code, _ in errors(client.send(client.market_data(8)))] == [101]
    client.send(CancelMarketDepth(request_id=7, smart_depth=True))
    assert client.engine.streams.lines_in_use() == 0


def test_without_a_line_left_a_book_is_refused() -> None:
    client = peer()
    client.engine.streams.max_lines = 1
    client.send(client.market_data(8))
    assert errors(client.send(depth())) == [(7, 101, "Max number of tickers has been reached")]


def test_a_cancelled_book_is_silent_and_a_second_cancel_finds_nothing() -> None:
    client = peer()
    client.send(depth())
    assert client.send(CancelMarketDepth(request_id=7, smart_depth=True), wait_s=5) == []
    text = "Can't find the subscribed market depth with tickerId:7"
    assert errors(client.send(CancelMarketDepth(request_id=7))) == [(7, 310, text)]


def test_the_same_id_twice_is_a_duplicate() -> None:
    client = peer()
    client.send(depth())
    assert [code for _, code, _ in errors(client.send(depth()))] == [322]


def test_2152_lists_exchanges_without_permission_and_the_book_is_without_them() -> None:
    client = peer()
    client.engine.conditions.no_depth = {"ARCA", "NYSE"}
    found = client.send(depth(rows=20), wait_s=30)
    assert isinstance(found[0], ErrorNotice)
    [(_, code, text)] = errors(found)
    assert code == 2152
    assert text == (
        "Exchanges - Depth: BATS; BEX; IEX; NASDAQ; Top: BYX; AMEX; PEARL; MEMX; EDGEA; CHX;"
        " NYSENAT; PSX; LTSE; ISE; DRCTEDGE; Need additional market data permissions - Depth:"
        " ARCA; NYSE; "
    )
    assert not {"ARCA", "NYSE"} & {m.market_maker for m in only(found, MarketDepthL2)}
    assert [code for _, code, _ in errors(client.send(depth(8, ARCA)))] == [354]


@pytest.mark.parametrize("entitlement", ["delayed", "none"])
def test_depth_needs_live_rights(entitlement: str) -> None:
    client = peer()
    client.engine.conditions.entitlements["SPY"] = entitlement  # type: ignore[assignment]
    assert [code for _, code, _ in errors(client.send(depth()))] == [354]


def test_a_reset_declares_the_book_void_and_sends_it_again() -> None:
    client = peer()
    client.send(depth(), wait_s=3)
    desk = client.engine.streams.depth
    assert desk is not None
    desk.reset("SPY")
    found = client.wait(0)
    assert errors(found[:1]) == [(7, 317, RESET)]
    books = empty()
    applied(books, found)
    assert books == gateways(client, makers=True)
    assert len(books[BID]) == 5


def test_a_halt_ends_the_book_with_316() -> None:
    client = peer()
    client.send(depth())
    client.engine.halted.add("SPY")
    assert errors(client.wait(1)) == [(7, 316, HALTED)]
    assert client.wait(10) == []
    assert client.engine.streams.lines_in_use() == 0


def test_the_book_empties_at_the_close_and_fills_at_the_open() -> None:
    client, books = peer(CAPTURED - 2), empty()
    applied(books, client.send(depth(), wait_s=1))
    assert len(books[BID]) == 5
    applied(books, client.wait(2))
    assert books == empty()
    early = peer(on_friday(9, 29, 59))
    assert early.send(depth(), wait_s=0.5) == []
    assert only(early.wait(1), MarketDepthL2)


def test_a_lost_data_connection_ends_books_without_a_word() -> None:
    client = peer()
    client.send(depth())
    client.engine.streams.drop_all()
    assert client.wait(10) == []


def test_a_frozen_symbol_changes_no_book_until_it_thaws() -> None:
    client, books = peer(), empty()
    applied(books, client.send(depth(), wait_s=2))
    fault = client.engine.faults.freeze("SPY")
    assert client.wait(20) == []
    client.engine.faults.disarm(fault)
    applied(books, client.wait(3))
    assert books == gateways(client, makers=True)


def test_the_same_request_at_the_same_moment_gives_the_same_rows() -> None:
    def seen() -> list[Message]:
        return peer(TEN).send(depth(rows=20), wait_s=20)

    assert seen() == seen()


def test_a_client_gets_at_most_twenty_rows_and_none_when_it_asks_for_none() -> None:
    found = only(peer().send(depth(rows=1_000_000), wait_s=0.1), MarketDepthL2)
    assert len(found) == 40
    assert peer().send(depth(rows=0)) == []
