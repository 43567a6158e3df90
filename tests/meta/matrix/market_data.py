"""Rows of live data: ticks, depth, tick-by-tick, five-second bars, calculators, exchanges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages import (
    calculations,
    depth,
    exchanges,
    market_data,
    real_time_bars,
    tick_by_tick,
)
from tests.meta.matrix.row import CONTRACT, Row
from tests.sim.data_bench import SPY, option

ROWS: dict[str, Row] = {
    "reqMktData": Row(
        "the market behind the snapshot: its bars, moved between; generic ticks:"
        " [generic-ticks.md](generic-ticks.md)",
        (*CONTRACT, 101, 322, 354, 10089, 10094, 10168, 10358),
        (10167,),
        evidence="2.3 [live]",
    ),
    "cancelMktData": Row("nothing, silently", (300,), evidence="2.0 [live]"),
    "reqMarketDataType": Row("nothing, silently; counts for later requests", evidence="2.3 [live]"),
    "reqMktDepth": Row(
        "a synthetic book under the market's top of book",
        (*CONTRACT, 101, 309, 316, 322, 354, 10092),
        (317, 2152),
        evidence="2.4 [client], 10092 [live]",
    ),
    "cancelMktDepth": Row("nothing, silently", (310,), evidence="2.4 [docs]"),
    "reqTickByTickData": Row(
        "the ticks between the market's bars, synthetic; past ticks first where asked",
        (*CONTRACT, 322, 10189, 10190),
        evidence="2.4 [client], errors [live]",
    ),
    "cancelTickByTickData": Row("nothing, silently", (300,), evidence="2.0 [docs]"),
    "reqRealTimeBars": Row(
        "five seconds of those ticks; of quotes without volume",
        (*CONTRACT, 322, 420, 10089),
        evidence="2.4 [client], 420 [live]",
    ),
    "cancelRealTimeBars": Row("nothing, silently", (300,), evidence="2.0 [docs]"),
    "calculateImpliedVolatility": Row(
        "the option model at the price given; tick type 53", CONTRACT, evidence="2.6 [live]"
    ),
    "calculateOptionPrice": Row(
        "the option model at the volatility given; tick type 53", CONTRACT, evidence="2.6 [live]"
    ),
    "cancelCalculateImpliedVolatility": Row("nothing, silently", evidence="2.6 [live]"),
    "cancelCalculateOptionPrice": Row("nothing, silently", evidence="2.6 [live]"),
    "reqMktDepthExchanges": Row("a table: the exchanges with books here", evidence="2.2 [client]"),
    "reqSmartComponents": Row(
        "a table: participant letters; the key is that of message 81",
        (321, 2147483647),
        evidence="2.2 [live]",
    ),
}

# Declared answers that no example can bring about, and why.
NOT_SEEN: dict[int, str] = {
    47: "never sent: no instrument is an exchange for physical",
}


def examples() -> dict[str, Sequence[Message]]:
    """Per request, messages to send one after the other; the answers to all are its answers."""
    call = option().contract()
    arca, cfd = replace(SPY, exchange="ARCA"), replace(SPY, sec_type="CFD")
    stream = market_data.ReqMarketData(
        request_id=7, contract=SPY, legs=(), generic_ticks="100,101,104,106,165,221,233,292"
    )
    hedged = market_data.ReqMarketData(
        request_id=8,
        contract=call,
        legs=(),
        delta_neutral=True,
        delta_neutral_con_id=756733,
    )
    ticks = [
        tick_by_tick.ReqTickByTick(request_id=20, contract=SPY, kind="Last", count=10),
        tick_by_tick.ReqTickByTick(request_id=21, contract=call, kind="BidAsk", count=10),
        tick_by_tick.ReqTickByTick(
            request_id=22, contract=replace(SPY, symbol="QQQ"), kind="MidPoint", count=10
        ),
    ]
    bars = real_time_bars.ReqRealTimeBars(request_id=30, contract=SPY, what_to_show="TRADES")
    vol = calculations.ReqImpliedVolatility(
        request_id=40, contract=call, option_price=5.0, under_price=753.0
    )
    price = calculations.ReqOptionPrice(
        request_id=41, contract=call, volatility=0.2, under_price=753.0
    )
    return {
        "reqMktData": [
            stream,
            hedged,
            market_data.ReqMarketData(request_id=9, contract=call, legs=(), snapshot=True),
            market_data.ReqMarketData(request_id=13, contract=cfd, legs=()),
        ],
        "cancelMktData": [market_data.CancelMarketData(request_id=7)],
        "reqMarketDataType": [market_data.ReqMarketDataType(data_type=1)],
        "reqMktDepth": [
            depth.ReqMarketDepth(request_id=10, contract=SPY, rows=5, smart_depth=True),
            depth.ReqMarketDepth(request_id=11, contract=arca, rows=5),
            depth.ReqMarketDepth(request_id=14, contract=cfd, rows=5),
        ],
        "cancelMktDepth": [depth.CancelMarketDepth(request_id=10, smart_depth=True)],
        "reqTickByTickData": ticks,
        "cancelTickByTickData": [tick_by_tick.CancelTickByTick(request_id=20)],
        "reqRealTimeBars": [bars],
        "cancelRealTimeBars": [real_time_bars.CancelRealTimeBars(request_id=30)],
        "calculateImpliedVolatility": [vol],
        "calculateOptionPrice": [price],
        "cancelCalculateImpliedVolatility": [calculations.CancelImpliedVolatility(request_id=40)],
        "cancelCalculateOptionPrice": [calculations.CancelOptionPrice(request_id=41)],
        "reqMktDepthExchanges": [exchanges.ReqDepthExchanges()],
        "reqSmartComponents": [
            stream,
            exchanges.ReqSmartComponents(request_id=12, bbo_exchange="9c0001"),
        ],
    }
