"""Receives the official client's callbacks (reader thread) and hands them on.

A handler that raises is recorded and fails the request its first argument names, or the
one of its kind; the reader and the other requests go on. Signatures differ between ibapi
9.81 and 10.x in the error callback (3 to 5 arguments) and in the name of the commission
report.
"""

# ruff: noqa: N802, N803 - the library chose these names and calls by position

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ibapi.wrapper import EWrapper

from bot.broker.account import POSITIONS, position_row
from bot.broker.asking import CURRENT_TIME
from bot.broker.contracts import rule_kind
from bot.broker.convert import connection_zone, from_ib_bar, from_ib_details
from bot.broker.left_out import LeftOut
from bot.broker.market_data import Change, MarketDataService
from bot.broker.order_queries import COMPLETED_ORDERS, OPEN_ORDERS, OrderQueries
from bot.broker.router import ErrorRouter
from bot.broker.session import Session
from bot.broker.streams import StreamService
from bot.domain.contracts import OptionParameters, PriceIncrement
from bot.domain.numbers import to_decimal

# Rows without a request id: a row that cannot be read must not just be missing from the answer.
_KINDS = {
    "position": POSITIONS,
    "currentTime": CURRENT_TIME,
    "openOrder": OPEN_ORDERS,
    "completedOrder": COMPLETED_ORDERS,
}


def _contained(handler: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(handler)
    def call(self: ApiWrapper, *args: Any) -> None:
        try:
            handler(self, *args)
        except Exception as error:  # nothing may kill the reader
            first = args[0] if args and isinstance(args[0], int) else None
            kind = _KINDS.get(handler.__name__)
            self.session.callback_failed(
                handler.__name__, first if kind is None else kind, error=error
            )

    return call


def _contain_all(cls: type) -> type:
    for name, member in list(vars(cls).items()):
        if not name.startswith("_") and callable(member):
            setattr(cls, name, _contained(member))
    return cls


def split_error(args: tuple[Any, ...]) -> tuple[int, int, str]:
    """(id, code, text) from any generation's arguments.

    (id, code, text), (id, code, text, json), (id, time, code, text) and
    (id, time, code, text, json) occur.
    """
    request_id, second, third, *rest = args
    if isinstance(third, int):
        return int(request_id), third, str(rest[0])
    return int(request_id), int(second), str(third)


@_contain_all
class ApiWrapper(EWrapper):  # type: ignore[misc]
    """The callbacks this bot uses; the rest stay the library's no-ops."""

    def __init__(
        self,
        session: Session,
        router: ErrorRouter,
        market_data: MarketDataService,
        streams: StreamService,
        queries: OrderQueries,
    ) -> None:
        super().__init__()
        self.session, self._requests = session, session.requests
        self._router, self._queries = router, queries
        self._market_data, self._streams = market_data, streams
        self._left_out = LeftOut()

    # ------------------------------------------------------------ session

    def error(self, *args: Any) -> None:
        request_id, code, text = split_error(args)
        self._router.error(request_id, code, text=text)

    def nextValidId(self, orderId: int) -> None:
        self.session.next_valid_id(orderId)

    def managedAccounts(self, accountsList: str) -> None:
        self.session.managed_accounts(accountsList)

    def currentTime(self, time: int) -> None:
        self._requests.add_single(CURRENT_TIME, time)
        self._requests.finish_single(CURRENT_TIME)

    # ------------------------------------------------------------ account

    def accountSummary(self, *row: Any) -> None:
        self._requests.add(row[0], row[1:])

    def accountSummaryEnd(self, reqId: int) -> None:
        self._requests.finish(reqId)

    def position(self, account: str, contract: Any, position: Any, avgCost: Any) -> None:
        cost = self._left_out.told("avgCost", avgCost)
        self._requests.add_single(POSITIONS, position_row(account, contract, position, cost))

    def positionProtoBuf(self, positionProto: Any) -> None:
        self._left_out.note(positionProto, "avgCost")

    def positionEnd(self) -> None:
        self._requests.finish_single(POSITIONS)

    # ------------------------------------------------------------ contracts

    def contractDetails(self, reqId: int, contractDetails: Any) -> None:
        self._requests.add(reqId, from_ib_details(contractDetails))

    def contractDetailsEnd(self, reqId: int) -> None:
        self._requests.finish(reqId)

    def securityDefinitionOptionParameter(
        self,
        reqId: int,
        exchange: str,
        underlyingConId: int,
        tradingClass: str,
        multiplier: str,
        expirations: Any,
        strikes: Any,
    ) -> None:
        size = to_decimal(multiplier or None)
        known = {to_decimal(strike) for strike in strikes} - {None}
        row = OptionParameters(
            exchange=exchange,
            under_con_id=underlyingConId,
            trading_class=tradingClass,
            multiplier=None if size is None else int(size),
            expirations=tuple(sorted(expirations)),
            strikes=tuple(sorted(strike for strike in known if strike is not None)),
        )
        self._requests.add(reqId, row)

    def securityDefinitionOptionParameterEnd(self, reqId: int) -> None:
        self._requests.finish(reqId)

    def marketRule(self, marketRuleId: int, priceIncrements: Any) -> None:
        kind = rule_kind(marketRuleId)
        for row in priceIncrements:
            low, step = to_decimal(row.lowEdge), to_decimal(row.increment)
            if low is not None and step is not None:
                self._requests.add_single(kind, PriceIncrement(low, step))
        self._requests.finish_single(kind)

    # ------------------------------------------------------------ market data

    def tickPrice(self, reqId: int, tickType: int, price: float, attrib: Any) -> None:
        at = self._now()
        self._tick(reqId, lambda builder: builder.price(tickType, price, at=at))

    def tickSize(self, reqId: int, tickType: int, size: Any) -> None:
        at = self._now()
        self._tick(reqId, lambda builder: builder.size(tickType, size, at=at))

    def tickString(self, reqId: int, tickType: int, value: str) -> None:
        at = self._now()
        self._tick(reqId, lambda builder: builder.text(tickType, value, at=at))

    def tickOptionComputation(self, reqId: int, tickType: int, *values: Any) -> None:
        at, numbers = self._now(), values[-8:]  # an attribute comes first from version 156
        self._tick(reqId, lambda builder: builder.computation(tickType, numbers, at=at))

    def marketDataType(self, reqId: int, marketDataType: int) -> None:
        def announce(builder: Any) -> bool:
            builder.market_data_type = marketDataType
            return False

        self._tick(reqId, announce)

    def tickSnapshotEnd(self, reqId: int) -> None:
        self._requests.finish(reqId)

    def tickGeneric(self, reqId: int, tickType: int, value: float) -> None:
        """Halts and the like are not part of a quote."""

    def tickReqParams(self, tickerId: int, *params: Any) -> None:
        """Not part of a quote."""

    # ------------------------------------------------------------ history

    def historicalData(self, reqId: int, bar: Any) -> None:
        zone = connection_zone(self.session.connection_time)
        self._requests.add(reqId, from_ib_bar(bar, local_zone=zone))

    def historicalDataEnd(self, reqId: int, start: str, end: str) -> None:
        self._requests.finish(reqId)

    # ------------------------------------------------------------ orders

    def openOrder(self, orderId: int, contract: Any, order: Any, orderState: Any) -> None:
        self._queries.open_order(orderId, contract, order=order, state=orderState)

    def orderStatus(self, orderId: int, status: str, filled: Any, *rest: Any) -> None:
        remaining, average, perm_id, _parent, _last, client_id, why_held = rest[:7]
        self._queries.book.status(
            orderId,
            status,
            filled=filled,
            remaining=remaining,
            average=average,
            perm_id=perm_id,
            client_id=client_id,
            why_held=why_held,
        )

    def openOrderEnd(self) -> None:
        self._requests.finish_single(OPEN_ORDERS)

    def execDetails(self, reqId: int, contract: Any, execution: Any) -> None:
        execution.price = self._left_out.told("price", execution.price)
        self._queries.execution(reqId, contract, execution=execution)

    def executionDetailsProtoBuf(self, executionDetailsProto: Any) -> None:
        self._left_out.note(executionDetailsProto.execution, "price")

    def execDetailsEnd(self, reqId: int) -> None:
        self._requests.finish(reqId)

    def commissionReport(self, commissionReport: Any) -> None:
        self._queries.commission(commissionReport)

    def commissionAndFeesReport(self, commissionAndFeesReport: Any) -> None:
        told, report = self._left_out.told, commissionAndFeesReport
        report.commissionAndFees = told("commissionAndFees", report.commissionAndFees)
        report.realizedPNL = told("realizedPNL", report.realizedPNL)
        self._queries.commission(report)

    def commissionAndFeesReportProtoBuf(self, commissionAndFeesReportProto: Any) -> None:
        self._left_out.note(commissionAndFeesReportProto, "commissionAndFees", "realizedPNL")

    def completedOrder(self, contract: Any, order: Any, orderState: Any) -> None:
        self._queries.completed_order(contract, order=order, state=orderState)

    def completedOrdersEnd(self) -> None:
        self._requests.finish_single(COMPLETED_ORDERS)

    # ------------------------------------------------------------ inside

    def _now(self) -> datetime:
        return self.session.clock.now()

    def _tick(self, request_id: int, change: Change) -> None:
        if not self._market_data.update(request_id, change):
            self._streams.update(request_id, change)
