"""One morning of a client, action by action: the same at every server version.

The clock stands but for the script's own pauses, so two runs differ in what the version changes
and in nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from pytest_ibkr.session.session import Session
from pytest_ibkr.sim.journal import Entry
from pytest_ibkr.wire.codec import decode_response, encode, encode_frame
from pytest_ibkr.wire.declare import Message, specs
from pytest_ibkr.wire.messages import (
    account,
    advisor,
    bulletins,
    calculations,
    contract,
    depth,
    display_groups,
    exchanges,
    executions,
    exercise,
    history,
    history_queries,
    market_data,
    news,
    order,
    pnl,
    positions_multi,
    real_time_bars,
    scanner,
    session,
    symbols,
    tick_by_tick,
)
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from pytest_ibkr.wire.versions import PROTOBUF
from tests.conformance.raw import RawClient

ACCOUNT = "DU0000001"
SPY = Contract(
    con_id=756733, symbol="SPY", sec_type="STK", exchange="SMART", primary_exchange="ARCA",
    currency="USD", local_symbol="SPY", trading_class="SPY",
)  # fmt: skip
NOBODY = Contract(symbol="NOSUCHTHING", sec_type="STK", exchange="SMART", currency="USD")
PAUSE_S = 1.0
CLIENT_ID = 7001


@dataclass(frozen=True, slots=True)
class Told:
    """One message as a client read it, ``at_s`` seconds into the session."""

    at_s: float
    message: Message


def actions(call_id: int) -> list[list[Message]]:
    """What is sent, in steps with a pause after each; ``call_id`` is an option of SPY."""
    option = Contract(con_id=call_id, symbol="SPY", sec_type="OPT", exchange="SMART")
    limit = PlaceOrder(
        order_id=1, contract=SPY, action="BUY", quantity=Decimal(10), order_type="LMT",
        limit_price=Decimal("700"), tif="DAY",
    )  # fmt: skip
    return [
        *_account_steps(),
        *_reference_steps(option),
        *_live_steps(option),
        *_history_steps(),
        *_order_steps(limit, option),
    ]


def _account_steps() -> list[list[Message]]:
    return [
        [
            session.ReqIds(),
            account.ReqAccountUpdates(subscribe=True, account=ACCOUNT),
            account.ReqAccountUpdatesMulti(request_id=101, account=ACCOUNT),
            account.ReqPositions(),
            account.ReqAccountSummary(request_id=102, group="All", tags="NetLiquidation,Cushion"),
        ],
        [
            positions_multi.ReqPositionsMulti(request_id=103, account=ACCOUNT),
            pnl.ReqPnl(request_id=104, account=ACCOUNT),
            pnl.ReqPnlSingle(request_id=105, account=ACCOUNT, con_id=SPY.con_id),
            advisor.ReqFamilyCodes(),
            advisor.ReqSoftDollarTiers(request_id=106),
            advisor.ReqAdvisorData(data_type=1),
            bulletins.ReqNewsBulletins(all_messages=True),
            display_groups.ReqDisplayGroups(request_id=107),
            display_groups.ReqGroupEvents(request_id=108, group_id=1),
        ],
    ]


def _reference_steps(option: Contract) -> list[list[Message]]:
    return [
        [
            contract.ReqContractDetails(request_id=201, contract=SPY),
            contract.ReqContractDetails(request_id=202, contract=option),
            contract.ReqContractDetails(request_id=203, contract=NOBODY),
            contract.ReqOptionParameters(
                request_id=204, symbol="SPY", sec_type="STK", con_id=SPY.con_id
            ),
            contract.ReqMarketRule(rule_id=26),  # AAPL's: nobody asked for it
            symbols.ReqMatchingSymbols(request_id=205, pattern="SP"),
            exchanges.ReqDepthExchanges(),
        ],
        [contract.ReqMarketRule(rule_id=4563)],
    ]


def _live_steps(option: Contract) -> list[list[Message]]:
    return [
        [
            market_data.ReqMarketData(request_id=301, contract=SPY, generic_ticks="165,233"),
            market_data.ReqMarketData(request_id=302, contract=option, snapshot=True),
            depth.ReqMarketDepth(request_id=303, contract=SPY, rows=3, smart_depth=True),
            tick_by_tick.ReqTickByTick(request_id=304, contract=SPY, kind="AllLast"),
            real_time_bars.ReqRealTimeBars(request_id=305, contract=SPY, what_to_show="TRADES"),
        ],
        [
            exchanges.ReqSmartComponents(request_id=306, bbo_exchange="9c0001"),
            calculations.ReqOptionPrice(
                request_id=307, contract=option, volatility=0.2, under_price=753.0
            ),
            calculations.ReqImpliedVolatility(
                request_id=308, contract=option, option_price=5.0, under_price=753.0
            ),
        ],
        [],
        [],
        [],
        [
            pnl.CancelPnl(request_id=104),
            pnl.CancelPnlSingle(request_id=105),
            market_data.CancelMarketData(request_id=301),
            depth.CancelMarketDepth(request_id=303, smart_depth=True),
            tick_by_tick.CancelTickByTick(request_id=304),
            real_time_bars.CancelRealTimeBars(request_id=305),
        ],
    ]


def _history_steps() -> list[list[Message]]:
    ticks: list[Message] = [
        history_queries.ReqHistoricalTicks(
            request_id=401 + place, contract=SPY, start="20260710-13:45:00", count=3,
            what_to_show=what,
        )
        for place, what in enumerate(("TRADES", "BID_ASK", "MIDPOINT"))
    ]  # fmt: skip
    bars = history.ReqHistoricalData(
        request_id=404, contract=SPY, bar_size="1 hour", duration="2 D", what_to_show="TRADES",
        use_rth=True,
    )  # fmt: skip
    return [
        [
            *ticks,
            bars,
            replace(bars, request_id=405, date_format=2),
            replace(bars, request_id=406, contract=NOBODY),
            history_queries.ReqHeadTimestamp(request_id=407, contract=SPY, what_to_show="TRADES"),
            history_queries.ReqHistogram(request_id=408, contract=SPY, period="3 days"),
        ],
        [
            news.ReqNewsProviders(),
            news.ReqHistoricalNews(request_id=409, con_id=SPY.con_id, providers="BRFG", count=5),
            scanner.ReqScannerParameters(),
            scanner.ReqScannerSubscription(
                request_id=410, instrument="STK", location="STK.US", scan_code="MOST_ACTIVE"
            ),
        ],
        [scanner.CancelScannerSubscription(request_id=410)],
    ]


def _order_steps(limit: PlaceOrder, option: Contract) -> list[list[Message]]:
    return [
        [replace(limit, order_id=1), replace(limit, order_id=2, what_if=True)],
        [replace(limit, order_id=1, limit_price=Decimal("701.5"), quantity=Decimal(20))],
        [order.ReqOpenOrders(), replace(limit, order_id=3, order_type="MKT", limit_price=None)],
        [
            executions.ReqExecutions(request_id=501),
            replace(limit, order_id=4, limit_price=Decimal("700.001")),
            order.CancelOrder(order_id=1),
        ],
        [replace(limit, order_id=5), order.CancelOrder(order_id=77)],
        [order.ReqGlobalCancel()],
        [
            order.ReqCompletedOrders(api_only=False),
            account.ReqPositions(),
            exercise.ExerciseOptions(request_id=502, contract=option, action=1, quantity=1),
        ],
    ]


def play(opened: Session, call_id: int, version: int) -> list[Told]:
    """Act the script out at a version; return all the client read, decoded at that version."""
    opened.clock.hold(answers=False)
    start = opened.clock.now().replace(microsecond=0) + timedelta(seconds=1)
    opened.clock.move_to(start)
    client = RawClient(opened.host, opened.port)
    client.greet(100, version)
    # The clock waits for clients that do not read: this one does, all the time.
    with ThreadPoolExecutor(1) as reader:
        steps = ([], *actions(call_id))
        read = reader.submit(_frames, client, _head(version), fences=len(steps))
        client.send(encode_frame(session.StartApi(client_id=CLIENT_ID), version))
        for step in steps:
            for message in step:
                client.send(encode_frame(message, version))
            opened.clock.sleep(PAUSE_S)
            client.send(encode_frame(session.ReqCurrentTime(), version))
        frames = read.result()
    client.close()
    sent = [e for e in opened.journal.entries() if e.direction == "out"]
    return [_told(e, p, start.timestamp(), version) for e, p in zip(sent, frames, strict=True)]


def _head(version: int) -> bytes:
    """Return the first bytes of every answer that tells the time."""
    told = encode(session.CurrentTime(epoch_s=1), version)
    return told[:4] if version >= PROTOBUF else told[: told.index(b"\0") + 1]


def _frames(client: RawClient, time_head: bytes, *, fences: int) -> list[bytes]:
    """Read until the time, which is told at once and so ends a step, has come this often."""
    frames: list[bytes] = []
    while fences:
        frames.append(client.frame())
        fences -= frames[-1].startswith(time_head)
    return frames


def _told(entry: Entry, read: bytes, start_s: float, version: int) -> Told:
    """Pair a journal's entry with what the client read, which is the same."""
    assert isinstance(entry.message, Message)
    assert read == encode(entry.message, version), f"{read!r} is not {entry.message}"
    message = decode_response(read, version)
    assert isinstance(message, Message), message
    return Told(round(entry.at_s - start_s, 6), message)


def differing(a: object, b: object, *versions: int, path: str = "") -> Iterator[str]:
    """Yield names of fields, carried at all ``versions``, that differ between two messages."""
    path = path or type(a).__name__
    if type(a) is not type(b):
        yield path
        return
    for name, spec in specs(type(a)):
        if not all(spec.carried_at(version) for version in versions):
            continue
        mine, its = getattr(a, name), getattr(b, name)
        where = f"{path}.{name}"
        if spec.embedded is not None:
            yield from differing(mine, its, *versions, path=where)
        elif spec.row is not None:
            if len(mine) != len(its):
                yield where
            for one, other in zip(mine, its, strict=False):
                yield from differing(one, other, *versions, path=where)
        elif mine != its:
            yield where
