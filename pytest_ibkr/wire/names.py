"""Requests under the names people know from the official client."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from pytest_ibkr.errors import UsageError
from pytest_ibkr.wire import messages as _messages  # noqa: F401  # registers them all
from pytest_ibkr.wire.declare import BODY_REQUESTS, REQUESTS, Message

_ALL = {**REQUESTS, **BODY_REQUESTS}
REQUEST_NAMES: Mapping[str, type[Message]] = MappingProxyType(
    {cls.NAME: cls for _id, cls in sorted(_ALL.items())}
)

# What the official client can ask beside that, by message id: named in notes and errors.
_OFFICIAL: Mapping[int, str] = MappingProxyType(
    {
        10: "reqMktDepth",
        11: "cancelMktDepth",
        12: "reqNewsBulletins",
        13: "cancelNewsBulletins",
        18: "requestFA",
        19: "replaceFA",
        21: "exerciseOptions",
        22: "reqScannerSubscription",
        23: "cancelScannerSubscription",
        24: "reqScannerParameters",
        50: "reqRealTimeBars",
        51: "cancelRealTimeBars",
        52: "reqFundamentalData",
        53: "cancelFundamentalData",
        54: "calculateImpliedVolatility",
        55: "calculateOptionPrice",
        56: "cancelCalculateImpliedVolatility",
        57: "cancelCalculateOptionPrice",
        65: "verifyRequest",
        66: "verifyMessage",
        67: "queryDisplayGroups",
        68: "subscribeToGroupEvents",
        69: "updateDisplayGroup",
        70: "unsubscribeFromGroupEvents",
        72: "verifyAndAuthRequest",
        73: "verifyAndAuthMessage",
        74: "reqPositionsMulti",
        75: "cancelPositionsMulti",
        79: "reqSoftDollarTiers",
        80: "reqFamilyCodes",
        81: "reqMatchingSymbols",
        82: "reqMktDepthExchanges",
        83: "reqSmartComponents",
        84: "reqNewsArticle",
        85: "reqNewsProviders",
        86: "reqHistoricalNews",
        87: "reqHeadTimeStamp",
        88: "reqHistogramData",
        89: "cancelHistogramData",
        90: "cancelHeadTimeStamp",
        92: "reqPnL",
        93: "cancelPnL",
        94: "reqPnLSingle",
        95: "cancelPnLSingle",
        96: "reqHistoricalTicks",
        97: "reqTickByTickData",
        98: "cancelTickByTickData",
        100: "reqWshMetaData",
        101: "cancelWshMetaData",
        102: "reqWshEventData",
        103: "cancelWshEventData",
        104: "reqUserInfo",
        105: "reqCurrentTimeInMillis",
        106: "cancelContractData",
        107: "cancelHistoricalTicks",
        109: "updateConfig",
    }
)
NOT_SIMULATED: Mapping[int, str] = MappingProxyType(
    {msg_id: name for msg_id, name in _OFFICIAL.items() if msg_id not in _ALL}
)


def official_name(message_id: int | None) -> str:
    """Return the official request name of an undeclared message, or its id where nobody knows."""
    if message_id is None:
        return "a message without id"
    name = _OFFICIAL.get(message_id)
    return f"message {message_id}" if name is None else f"{name} (message {message_id})"


def request_type(name: str) -> type[Message]:
    """Return the message class of an official request name.

    Raises:
        UsageError: nobody knows that name, or the gateway does not simulate that request; the
            name that was probably meant is given.
    """
    if (found := REQUEST_NAMES.get(name)) is not None:
        return found
    if name in NOT_SIMULATED.values():
        raise UsageError(f"{name} is not simulated by pytest-ibkr")
    near = difflib.get_close_matches(str(name), REQUEST_NAMES, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(REQUEST_NAMES)}"
    raise UsageError(f"no request is called {name!r}; {hint}")
