"""The official client's requests for the families beside the main job, 9.81 and 10.46."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

from ibapi.scanner import ScannerSubscription

from tests.conformance.peers.families import (
    MARGINS,
    SCHEDULES,
    USER_INFO,
    Row,
    Stream,
    row,
)
from tests.conformance.peers.model import Asked, Ticket
from tests.conformance.peers.official_writing import contract, order

if TYPE_CHECKING:
    from tests.conformance.peers.official import OfficialPeer

FROM = {"user_info": ("reqUserInfo", USER_INFO), "schedule": ("reqUserInfo", SCHEDULES)}
REJECTING = 1  # requestFA: groups


class OfficialFamilies:
    """Asks through a connected peer."""

    def __init__(self, peer: OfficialPeer) -> None:
        self._peer, self._app = peer, peer.app

    def cannot(self, name: str) -> str:
        """9.81 knows neither user information nor schedules, whatever the version."""
        method, first = FROM.get(name, ("connect", 0))
        if not hasattr(self._app, method):
            return f"ibapi 9.81 has no {name}"
        return f"{name} begins with version {first}" if self._peer.version() < first else ""

    # -- account

    def positions_multi(self, account: str) -> list[Row]:
        return self._ask(lambda i: self._app.reqPositionsMulti(i, account, ""))

    def pnl(self, account: str) -> Stream:
        app = self._app
        return self._open(lambda i: app.reqPnL(i, account, ""), app.cancelPnL)

    def pnl_single(self, account: str, con_id: int) -> Stream:
        app = self._app
        return self._open(lambda i: app.reqPnLSingle(i, account, "", con_id), app.cancelPnLSingle)

    def family_codes(self) -> list[Row]:
        return self._named("family_codes", self._app.reqFamilyCodes)

    def soft_dollar_tiers(self) -> list[Row]:
        return self._ask(self._app.reqSoftDollarTiers)

    def user_info(self) -> list[Row]:
        return self._ask(self._app.reqUserInfo)

    def ask_as_advisor(self) -> None:
        self._app.requestFA(REJECTING)

    # -- contracts

    def matching_symbols(self, pattern: str) -> list[Row]:
        return self._ask(lambda i: self._app.reqMatchingSymbols(i, pattern))

    def market_rule(self, rule_id: int) -> list[Row]:
        return self._named(("market_rule", rule_id), lambda: self._app.reqMarketRule(rule_id))

    def smart_components(self, key: str) -> list[Row]:
        return self._ask(lambda i: self._app.reqSmartComponents(i, key))

    def depth_exchanges(self) -> list[Row]:
        return self._named("depth_exchanges", self._app.reqMktDepthExchanges)

    # -- live data

    def depth(self, asked: Asked, rows: int) -> Stream:
        app, smart = self._app, asked.exchange == "SMART"
        return self._open(
            lambda i: app.reqMktDepth(i, contract(asked), rows, smart, []),
            lambda i: app.cancelMktDepth(i, smart),
        )

    def tick_by_tick(self, asked: Asked, kind: str) -> Stream:
        app = self._app
        return self._open(
            lambda i: app.reqTickByTickData(i, contract(asked), kind, 0, False),
            app.cancelTickByTickData,
        )

    def real_time_bars(self, asked: Asked) -> Stream:
        app = self._app
        return self._open(
            lambda i: app.reqRealTimeBars(i, contract(asked), 5, "TRADES", True, []),
            app.cancelRealTimeBars,
        )

    def implied_volatility(self, asked: Asked, price: float, under: float) -> list[Row]:
        wanted = (contract(asked), price, under, [])
        return self._ask(lambda i: self._app.calculateImpliedVolatility(i, *wanted))

    def option_price(self, asked: Asked, volatility: float, under: float) -> list[Row]:
        wanted = (contract(asked), volatility, under, [])
        return self._ask(lambda i: self._app.calculateOptionPrice(i, *wanted))

    # -- history

    def head_timestamp(self, asked: Asked) -> list[Row]:
        wanted = (contract(asked), "TRADES", 1, 2)
        return self._ask(lambda i: self._app.reqHeadTimeStamp(i, *wanted))

    def histogram(self, asked: Asked, period: str) -> list[Row]:
        return self._ask(lambda i: self._app.reqHistogramData(i, contract(asked), True, period))

    def past_ticks(self, asked: Asked, what: str, start: str, count: int) -> list[Row]:
        wanted = (contract(asked), start, "", count, what, 1, False, [])
        return self._ask(lambda i: self._app.reqHistoricalTicks(i, *wanted))

    def schedule(self, asked: Asked, days: int) -> list[Row]:
        wanted: tuple[Any, ...] = ("", f"{days} D", "1 day", "SCHEDULE", 1, 1, False, [])
        return self._ask(lambda i: self._app.reqHistoricalData(i, contract(asked), *wanted))

    # -- news, scanners, display groups

    def news_providers(self) -> list[Row]:
        return self._named("news_providers", self._app.reqNewsProviders)

    def article(self, provider: str, article_id: str) -> list[Row]:
        return self._ask(lambda i: self._app.reqNewsArticle(i, provider, article_id, []))

    def headlines(self, con_id: int, providers: str) -> list[Row]:
        wanted: tuple[Any, ...] = (con_id, providers, "", "", 10, [])
        return self._ask(lambda i: self._app.reqHistoricalNews(i, *wanted))

    def bulletins(self) -> Stream:
        app = self._app
        app.reqNewsBulletins(True)
        return Stream(app.cancelNewsBulletins, app.heard["bulletins"])

    def scanner_parameters(self) -> list[Row]:
        return self._named("scanner_parameters", self._app.reqScannerParameters)

    def scan(self, code: str) -> list[Row]:
        wanted = ScannerSubscription()
        wanted.instrument, wanted.locationCode, wanted.scanCode = "STK", "STK.US", code
        request_id = self._peer.request_id()
        rows = self._ask(
            lambda i: self._app.reqScannerSubscription(i, wanted, [], []), request_id=request_id
        )
        first = list(rows)
        self._app.cancelScannerSubscription(request_id)
        return first

    def display_groups(self) -> list[Row]:
        return self._ask(self._app.queryDisplayGroups)

    def group_events(self, group_id: int) -> Stream:
        app = self._app
        return self._open(
            lambda i: app.subscribeToGroupEvents(i, group_id), app.unsubscribeFromGroupEvents
        )

    # -- orders

    def what_if(self, asked: Asked, ticket: Ticket) -> list[Row]:
        app, order_id = self._app, self._peer.next_id()
        written = order(ticket)
        written.whatIf = True
        app.placeOrder(order_id, contract(asked), written)
        self._peer.until(lambda: order_id in app.previews, "the preview")
        state = app.previews[order_id]
        newer = hasattr(state, "commissionAndFees")
        paid = ("commissionAndFees", "minCommissionAndFees", "maxCommissionAndFees")
        names = paid if newer else ("commission", "minCommission", "maxCommission")
        currency = state.commissionAndFeesCurrency if newer else state.commissionCurrency
        figures = [float(getattr(state, name)) for name in (*MARGINS, *names)]
        return [row(*figures, currency)]

    def exercise(self, asked: Asked, account: str) -> None:
        app, newer = self._app, ("", "", False)
        rest = newer if hasattr(app, "reqUserInfo") else ()
        wanted = (contract(asked), 1, 1, account, 0)
        app.exerciseOptions(self._peer.request_id(), *wanted, *rest)

    def cancel_everything(self) -> None:
        try:
            from ibapi.order_cancel import OrderCancel
        except ImportError:  # 9.81
            self._app.reqGlobalCancel()
        else:
            self._app.reqGlobalCancel(OrderCancel())

    # -- asking

    def _ask(self, send: Callable[[int], Any], *, request_id: int | None = None) -> list[Row]:
        app, key = self._app, request_id or self._peer.request_id()
        send(key)
        self._peer.answered(key, lambda: key in app.whole)
        return app.heard[key]

    def _named(self, key: Hashable, send: Callable[[], Any]) -> list[Row]:
        app = self._app
        send()
        self._peer.until(lambda: key in app.whole, str(key))
        return app.heard[key]

    def _open(self, send: Callable[[int], Any], stop: Callable[[int], Any]) -> Stream:
        key = self._peer.request_id()
        stream = Stream(lambda: stop(key), self._app.heard[key])
        send(key)
        return stream
