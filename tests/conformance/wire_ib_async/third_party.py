"""ib_async's own encoder and decoder as a yardstick, without a socket or an event loop."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from datetime import UTC
from functools import cache
from types import SimpleNamespace
from typing import Any

from ib_async import (
    ComboLeg,
    Contract,
    DeltaNeutralContract,
    ExecutionFilter,
    Order,
    ScannerSubscription,
    WshEventData,
)
from ib_async.client import Client
from ib_async.decoder import Decoder
from ib_async.objects import SoftDollarTier
from ib_async.order import OrderComboLeg, OrderCondition
from ib_async.wrapper import Wrapper

from tests.conformance.wire_official import official
from tests.conformance.wire_official.reading import Call

NAME = "ib_async"
VERSIONS = tuple(range(Client.MinClientVersion, Client.MaxClientVersion + 1))
CLIENT_ID = 7
MAKERS: dict[str, Callable[[], Any]] = {
    "contract": Contract,
    "order": Order,
    "execFilter": ExecutionFilter,
    "subscription": ScannerSubscription,
    "comboLegs": ComboLeg,
    "orderComboLegs": OrderComboLeg,
    "deltaNeutralContract": DeltaNeutralContract,
    "softDollarTier": SoftDollarTier,
    "tagValue": lambda: SimpleNamespace(tag="", value=""),
    "data": WshEventData,
}
# Requests younger than its newest version, and answers to them.
UNHEARD = {
    66: "raises ValueError: it reads the text true as an int",
    70: "raises ValueError: it reads the text true as an int",
    18: "raises ValueError: it reads the coupon, a double, as an int",
    **dict.fromkeys((108, 109), "younger than 178"),
}
UNASKED = dict.fromkeys((105,), "younger than 178") | {
    71: "startApi has no arguments: test_client_rules.py"
}
DROPPED: dict[int, dict[str, str]] = {
    1: {"mask": "read and dropped"},
    10: {"size_multiplier": "read and dropped"},
}
PLACES = {100: official.OLD_ORDER_BOUND}
ESCAPED = {4: ("text", "reject_json")}
FIXED: dict[int, dict[str, Any]] = {
    # Volatility is deleted from every order that is not VOL. An infinite offset is misspelled:
    # test_client_rules.py.
    3: {"volatility": None, "compete_offset": None},
    54: {"option_count": 0},
    55: {"option_count": 0},
}
# Versions at which the client reads another layout than the gateway writes.
MISREAD = {5: {158: "expects the duration from 159 on; it comes at 158 (official client)"}}


def condition(kind: int) -> Any:
    """An empty order condition of a type."""
    return OrderCondition.createClass(kind)()


class Recorder:
    """A wrapper that keeps what the decoder calls; names of parameters as far as known."""

    defaultTimezone = UTC  # noqa: N815  (the client's name)
    ib = SimpleNamespace(TimezoneTWS="UTC")

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        def record(*args: Any) -> None:
            self.calls.append(Call(name, dict(zip(_names(name, len(args)), args, strict=True))))

        return record


@cache
def _names(callback: str, count: int) -> list[str]:
    """Parameters as the official wrapper of the same arity names them, else as ib_async does."""
    for method in (official.CALLBACKS.get(callback), getattr(Wrapper, callback, None)):
        if method is not None:
            names = [name for name in inspect.signature(method).parameters if name != "self"]
            if len(names) == count:
                return names
    raise AssertionError(f"{callback} is called with {count} arguments nobody names")


@cache
def _decoder(version: int) -> tuple[Recorder, Any]:
    recorder = Recorder()
    return recorder, Decoder(recorder, version)


def decoder(version: int) -> Any:
    """The decoder itself, for its table of handlers."""
    return _decoder(version)[1]


def callbacks(payload: bytes, version: int) -> list[Call]:
    """What ib_async's decoder calls for a payload, silently."""
    recorder, decoder = _decoder(version)
    recorder.calls = []
    complaints = official.Complaints()
    logger = logging.getLogger("ib_async.Decoder")
    logger.addHandler(complaints)
    try:
        decoder.interpret(payload.decode(errors="backslashreplace").split("\0")[:-1])
    finally:
        logger.removeHandler(complaints)
    assert complaints.seen == []
    return recorder.calls


@cache
def _client(version: int) -> tuple[Any, list[str]]:
    client, sent = Client(None), []
    client.connState, client._serverVersion = Client.CONNECTED, version
    client.clientId, client.sendMsg = CLIENT_ID, sent.append
    return client, sent


def connected(version: int) -> tuple[Any, list[str]]:
    """A client that believes to be connected, and what it sends."""
    client, sent = _client(version)
    sent.clear()
    return client, sent


def parameters(method: str) -> list[str] | None:
    """The parameter names of a request method; None when the client has none of the name."""
    found = getattr(Client, method, None)
    if found is None:
        return None
    return [name for name in inspect.signature(found).parameters if name != "self"]


def asked(version: int, method: str, args: dict[str, Any]) -> bytes:
    """The one payload ib_async sends for a call."""
    client, sent = connected(version)
    getattr(client, method)(**args)
    [message] = sent
    return message.encode()
