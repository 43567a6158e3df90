"""Which subscriptions clients held and left open, counted from what crossed the wire. Pure.

A subscription ends with its cancel, an error that refuses it, or its connection. Market data that
ended with its connection was left open; accounts and positions were not: client libraries ask for
them on connecting and leave it to the disconnect to end them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pytest_ibkr.report.accounts import masked
from pytest_ibkr.report.wire_lines import contract_name, is_notice, moment_of, name_of
from pytest_ibkr.report.wire_model import OpenSubscription
from pytest_ibkr.sim.journal import Entry, Note
from pytest_ibkr.wire.messages.session import ErrorNotice

LINES: Final = frozenset({"reqMktData", "reqMktDepth"})  # what takes a market data line
HISTORICAL: Final = frozenset({"reqHistoricalData", "reqHistoricalTicks"})
_CANCELS: Final = {
    "reqMktData": "cancelMktData",
    "reqMktDepth": "cancelMktDepth",
    "reqRealTimeBars": "cancelRealTimeBars",
    "reqTickByTickData": "cancelTickByTickData",
    "reqHistoricalData": "cancelHistoricalData",
    "reqScannerSubscription": "cancelScannerSubscription",
    "reqAccountUpdates": "reqAccountUpdates",
    "reqAccountUpdatesMulti": "cancelAccountUpdatesMulti",
    "reqAccountSummary": "cancelAccountSummary",
    "reqPositions": "cancelPositions",
    "reqPositionsMulti": "cancelPositionsMulti",
    "reqPnL": "cancelPnL",
    "reqPnLSingle": "cancelPnLSingle",
    "reqNewsBulletins": "cancelNewsBulletins",
    "subscribeToGroupEvents": "unsubscribeFromGroupEvents",
}
_END_WITH_CONNECTION: Final = frozenset(
    {
        "reqAccountUpdates",
        "reqAccountUpdatesMulti",
        "reqAccountSummary",
        "reqPositions",
        "reqPositionsMulti",
    }
)
_OPENED_BY: Final = {cancel: request for request, cancel in _CANCELS.items()}
_MOST_TOLD: Final = 50


@dataclass
class _Held:
    entry: Entry
    name: str
    request_id: int | None
    ended: int | None = None  # serial
    with_connection: bool = False
    refused: bool = False

    @property
    def left_open(self) -> bool:
        """Whether nobody ended it who should have."""
        if self.with_connection:
            return self.name not in _END_WITH_CONNECTION
        return self.ended is None


_Present = dict[tuple[int, int | None], list[_Held]]  # by connection and request id


@dataclass(frozen=True)
class Usage:
    """What clients asked of a gateway's limits in a session, or in a share of one."""

    requests: dict[str, int]
    historical_requests: int
    peak_lines: int
    left_open: list[OpenSubscription]
    left_open_count: int
    lines_left_open: int


def usage_of(entries: Sequence[Entry], *, since: int = 0) -> Usage:
    """Count what was asked after a serial; lines that were held already count in the peak.

    Args:
        entries: the whole session, oldest first.
        since: the serial after which a test's share begins.
    """
    asked = Counter(name_of(e) for e in entries if e.direction == "in" and e.serial > since)
    held = [one for one in _held(entries) if not one.refused]
    left = [one for one in held if one.entry.serial > since and one.left_open]
    return Usage(
        requests=dict(sorted(asked.items(), key=lambda pair: (-pair[1], pair[0]))),
        historical_requests=sum(asked[name] for name in HISTORICAL),
        peak_lines=_peak((one for one in held if one.name in LINES), since),
        left_open=[_told(one) for one in left[:_MOST_TOLD]],
        left_open_count=len(left),
        lines_left_open=sum(one.name in LINES for one in left),
    )


def _held(entries: Iterable[Entry]) -> list[_Held]:
    found: list[_Held] = []
    present: _Present = {}
    for entry in entries:
        message = entry.message
        if entry.direction == "in":
            _asked(entry, found, present)
        elif isinstance(message, Note) and message.text.startswith("closed"):
            for key in [key for key in present if key[0] == entry.connection]:
                for one in present.pop(key):
                    one.ended, one.with_connection = entry.serial, True
        elif isinstance(message, ErrorNotice) and not is_notice(message):
            # Of two under one id the later is refused as a duplicate: the newest goes.
            running = present.get((entry.connection, message.request_id))
            if running:
                one = running.pop()
                one.ended, one.refused = entry.serial, True
    return found


def _asked(entry: Entry, found: list[_Held], present: _Present) -> None:
    name, message = name_of(entry), entry.message
    number: int | None = getattr(message, "request_id", None)
    running = present.setdefault((entry.connection, number), [])
    if (request := _OPENED_BY.get(name)) is not None and not getattr(message, "subscribe", False):
        for one in [one for one in running if one.name == request]:
            one.ended = entry.serial
            running.remove(one)
    elif name in _CANCELS and _goes_on(name, message):
        if number is None and any(one.name == name for one in running):
            return  # asking for positions again opens nothing new
        running.append(_Held(entry, name, number))
        found.append(running[-1])


def _goes_on(name: str, message: Any) -> bool:
    """Whether a request asks for more than one answer."""
    if name == "reqMktData":
        return not (message.snapshot or message.regulatory_snapshot)
    return name != "reqHistoricalData" or bool(message.keep_up_to_date)


def _peak(lines: Iterable[_Held], since: int) -> int:
    steps: list[tuple[int, int]] = []
    for one in lines:
        steps.append((max(one.entry.serial, since), 1))
        if one.ended is not None:
            steps.append((max(one.ended, since), -1))
    count = peak = 0
    for serial, change in sorted(steps, key=lambda step: (step[0], step[1])):
        count += change
        if serial >= since:
            peak = max(peak, count)
    return peak


def _told(one: _Held) -> OpenSubscription:
    contract = getattr(one.entry.message, "contract", None)
    return OpenSubscription(
        at=moment_of(one.entry.at_s),
        connection=one.entry.connection,
        request=one.name,
        request_id=one.request_id,
        what="" if contract is None else masked(contract_name(contract)),
        ended="with_connection" if one.with_connection else "still_open",
    )
