"""The official client's own encoder and decoder as a yardstick, without a socket.

Works with ibapi 9.81 and 10.46, whichever is installed.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import ibapi
from ibapi import order_condition
from ibapi.client import EClient
from ibapi.contract import ComboLeg, Contract, DeltaNeutralContract
from ibapi.decoder import Decoder
from ibapi.execution import ExecutionFilter
from ibapi.order import Order, OrderComboLeg
from ibapi.scanner import ScannerSubscription
from ibapi.softdollartier import SoftDollarTier
from ibapi.tag_value import TagValue
from ibapi.wrapper import EWrapper

from pytest_ibkr.wire.versions import NEWEST, OLDEST
from tests.conformance.wire_official.reading import Call

NEW = ibapi.get_version_string().startswith("10.")
# Every version both sides know. From 201 on 10.46 speaks another framing; 9.81 ends at 157.
VERSIONS = tuple(range(OLDEST, min(NEWEST, 200) + 1)) if NEW else tuple(range(OLDEST, 158))
NAME = "ibapi-10.46" if NEW else "ibapi-9.81"
CLIENT_ID = 7
MAKERS: dict[str, Callable[[], Any]] = {
    "contract": Contract,
    "order": Order,
    "execFilter": ExecutionFilter,
    "subscription": ScannerSubscription,
    "comboLegs": ComboLeg,
    "orderComboLegs": OrderComboLeg,
    "deltaNeutralContract": DeltaNeutralContract,
    "softDollarTier": lambda: SoftDollarTier("", "", ""),
    "tagValue": lambda: TagValue("", ""),
}
if NEW:
    from ibapi.common import WshEventData
    from ibapi.order_cancel import OrderCancel

    MAKERS |= {"orderCancel": OrderCancel, "wshEventData": WshEventData}


def condition(kind: int) -> Any:
    """An empty order condition of a type."""
    return order_condition.Create(kind)


def _recording(name: str, method: Callable[..., Any]) -> Callable[..., None]:
    names = [p for p in inspect.signature(method).parameters if p != "self"]

    def record(self: Any, *args: Any) -> None:
        self.calls.append(Call(name, dict(zip(names, args, strict=False))))

    return record


CALLBACKS = {
    name: method
    for name, method in inspect.getmembers(EWrapper, inspect.isfunction)
    if name[0] != "_" and not name.endswith("ProtoBuf") and name != "logAnswer"
}
Recorder = type(
    "Recorder", (EWrapper,), {name: _recording(name, method) for name, method in CALLBACKS.items()}
)


class Fields(tuple[bytes, ...]):
    """Split fields that remember how far the client's decoder read."""

    reading: Iterator[bytes]

    def __iter__(self) -> Iterator[bytes]:
        self.reading = super().__iter__()
        return self.reading


class Complaints(logging.Handler):
    """Collects what a client's modules log at warning level or above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record.getMessage())


@cache
def _decoder(version: int) -> tuple[Any, Any]:
    wrapper = Recorder()
    return wrapper, Decoder(wrapper, version)


def callbacks(payload: bytes, version: int) -> list[Call]:
    """What the official decoder calls for a payload; it must read every field, silently."""
    wrapper, decoder = _decoder(version)
    wrapper.calls = []
    head, _, body = payload.partition(b"\0")
    fields = Fields((body if NEW else payload).split(b"\0")[:-1])
    complaints = Complaints()
    logger = logging.getLogger("ibapi")
    logger.addHandler(complaints)
    try:
        if NEW:
            decoder.interpret(fields, int(head))
        else:
            decoder.interpret(fields)
    finally:
        logger.removeHandler(complaints)
    assert complaints.seen == []
    if hasattr(fields, "reading"):
        left = list(fields.reading)
        assert left == [], f"at {version} the official decoder left unread: {left} of {payload!r}"
    calls: list[Call] = wrapper.calls
    return calls


class _Wire:
    """Stands in for the client's socket object: keeps what would be sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def isConnected(self) -> bool:  # noqa: N802  (the client's name)
        return True

    def sendMsg(self, message: bytes) -> None:  # noqa: N802
        self.sent.append(message)


@cache
def _client(version: int) -> tuple[Any, _Wire]:
    wrapper = Recorder()
    client, wire = EClient(wrapper), _Wire()
    client.conn, client.connState = wire, EClient.CONNECTED
    client.serverVersion_, client.clientId = version, CLIENT_ID
    client.extraAuth = True  # the verification messages ask for it
    return client, wire


def connected(version: int) -> tuple[Any, _Wire]:
    """A client that believes to be connected, with nothing heard or said yet."""
    client, wire = _client(version)
    client.wrapper.calls, wire.sent = [], []
    return client, wire


def parameters(method: str) -> list[str] | None:
    """The parameter names of a request method; None when the client has none of the name."""
    found = getattr(EClient, method, None)
    if found is None:
        return None
    return [name for name in inspect.signature(found).parameters if name != "self"]


def asked(version: int, method: str, args: dict[str, Any]) -> bytes:
    """The one payload the official client sends for a call."""
    client, wire = connected(version)
    getattr(client, method)(**args)
    assert client.wrapper.calls == [], f"{method} at {version}: {client.wrapper.calls}"
    [message] = wire.sent
    assert int.from_bytes(message[:4], "big") == len(message) - 4
    return message[4:]


# Declared messages this client neither reads nor sends, with the reason.
UNHEARD: dict[int, str] = {}
UNASKED: dict[int, str] = {}
if not NEW:
    UNHEARD |= dict.fromkeys((104, 105, 106, 107, 108, 109), "younger than 9.81 (157)")
    UNASKED |= dict.fromkeys((100, 101, 102, 103, 104, 105), "younger than 9.81 (157)")
UNASKED[71] = "startApi has no arguments: test_client_rules.py"
# Fields the client reads and forgets, with the reason.
DROPPED: dict[int, dict[str, str]] = {}
# Texts whose escapes of non-ASCII characters the client leaves in.
ESCAPED: dict[int, tuple[str, ...]] = {18: ("long_name",)}
# Versions at which the client reads another layout than the gateway writes.
MISREAD: dict[int, dict[int, str]] = {}
# Where this client alone keeps a field.
PLACES: dict[int, dict[str, str]] = {}
# What the client itself sends, whatever it is asked.
FIXED: dict[int, dict[str, Any]] = {}
OLD_ORDER_BOUND = {"perm_id": "reqId", "client_id": "apiClientId", "order_id": "apiOrderId"}
if not NEW:
    UNHEARD[18] = "raises ValueError: it reads the coupon, a double, as an int"
    PLACES[100] = OLD_ORDER_BOUND
    FIXED[54] = FIXED[55] = {"option_count": 0}
if NEW:
    _gone = dict.fromkeys(
        ("e_trade_only", "firm_quote_only", "nbbo_price_cap", "fa_profile"),
        "read and dropped: the attribute is gone",
    )
    DROPPED |= {5: _gone, 101: _gone, 10: {"size_multiplier": "read and dropped"}}
    DROPPED[18] = DROPPED[10]
    FIXED[3] = {"fa_profile": "", "e_trade_only": False, "firm_quote_only": False}
    FIXED[3] |= {"nbbo_price_cap": None, "rfq_text": "", "rfq_number": None}
    FIXED[54] = FIXED[55] = {"option_count": None}
    FIXED[4] = {"rfq_text": "", "rfq_id": "", "rfq_number": None}
