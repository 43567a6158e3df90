"""``ib_async``'s requests for the families beside the main job, through ``IB`` alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ib_async

from tests.conformance.peers.async_writing import contract, order
from tests.conformance.peers.families import (
    MARGINS,
    SCHEDULES,
    Row,
    Stream,
    computation,
    row,
)
from tests.conformance.peers.model import Asked, Ticket

if TYPE_CHECKING:
    from tests.conformance.peers.async_peer import AsyncPeer

FROM = {"schedule": SCHEDULES}
GROUPS = 1


class AsyncFamilies:
    """Asks through a connected peer."""

    def __init__(self, peer: AsyncPeer) -> None:
        self._peer, self._ib = peer, peer.ib

    def cannot(self, name: str) -> str:
        """Return a reason where ``IB`` has no method or drops the answer: user information, …"""
        if not hasattr(self, name):
            return f"ib_async hands no {name} on"
        first = FROM.get(name, 0)
        return f"{name} begins with version {first}" if self._peer.version() < first else ""

    # -- account

    def pnl(self, account: str) -> Stream:
        ib = self._ib
        stream = Stream(lambda: ib.cancelPnL(account))
        ib.pnlEvent += lambda p: stream.rows.append(row(p.dailyPnL, p.unrealizedPnL, p.realizedPnL))
        ib.reqPnL(account)
        return stream

    def pnl_single(self, account: str, con_id: int) -> Stream:
        ib = self._ib
        stream = Stream(lambda: ib.cancelPnLSingle(account, "", con_id))
        ib.pnlSingleEvent += lambda p: stream.rows.append(
            row(p.position, p.dailyPnL, p.unrealizedPnL, p.realizedPnL, p.value)
        )
        ib.reqPnLSingle(account, "", con_id)
        return stream

    def ask_as_advisor(self) -> None:
        """Its requestFA waits four seconds for an answer under no id; replaceFA does not."""
        self._ib.replaceFA(GROUPS, "<ListOfGroups/>")

    # -- contracts

    def matching_symbols(self, pattern: str) -> list[Row]:
        found = [(d.contract, d.derivativeSecTypes) for d in self._ib.reqMatchingSymbols(pattern)]
        return [
            row(c.conId, c.symbol, c.secType, c.primaryExchange, c.currency, d) for c, d in found
        ]

    def market_rule(self, rule_id: int) -> list[Row]:
        return [row(step.lowEdge, step.increment) for step in self._ib.reqMarketRule(rule_id)]

    def smart_components(self, key: str) -> list[Row]:
        found = self._ib.reqSmartComponents(key)
        return [row(c.bitNumber, c.exchange, c.exchangeLetter) for c in found]

    def depth_exchanges(self) -> list[Row]:
        return [
            row(d.exchange, d.secType, d.listingExch, d.serviceDataType, d.aggGroup)
            for d in self._ib.reqMktDepthExchanges()
        ]

    # -- live data

    def depth(self, asked: Asked, rows: int) -> Stream:
        ib, smart, wanted = self._ib, asked.exchange == "SMART", contract(asked)
        stream = Stream(lambda: ib.cancelMktDepth(wanted, smart))
        ticker = ib.reqMktDepth(wanted, rows, smart)
        ticker.updateEvent += lambda t: stream.rows.extend(row(*tick[1:]) for tick in t.domTicks)
        return stream

    def tick_by_tick(self, asked: Asked, kind: str) -> Stream:
        """Its ticks carry the time of their arrival, not the gateway's: left out."""
        ib, wanted = self._ib, contract(asked)
        stream = Stream(lambda: ib.cancelTickByTickData(wanted, kind))
        ticker = ib.reqTickByTickData(wanted, kind)
        ticker.updateEvent += lambda t: stream.rows.extend(map(_tick, t.tickByTicks))
        return stream

    def real_time_bars(self, asked: Asked) -> Stream:
        ib = self._ib
        bars = ib.reqRealTimeBars(contract(asked), 5, "TRADES", True)
        stream = Stream(lambda: ib.cancelRealTimeBars(bars))
        bars.updateEvent += lambda every, _new: stream.rows.append(_bar(every[-1]))
        return stream

    def implied_volatility(self, asked: Asked, price: float, under: float) -> list[Row]:
        wanted = (contract(asked), price, under)
        return [_computed(self._ib.calculateImpliedVolatility(*wanted))]

    def option_price(self, asked: Asked, volatility: float, under: float) -> list[Row]:
        wanted = (contract(asked), volatility, under)
        return [_computed(self._ib.calculateOptionPrice(*wanted))]

    # -- history

    def head_timestamp(self, asked: Asked) -> list[Row]:
        return [row(self._ib.reqHeadTimeStamp(contract(asked), "TRADES", True, 2).timestamp())]

    def histogram(self, asked: Asked, period: str) -> list[Row]:
        found = self._ib.reqHistogramData(contract(asked), True, period)
        return [row(step.price, step.count) for step in found]

    def past_ticks(self, asked: Asked, what: str, start: str, count: int) -> list[Row]:
        found = self._ib.reqHistoricalTicks(contract(asked), start, "", count, what, True)
        return [_past(what, tick) for tick in found]

    def schedule(self, asked: Asked, days: int) -> list[Row]:
        found = self._ib.reqHistoricalSchedule(contract(asked), days)
        return [row(s.startDateTime, s.endDateTime, s.refDate) for s in found.sessions]

    # -- news, scanners

    def news_providers(self) -> list[Row]:
        return [row(p.code, p.name) for p in self._ib.reqNewsProviders()]

    def article(self, provider: str, article_id: str) -> list[Row]:
        found = self._ib.reqNewsArticle(provider, article_id)
        return [row(found.articleType, found.articleText)]

    def headlines(self, con_id: int, providers: str) -> list[Row]:
        found: Any = self._ib.reqHistoricalNews(con_id, providers, "", "", 10)
        return [
            row(f"{n.time:%Y-%m-%d %H:%M:%S}", n.providerCode, n.articleId, n.headline)
            for n in found
        ]

    def bulletins(self) -> Stream:
        ib = self._ib
        stream = Stream(ib.cancelNewsBulletins)
        ib.newsBulletinEvent += lambda b: stream.rows.append(
            row(b.msgId, b.msgType, b.message, b.origExchange)
        )
        ib.reqNewsBulletins(True)
        return stream

    def scanner_parameters(self) -> list[Row]:
        return [row(self._ib.reqScannerParameters())]

    def scan(self, code: str) -> list[Row]:
        wanted = ib_async.ScannerSubscription(
            instrument="STK", locationCode="STK.US", scanCode=code
        )
        found = [(d.rank, d.contractDetails.contract) for d in self._ib.reqScannerData(wanted)]
        return [row(r, c.conId, c.symbol, c.secType, c.exchange, c.currency) for r, c in found]

    # -- orders

    def what_if(self, asked: Asked, ticket: Ticket) -> list[Row]:
        state = self._ib.whatIfOrder(contract(asked), order(ticket))
        names = (*MARGINS, "commission", "minCommission", "maxCommission")
        figures = [float(getattr(state, name)) for name in names]
        return [row(*figures, state.commissionCurrency)]

    def exercise(self, asked: Asked, account: str) -> None:
        self._ib.exerciseOptions(contract(asked), 1, 1, account, 0)

    def cancel_everything(self) -> None:
        self._ib.reqGlobalCancel()


def _tick(tick: Any) -> Row:
    if isinstance(tick, ib_async.TickByTickAllLast):
        return row(tick.price, tick.size, tick.exchange, tick.specialConditions)
    if isinstance(tick, ib_async.TickByTickBidAsk):
        return row(tick.bidPrice, tick.askPrice, tick.bidSize, tick.askSize)
    return row(tick.midPoint)


def _past(what: str, tick: Any) -> Row:
    at_s = tick.time.timestamp()
    if what == "TRADES":
        return row(at_s, tick.price, tick.size, tick.exchange, tick.specialConditions)
    if what == "BID_ASK":
        return row(at_s, tick.priceBid, tick.priceAsk, tick.sizeBid, tick.sizeAsk)
    return row(at_s, tick.price)


def _bar(b: Any) -> Row:
    values = (b.open_, b.high, b.low, b.close, b.volume, b.wap, b.count)
    return row(b.time.timestamp(), *values)


def _computed(c: Any) -> Row:
    return computation(c.impliedVol, c.delta, c.optPrice, c.gamma, c.vega, c.theta, c.undPrice)
