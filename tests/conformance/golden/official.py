"""The official client as a player of scripts: 9.81 or 10.46, whichever this environment has."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from pytest_ibkr.session.session import Session
from pytest_ibkr.wire.messages.contract import Contract
from tests.conformance.golden.actors import (
    CLIENT_ID,
    NOT_CONNECTED,
    TIMEOUT_S,
    Ticket,
    Told,
    plain,
)


def _error_token(actor: OfficialActor, *rest: Any) -> str:
    """9.81: id, code, text. 10.46: id, time, code, text, reject reasons."""
    number, *told = rest
    code, text = (told[1], told[2]) if len(told) > 2 else (told[0], told[1])
    actor.codes.append((int(number), int(code), str(text)))
    return f"4:{code}"


# The message each callback of the official client stands for.
CALLBACKS: Final[dict[str, str | Callable[..., str]]] = {
    "managedAccounts": "15",
    "nextValidId": "9",
    "openOrder": lambda _actor, _id, _contract, _order, state: f"5:{state.status}",
    "orderStatus": lambda _actor, _id, status, *_rest: f"3:{status}",
    "openOrderEnd": "53",
    "execDetails": "11",
    "commissionReport": "59",
    "commissionAndFeesReport": "59",
    "error": _error_token,
    "contractDetails": "10",
    "contractDetailsEnd": "52",
    "tickReqParams": "81",
    "marketDataType": "58",
    "tickPrice": "1",
    "tickString": "46",
    "tickGeneric": "45",
    "tickSnapshotEnd": "57",
    "historicalDataEnd": "17",
    "accountSummary": "63",
    "accountSummaryEnd": "64",
    "updateAccountValue": "6",
    "updatePortfolio": "7",
    "updateAccountTime": "8",
    "accountDownloadEnd": "54",
    "connectionClosed": "close",
    "tickOptionComputation": "21",
    "position": "61",
    "positionEnd": "62",
    "securityDefinitionOptionParameter": "75",
    "securityDefinitionOptionParameterEnd": "76",
    "historicalData": "",  # a bar of 17, whose end is the token
    "historicalDataUpdate": "90",
}


def _ohlc(_request: int, bar: Any) -> Told:
    return (bar.date, bar.open, bar.high, bar.low, bar.close)


# What a callback tells, as ``actors.FIELDS`` has it of the wire.
TOLD: Final[dict[str, tuple[str, Callable[..., Told]]]] = {
    "managedAccounts": ("accounts", lambda accounts: (accounts,)),
    "nextValidId": ("next", lambda order_id: (order_id,)),
    "orderStatus": ("status", lambda *told: (*told[:4], told[9])),
    "execDetails": ("execution", lambda _id, _contract, done: (done.execId, done.time)),
    "tickPrice": ("price", lambda request, tick, price, _mask: (request, tick, price)),
    "tickOptionComputation": (
        "computation",
        lambda request, tick, _mask, *rest: (request, tick, *rest),
    ),
    "position": (
        "position",
        lambda _account, of, held, cost: (
            *(of.symbol, of.secType, of.exchange, of.multiplier, held, cost),
        ),
    ),
    "updateAccountValue": ("value", lambda *told: told[:3]),
    "accountSummary": (
        "summary",
        lambda request, _account, tag, value, _ccy: (request, tag, value),
    ),
    "updateAccountTime": ("clock", lambda clock: (clock,)),
    "historicalData": ("bar", _ohlc),
    "historicalDataUpdate": ("update", _ohlc),
    "securityDefinitionOptionParameter": ("chain", lambda *told: (told[1], told[3])),
    "openOrder": (
        "echo",
        lambda order_id, of, order, state: (
            *(order_id, of.right, order.ocaGroup, order.displaySize),
            *(order.deltaNeutralOrderType, state.initMarginBefore),
        ),
    ),
    **dict.fromkeys(
        ("commissionReport", "commissionAndFeesReport"),
        (
            "commission",
            lambda paid: (
                paid.execId,
                getattr(paid, "commission", getattr(paid, "commissionAndFees", None)),
                paid.realizedPNL,
            ),
        ),
    ),
}


class OfficialActor:
    """The official client of this environment, 9.81 or 10.x, its reader thread and its loop."""

    def __init__(self, met: Session, version: int) -> None:
        from ibapi.client import EClient
        from ibapi.wrapper import EWrapper

        self.version, self.heard, self.codes = version, list[str](), list[tuple[int, int, str]]()
        self.connection_time = ""
        self._told: list[tuple[str, Told]] = []
        self._session = met
        self._times = threading.Semaphore(0)
        noted = {name: self._noting(name, token) for name, token in CALLBACKS.items()}
        noted["currentTime"] = lambda _self, _time: self._times.release()
        noted["connectionClosed"] = lambda _self: (
            self.heard.append("close"),
            self._times.release(),
        )
        wrapper = type("Noting", (EWrapper,), noted)()
        self._client = EClient(wrapper)
        self._loop: threading.Thread | None = None

    def _noting(self, name: str, token: str | Callable[..., str]) -> Callable[..., None]:
        what, values_of = TOLD.get(name, ("", None))

        def note(_self: object, *values: Any, **named: Any) -> None:
            told = (*values, *named.values())
            said = token if isinstance(token, str) else token(self, *told)
            if said not in ("", NOT_CONNECTED):
                self.heard.append(said)
            if values_of is not None:
                self._told.append((what, tuple(map(plain, values_of(*told)))))

        return note

    def connect(self, client_id: int = CLIENT_ID) -> None:
        """Open the session and start the client's loop."""
        self._client.connect(self._session.host, self._session.port, client_id)
        time = self._client.twsConnectionTime() or b""
        self.connection_time = time.decode("utf-8", "replace") if isinstance(time, bytes) else time
        self._loop = threading.Thread(target=self._client.run, daemon=True)
        self._loop.start()

    def place(self, order_id: int, ticket: Ticket) -> None:
        """``placeOrder``."""
        from ibapi.order import Order

        made = Order()
        made.action, made.orderType, made.tif = ticket.action, ticket.type, ticket.tif
        made.totalQuantity = Decimal(ticket.quantity)
        made.transmit, made.parentId = ticket.transmit, ticket.parent
        made.eTradeOnly = made.firmQuoteOnly = False  # 9.81 still asks for them by default
        if ticket.limit is not None:
            made.lmtPrice = ticket.limit
        if ticket.stop is not None:
            made.auxPrice = ticket.stop
        for name, value in ticket.changes:
            assert hasattr(made, name), name
            setattr(made, name, value)
        self._client.placeOrder(order_id, self._contract(ticket.con_id), made)

    def cancel(self, order_id: int) -> None:
        """``cancelOrder``; 10.x takes an object of details."""
        try:
            from ibapi.order_cancel import OrderCancel
        except ImportError:
            self._client.cancelOrder(order_id)
        else:
            self._client.cancelOrder(order_id, OrderCancel())

    def open_orders(self) -> None:
        """``reqOpenOrders``."""
        self._client.reqOpenOrders()

    def details(self, request_id: int, asked: Contract) -> None:
        """``reqContractDetails``."""
        made = self._contract(asked.con_id)
        made.symbol, made.secType = asked.symbol, asked.sec_type
        made.exchange, made.currency = asked.exchange, asked.currency
        self._client.reqContractDetails(request_id, made)

    def quote(
        self, request_id: int, con_id: int, *, generic: str = "", snapshot: bool = False
    ) -> None:
        """``reqMktData``."""
        self._client.reqMktData(request_id, self._contract(con_id), generic, snapshot, False, [])

    def cancel_quote(self, request_id: int) -> None:
        """``cancelMktData``."""
        self._client.cancelMktData(request_id)

    def data_type(self, number: int) -> None:
        """``reqMarketDataType``."""
        self._client.reqMarketDataType(number)

    def bars(
        self, request_id: int, con_id: int, *, size: str, duration: str, live: bool = False
    ) -> None:
        """``reqHistoricalData``."""
        asked = (self._contract(con_id), "", duration, size, "TRADES", 1, 1, live, [])
        self._client.reqHistoricalData(request_id, *asked)

    def cancel_bars(self, request_id: int) -> None:
        """``cancelHistoricalData``."""
        self._client.cancelHistoricalData(request_id)

    def parameters(self, request_id: int, con_id: int, *, exchange: str) -> None:
        """``reqSecDefOptParams``."""
        self._client.reqSecDefOptParams(request_id, "SPY", exchange, "STK", con_id)

    def summary(self, request_id: int, tags: str = "NetLiquidation") -> None:
        """``reqAccountSummary``."""
        self._client.reqAccountSummary(request_id, "All", tags)

    def cancel_summary(self, request_id: int) -> None:
        """``cancelAccountSummary``."""
        self._client.cancelAccountSummary(request_id)

    def positions(self) -> None:
        """``reqPositions``."""
        self._client.reqPositions()

    def cancel_all(self) -> None:
        """``reqGlobalCancel``; 10.x takes an object of details."""
        try:
            from ibapi.order_cancel import OrderCancel
        except ImportError:
            self._client.reqGlobalCancel()
        else:
            self._client.reqGlobalCancel(OrderCancel())

    def told(self, what: str) -> list[Told]:
        """Values of every callback of a kind, in order."""
        return [values for kind, values in self._told if kind == what]

    def account_updates(self) -> None:
        """``reqAccountUpdates``."""
        self._client.reqAccountUpdates(True, "")

    def next_ids(self) -> None:
        """``reqIds``."""
        self._client.reqIds(1)

    def round_trip(self) -> None:
        """Wait until the answer to a question asked now was handled, or the connection ended."""
        self._client.reqCurrentTime()
        assert self._times.acquire(timeout=TIMEOUT_S), f"no answer; heard {self.heard[-20:]}"

    def close(self) -> None:
        """``disconnect``."""
        self._client.disconnect()
        if self._loop is not None:
            self._loop.join(TIMEOUT_S)

    @staticmethod
    def _contract(con_id: int) -> Any:
        from ibapi.contract import Contract as OfficialContract

        made = OfficialContract()
        made.conId, made.exchange, made.currency = con_id, "SMART", "USD"
        return made
