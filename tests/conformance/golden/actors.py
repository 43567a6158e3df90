"""Who plays a script: a bare socket, or the official client; both note what they hear as tokens.

A token is the message id; of an order's echo and status ``id:status``, of message 4 ``4:code``.
"""

from __future__ import annotations

import contextlib
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
INT_MAX: Final = 2147483647
DBL_MAX: Final = 1.7976931348623157e308
Told = tuple[Any, ...]
# What is told: the message, and where its values are among the fields.
FIELDS: Final[dict[str, tuple[str, tuple[int, ...]]]] = {
    "next": ("9", (2,)),  # order id
    "status": ("3", (1, 2, 3, 4, 10)),  # order, status, filled, remaining, why held
    "execution": ("11", (14, 15)),  # id, time
    "commission": ("59", (2, 3, 5)),  # execution, amount, realised profit
    "price": ("1", (2, 3, 4)),  # request, tick, price
    # request, tick, volatility, delta, price, dividend, gamma, vega, theta, underlying's price
    "computation": ("21", (1, 2, 4, 5, 6, 7, 8, 9, 10, 11)),
    # symbol, type, exchange, multiplier, quantity, average cost
    "position": ("61", (4, 5, 10, 9, 14, 15)),
    "value": ("6", (2, 3, 4)),  # key, value, currency
    "summary": ("63", (2, 4, 5)),  # request, tag, value
    "clock": ("8", (2,)),
    "update": ("90", (3, 4, 6, 7, 5)),  # date, open, high, low, close
    "chain": ("75", (2, 4)),  # exchange, trading class
    "accounts": ("15", (2,)),
    # order, right, OCA group, and what stands for nothing
    "echo": ("5", (1, 7, 19, 48, 61, 94)),
}
_SHIFTED: Final = 34  # one field more before these until 177: the advisor's profile
_BAR: Final = 8
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
    connection_time: str

    def told(self, what: str) -> list[Told]: ...
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
    def bars(
        self, request_id: int, con_id: int, *, size: str, duration: str, live: bool = False
    ) -> None: ...
    def cancel_bars(self, request_id: int) -> None: ...
    def parameters(self, request_id: int, con_id: int, *, exchange: str) -> None: ...
    def summary(self, request_id: int, tags: str = "NetLiquidation") -> None: ...
    def cancel_summary(self, request_id: int) -> None: ...
    def positions(self) -> None: ...
    def cancel_all(self) -> None: ...
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
        self.frames: list[list[str]] = []
        self.connection_time = ""
        self._session = met
        self._socket: RawClient | None = None

    def connect(self, client_id: int = CLIENT_ID) -> None:
        """Open the session and read until the time is told."""
        self._socket = RawClient(self._session.host, self._session.port)
        self.connection_time = self._socket.greet(self.version, self.version)[1]
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

    def bars(
        self, request_id: int, con_id: int, *, size: str, duration: str, live: bool = False
    ) -> None:
        """OUT 20."""
        self._send(
            history.ReqHistoricalData(
                request_id=request_id,
                contract=exchanged(con_id),
                bar_size=size,
                duration=duration,
                use_rth=True,
                what_to_show="TRADES",
                keep_up_to_date=live,
            )
        )

    def cancel_bars(self, request_id: int) -> None:
        """OUT 25."""
        self._send(history.CancelHistoricalData(request_id=request_id))

    def parameters(self, request_id: int, con_id: int, *, exchange: str) -> None:
        """OUT 78, of SPY."""
        self._send(
            contract.ReqOptionParameters(
                request_id=request_id,
                symbol="SPY",
                fut_fop_exchange=exchange,
                sec_type="STK",
                con_id=con_id,
            )
        )

    def summary(self, request_id: int, tags: str = "NetLiquidation") -> None:
        """OUT 62."""
        self._send(account.ReqAccountSummary(request_id=request_id, group="All", tags=tags))

    def cancel_summary(self, request_id: int) -> None:
        """OUT 63."""
        self._send(account.CancelAccountSummary(request_id=request_id))

    def positions(self) -> None:
        """OUT 61."""
        self._send(account.ReqPositions())

    def cancel_all(self) -> None:
        """OUT 58."""
        self._send(order.ReqGlobalCancel())

    def account_updates(self) -> None:
        """OUT 6."""
        self._send(account.ReqAccountUpdates(subscribe=True, account=""))

    def next_ids(self) -> None:
        """OUT 8."""
        self._send(session.ReqIds())

    def round_trip(self) -> None:
        """Read what came, to the answer to a question asked now or the end of the stream."""
        assert self._socket is not None
        with contextlib.suppress(ConnectionError):  # closed already: what came is still there
            self._send(session.ReqCurrentTime())
        try:
            while (fields := self._socket.fields())[0] != "49":
                self.frames.append(fields)
                self.heard.append(self._token(fields))
        except (EOFError, ConnectionError):
            self.heard.append("close")

    def told(self, what: str) -> list[Told]:
        """Values of every message of a kind, in order; see ``FIELDS``, and ``bar`` for 17."""
        if what == "bar":
            return [
                bar for fields in self.frames if fields[0] == "17" for bar in self._bars(fields)
            ]
        message, places = FIELDS[what]
        if message == "5" and self.version < 177:
            places = tuple(place + (place >= _SHIFTED) for place in places)
        found = [fields for fields in self.frames if fields[0] == message]
        return [tuple(plain(fields[place]) for place in places) for fields in found]

    def _bars(self, fields: list[str]) -> list[Told]:
        at = 5 if self.version < 196 else 3  # the window left for a message of its own
        rows = [fields[start : start + _BAR] for start in range(at, len(fields), _BAR)]
        return [(row[0], *map(plain, row[1:])) for row in rows]

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


def plain(value: Any) -> Any:
    """A value as a number where it can be one."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value if value is None else str(value)


def _money(dollars: float | None) -> Decimal | None:
    return None if dollars is None else Decimal(str(dollars))
