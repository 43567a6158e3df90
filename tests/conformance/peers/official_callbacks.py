"""Callbacks of the official client for the families beside the main job; rows by key."""

# ruff: noqa: N802, N803  (callback and argument names are the library's)

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import astuple
from typing import Any

from tests.conformance.peers.families import Row, row
from tests.conformance.peers.model import Greeks

OPTION_CALCULATION = 53


class FamilyCallbacks:
    """Keeps rows under a request id, or a name where the protocol has no id.

    ``whole``: keys whose answer has ended.
    """

    def __init__(self) -> None:
        self.heard: dict[Hashable, list[Row]] = defaultdict(list)
        self.whole: set[Hashable] = set()
        self.previews: dict[int, Any] = {}

    def _whole(self, key: Hashable, rows: list[Row]) -> None:
        self.heard[key] = rows
        self.whole.add(key)

    # -- account

    def positionMulti(
        self, reqId: int, account: str, modelCode: str, contract: Any, pos: Any, avgCost: float
    ) -> None:
        self.heard[reqId].append(row(account, contract.conId, pos, avgCost))

    def positionMultiEnd(self, reqId: int) -> None:
        self.whole.add(reqId)

    def pnl(self, reqId: int, *figures: float) -> None:
        self.heard[reqId].append(row(*figures))

    def pnlSingle(self, reqId: int, *figures: Any) -> None:
        self.heard[reqId].append(row(*figures))

    def familyCodes(self, familyCodes: list[Any]) -> None:
        self._whole("family_codes", [row(f.accountID, f.familyCodeStr) for f in familyCodes])

    def softDollarTiers(self, reqId: int, tiers: list[Any]) -> None:
        self._whole(reqId, [row(t.name, t.val, t.displayName) for t in tiers])

    def userInfo(self, reqId: int, whiteBrandingId: str) -> None:
        self._whole(reqId, [row(whiteBrandingId)])

    # -- contracts

    def symbolSamples(self, reqId: int, contractDescriptions: list[Any]) -> None:
        found = [(d.contract, list(d.derivativeSecTypes)) for d in contractDescriptions]
        self._whole(
            reqId,
            [row(c.conId, c.symbol, c.secType, c.primaryExchange, c.currency, d) for c, d in found],
        )

    def marketRule(self, marketRuleId: int, priceIncrements: list[Any]) -> None:
        rows = [row(p.lowEdge, p.increment) for p in priceIncrements]
        self._whole(("market_rule", marketRuleId), rows)

    def smartComponents(self, reqId: int, smartComponentMap: Any) -> None:
        if isinstance(smartComponentMap, dict):  # of a body: bit -> exchange and letter
            rows = [row(bit, *names) for bit, names in smartComponentMap.items()]
        else:
            rows = [row(c.bitNumber, c.exchange, c.exchangeLetter) for c in smartComponentMap]
        self._whole(reqId, rows)

    def mktDepthExchanges(self, depthMktDataDescriptions: list[Any]) -> None:
        rows = [
            row(d.exchange, d.secType, d.listingExch, d.serviceDataType, d.aggGroup)
            for d in depthMktDataDescriptions
        ]
        self._whole("depth_exchanges", rows)

    # -- live data

    def updateMktDepth(self, reqId: int, position: int, *rest: Any) -> None:
        self.heard[reqId].append(row(position, "", *rest))

    def updateMktDepthL2(self, reqId: int, *rest: Any) -> None:
        *change, _smart = rest
        self.heard[reqId].append(row(*change))

    def tickByTickAllLast(self, reqId: int, tickType: int, *rest: Any) -> None:
        time, price, size, _attributes, exchange, conditions = rest
        self.heard[reqId].append(row(time, price, size, exchange, conditions))

    def tickByTickBidAsk(self, reqId: int, *rest: Any) -> None:
        *quote, _attributes = rest
        self.heard[reqId].append(row(*quote))

    def tickByTickMidPoint(self, reqId: int, time: int, midPoint: float) -> None:
        self.heard[reqId].append(row(time, midPoint))

    def realtimeBar(self, reqId: int, *bar: Any) -> None:
        self.heard[reqId].append(row(*bar))

    def keep_calculation(self, reqId: int, computed: Greeks) -> None:
        """Keep an option calculator's answer."""
        self._whole(reqId, [row(*astuple(computed))])

    # -- history

    def headTimestamp(self, reqId: int, headTimestamp: str) -> None:
        self._whole(reqId, [row(int(headTimestamp))])

    def histogramData(self, reqId: int, items: list[Any]) -> None:
        sizes = [(i.price, i.size if hasattr(i, "size") else i.count) for i in items]
        self._whole(reqId, [row(*pair) for pair in sizes])

    def historicalTicks(self, reqId: int, ticks: list[Any], done: bool) -> None:
        self.heard[reqId] += [row(t.time, t.price) for t in ticks]
        self._done(reqId, done)

    def historicalTicksBidAsk(self, reqId: int, ticks: list[Any], done: bool) -> None:
        self.heard[reqId] += [
            row(t.time, t.priceBid, t.priceAsk, t.sizeBid, t.sizeAsk) for t in ticks
        ]
        self._done(reqId, done)

    def historicalTicksLast(self, reqId: int, ticks: list[Any], done: bool) -> None:
        self.heard[reqId] += [
            row(t.time, t.price, t.size, t.exchange, t.specialConditions) for t in ticks
        ]
        self._done(reqId, done)

    def _done(self, reqId: int, done: bool) -> None:
        if done:
            self.whole.add(reqId)

    def historicalSchedule(
        self, reqId: int, startDateTime: str, endDateTime: str, timeZone: str, sessions: list[Any]
    ) -> None:
        self._whole(reqId, [row(s.startDateTime, s.endDateTime, s.refDate) for s in sessions])

    # -- news, scanners, display groups

    def newsProviders(self, newsProviders: list[Any]) -> None:
        self._whole("news_providers", [row(p.code, p.name) for p in newsProviders])

    def newsArticle(self, requestId: int, articleType: int, articleText: str) -> None:
        self._whole(requestId, [row(articleType, articleText)])

    def historicalNews(self, requestId: int, time: str, *rest: str) -> None:
        self.heard[requestId].append(row(time[:19], *rest))

    def historicalNewsEnd(self, requestId: int, hasMore: bool) -> None:
        self.whole.add(requestId)

    def updateNewsBulletin(self, *bulletin: Any) -> None:
        self.heard["bulletins"].append(row(*bulletin))

    def scannerParameters(self, xml: str) -> None:
        self._whole("scanner_parameters", [row(xml)])

    def scannerData(self, reqId: int, rank: int, contractDetails: Any, *rest: str) -> None:
        c = contractDetails.contract
        self.heard[reqId].append(row(rank, c.conId, c.symbol, c.secType, c.exchange, c.currency))

    def scannerDataEnd(self, reqId: int) -> None:
        self.whole.add(reqId)

    def displayGroupList(self, reqId: int, groups: str) -> None:
        self._whole(reqId, [row(groups)])

    def displayGroupUpdated(self, reqId: int, contractInfo: str) -> None:
        self.heard[reqId].append(row(contractInfo))
