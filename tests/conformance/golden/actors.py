"""Who plays a script: a bare socket, or the official client; both note what they hear as tokens.

A token is the message id; of an order's echo and status ``id:status``, of message 4 ``4:code``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final, Protocol

from pytest_ibkr.session.session import Session
from pytest_ibkr.wire.codec import encode_frame
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages import account, contract, history, market_data, order, session
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from tests.conformance.raw import RawClient

CLIENT_ID: Final = 7001
TIMEOUT_S: Final = 10.0
STATUSES: Final = frozenset(
    {"ApiPending", "PendingSubmit", "PreSubmitted", "Submitted", "PendingCancel", "Cancelled"}
    | {"ApiCancelled", "Filled", "Inactive"}
)
NOT_CONNECTED: Final = "4:504"  # the official client says so to itself
NOTICES: Final = frozenset({"4:2104", "4:2106", "4:2107", "4:2108", "4:2158"})


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order as a script writes it; prices in dollars."""

    action: str = "BUY"
    quantity: int = 10
    type: str = "LMT"
    limit: float | None = None
    stop: float | None = None
    tif: str = "DAY"
    transmit: bool = True
    parent: int = 0
    con_id: int = 756733
    changes: tuple[tuple[str, Any], ...] = ()  # official attribute names

    def but(self, **changes: Any) -> Ticket:
        """A copy with other values."""
        return replace(self, **changes)


class Actor(Protocol):
    """One connection. ``heard`` grows; ``news`` returns what came since it was last asked."""

    heard: list[str]
    codes: list[tuple[int, int, str]]  # of every message 4: id, code, text

    def connect(self, client_id: int = CLIENT_ID) -> None: ...
    def place(self, order_id: int, ticket: Ticket) -> None: ...
    def cancel(self, order_id: int) -> None: ...
    def open_orders(self) -> None: ...
    def details(self, request_id: int, asked: Contract) -> None: ...
    def quote(
        self, request_id: int, con_id: int, *, generic: str = "", snapshot: bool = False
    ) -> None: ...
    def cancel_quote(self, request_id: int) -> None: ...
    def data_type(self, number: int) -> None: ...
    def bars(self, request_id: int, con_id: int, *, size: str, duration: str) -> None: ...
    def summary(self, request_id: int) -> None: ...
    def account_updates(self) -> None: ...
    def next_ids(self) -> None: ...
    def round_trip(self) -> None: ...
    def close(self) -> None: ...


def exchanged(con_id: int) -> Contract:
    """A contract by its id, on SMART."""
    return Contract(con_id=con_id, exchange="SMART", currency="USD")


class RawActor:
    """Frames on a socket; looks at nothing but ids, statuses and codes of the fields."""

    def __init__(self, met: Session, version: int) -> None:
        self.version, self.heard, self.codes = version, list[str](), list[tuple[int, int, str]]()
        self._session, self._socket = met, None

    def connect(self, client_id: int = CLIENT_ID) -> None:
        """Open the session and read until the time is told."""
        self._socket = RawClient(self._session.host, self._session.port)
        self._socket.greet(self.version, self.version)
        self._send(session.StartApi(client_id=client_id))

    def place(self, order_id: int, ticket: Ticket) -> None:
        """OUT 3."""
        names = {"outsideRth": "outside_rth", "ocaGroup": "oca_group", "whatIf": "what_if"}
        self._send(
            PlaceOrder(
                order_id=order_id,
                contract=exchanged(ticket.con_id),
                action=ticket.action,
                quantity=Decimal(ticket.quantity),
                order_type=ticket.type,
                limit_price=_money(ticket.limit),
                aux_price=_money(ticket.stop),
                tif=ticket.tif,
                transmit=ticket.transmit,
                parent_id=ticket.parent,
                **{names[name]: value for name, value in ticket.changes},
            )
        )

    def cancel(self, order_id: int) -> None:
        """OUT 4."""
        self._send(order.CancelOrder(order_id=order_id))

    def open_orders(self) -> None:
        """OUT 5."""
        self._send(order.ReqOpenOrders())

    def details(self, request_id: int, asked: Contract) -> None:
        """OUT 9."""
        self._send(contract.ReqContractDetails(request_id=request_id, contract=asked))

    def quote(
        self, request_id: int, con_id: int, *, generic: str = "", snapshot: bool = False
    ) -> None:
        """OUT 1."""
        self._send(
            market_data.ReqMarketData(
                request_id=request_id,
                contract=exchanged(con_id),
                generic_ticks=generic,
                snapshot=snapshot,
            )
        )

    def cancel_quote(self, request_id: int) -> None:
        """OUT 2."""
        self._send(market_data.CancelMarketData(request_id=request_id))

    def data_type(self, number: int) -> None:
        """OUT 59."""
        self._send(market_data.ReqMarketDataType(data_type=number))

    def bars(self, request_id: int, con_id: int, *, size: str, duration: str) -> None:
        """OUT 20."""
        self._send(
            history.ReqHistoricalData(
                request_id=request_id,
                contract=exchanged(con_id),
                bar_size=size,
                duration=duration,
                use_rth=True,
                what_to_show="TRADES",
            )
        )

    def summary(self, request_id: int) -> None:
        """OUT 62."""
        self._send(
            account.ReqAccountSummary(request_id=request_id, group="All", tags="NetLiquidation")
        )

    def account_updates(self) -> None:
        """OUT 6."""
        self._send(account.ReqAccountUpdates(subscribe=True, account=""))

    def next_ids(self) -> None:
        """OUT 8."""
        self._send(session.ReqIds())

    def round_trip(self) -> None:
        """Read what came, to the answer to a question asked now or the end of the stream."""
        assert self._socket is not None
        try:
            self._send(session.ReqCurrentTime())
            while (fields := self._socket.fields())[0] != "49":
                self.heard.append(self._token(fields))
        except (EOFError, ConnectionError):
            self.heard.append("close")

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()

    def _send(self, message: Message) -> None:
        assert self._socket is not None
        self._socket.send(encode_frame(message, self.version))

    def _token(self, fields: list[str]) -> str:
        if fields[0] == "5":
            return f"5:{next(field for field in fields if field in STATUSES)}"
        if fields[0] == "3":
            return f"3:{fields[2]}"
        if fields[0] == "4":
            at = 2 if self.version < 194 else 1
            self.codes.append((int(fields[at]), int(fields[at + 1]), fields[at + 2]))
            return f"4:{fields[at + 1]}"
        return fields[0]


def _money(dollars: float | None) -> Decimal | None:
    return None if dollars is None else Decimal(str(dollars))


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
}


class OfficialActor:
    """The official client of this environment, 9.81 or 10.x, its reader thread and its loop."""

    def __init__(self, met: Session, version: int) -> None:
        from ibapi.client import EClient
        from ibapi.wrapper import EWrapper

        self.version, self.heard, self.codes = version, list[str](), list[tuple[int, int, str]]()
        self._session = met
        self._times = threading.Semaphore(0)
        noted = {name: self._noting(token) for name, token in CALLBACKS.items()}
        noted["currentTime"] = lambda _self, _time: self._times.release()
        noted["connectionClosed"] = lambda _self: (
            self.heard.append("close"),
            self._times.release(),
        )
        wrapper = type("Noting", (EWrapper,), noted)()
        self._client = EClient(wrapper)
        self._loop: threading.Thread | None = None

    def _noting(self, token: str | Callable[..., str]) -> Callable[..., None]:
        def note(_self: object, *values: Any, **named: Any) -> None:
            told = (*values, *named.values())
            said = token if isinstance(token, str) else token(self, *told)
            if said != NOT_CONNECTED:
                self.heard.append(said)

        return note

    def connect(self, client_id: int = CLIENT_ID) -> None:
        """Open the session and start the client's loop."""
        self._client.connect(self._session.host, self._session.port, client_id)
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

    def bars(self, request_id: int, con_id: int, *, size: str, duration: str) -> None:
        """``reqHistoricalData``."""
        asked = (self._contract(con_id), "", duration, size, "TRADES", 1, 1, False, [])
        self._client.reqHistoricalData(request_id, *asked)

    def summary(self, request_id: int) -> None:
        """``reqAccountSummary``."""
        self._client.reqAccountSummary(request_id, "All", "NetLiquidation")

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
