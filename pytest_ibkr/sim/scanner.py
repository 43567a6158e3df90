"""Market scanners: subscriptions whose result comes again about every 30 seconds, and their XML.

Source: gateway-behaviour.md 2.5 ("24 / 22 scanner"). Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from pytest_ibkr.sim.hmds import PREFIX
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.refusal import Refusal, failed
from pytest_ibkr.sim.scans import FILTERS, SCANS, Candidate, Scan, passes
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.scanner import (
    CancelScannerSubscription,
    ReqScannerParameters,
    ReqScannerSubscription,
    ScannerData,
    ScannerParameters,
    ScannerRow,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.schedule import Timer

_NOTHING: Final = "Historical Market Data Service query message:no items retrieved"
_MORE: Final = "You must subscribe for additional permissions to {what} scanner:Real-Time"
_EVERY_S: Final = 30.0
_MOST_ROWS: Final = 50
_MOST_OPEN: Final = 10
_INSTRUMENT: Final = "STK"
# Locations and the listings they stand for; None: every one.
_LOCATIONS: Final[dict[str, frozenset[str] | None]] = {
    "STK.US": None,
    "STK.US.MAJOR": None,
    "STK.NASDAQ": frozenset({"NASDAQ"}),
    "STK.NYSE": frozenset({"NYSE"}),
    "STK.ARCA": frozenset({"ARCA"}),
    "STK.AMEX": frozenset({"AMEX"}),
    "STK.BATS": frozenset({"BATS"}),
}
_STOCK_TYPES: Final = {"CORP": "COMMON"}  # others are called alike in filter and contract
_MOST_DIGITS: Final = 30


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A valid subscription."""

    scan: Scan
    listings: frozenset[str] | None
    stock_type: str
    filters: tuple[tuple[str, float], ...]
    most: int
    impossible: bool  # it filters by what the market cannot say


class ScannerDesk:
    """Owns requests 22 to 24."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open: dict[tuple[int, int], Timer] = {}

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {
            ReqScannerParameters: self._parameters,
            ReqScannerSubscription: self._subscribe,
            CancelScannerSubscription: self._cancel,
        }

    def client_gone(self, client: Client) -> None:
        """End a client's scans."""
        for key in [key for key in self._open if key[0] == client.connection]:
            self._open.pop(key).cancel()

    def _parameters(self, client: Client, request: ReqScannerParameters) -> None:
        delay_s = self._engine.conditions.latency.history_s
        self._engine.owe(client, delay_s, lambda: client.send(ScannerParameters(xml=parameters())))

    def _subscribe(self, client: Client, request: ReqScannerSubscription) -> None:
        engine, key = self._engine, (client.connection, request.request_id)
        if key in self._open:
            raise failed("Duplicate ticker id")
        if len(self._open) >= _MOST_OPEN:
            text = f"Only {_MOST_OPEN} simultaneous API scanner subscriptions are allowed."
            raise Refusal(162, f"{PREFIX}{text}")
        wanted = _read(request)
        if engine.conditions.entitlement in ("none", "not_enabled"):
            raise Refusal(490, _MORE.format(what="run"))
        if engine.conditions.entitlement == "delayed":  # results follow all the same
            text = _MORE.format(what="obtain precise results for")
            client.error(request.request_id, 492, text)
        self._open[key] = engine.owe(
            client, engine.conditions.latency.history_s, lambda: self._send(client, key, wanted)
        )

    def _send(self, client: Client, key: tuple[int, int], wanted: _Wanted) -> None:
        found = self._found(wanted)
        if not found:
            client.error(key[1], 165, _NOTHING)
        rows = tuple(_row(rank, instrument) for rank, instrument in enumerate(found))
        client.send(ScannerData(request_id=key[1], rows=rows))
        self._open[key] = self._engine.later(_EVERY_S, lambda: self._send(client, key, wanted))

    def _found(self, wanted: _Wanted) -> list[Instrument]:
        if wanted.impossible:
            return []
        candidates = [
            each
            for each in map(self._candidate, self._engine.world.book.underlyings)
            if each.instrument.sec_type == _INSTRUMENT
            and (wanted.listings is None or each.instrument.primary_exchange in wanted.listings)
            and wanted.stock_type in ("", each.instrument.stock_type)
            and all(passes(each, tag, bound) for tag, bound in wanted.filters)
        ]
        return wanted.scan.rank(candidates)[: wanted.most]

    def _candidate(self, instrument: Instrument) -> Candidate:
        engine = self._engine
        at_s = engine.market_time(instrument)
        quote = engine.market.quote(instrument, at_s)
        return Candidate(engine.world, engine.market, instrument, at_s, quote)

    def _cancel(self, client: Client, request: CancelScannerSubscription) -> None:
        number = request.request_id
        timer = self._open.pop((client.connection, number), None)
        if timer is None:
            raise Refusal(365, f"No scanner subscription found for ticker id:{number}")
        timer.cancel()
        raise Refusal(162, f"{PREFIX}API scanner subscription cancelled: {number}")


def _read(request: ReqScannerSubscription) -> _Wanted:
    """Check a subscription. Texts of these refusals are ours: none was captured.

    Raises:
        Refusal: 162 for a scan, instrument, location or filter there is none of.
    """
    if request.scan_code not in SCANS:
        raise Refusal(162, f"{PREFIX}Scanner type {request.scan_code} is not known")
    if request.instrument != _INSTRUMENT or request.location not in _LOCATIONS:
        where = f"{request.instrument} {request.location}"
        raise Refusal(162, f"{PREFIX}Scanner has no {where}")
    filters = [*_plain_filters(request), *_options(request.filter_options)]
    unknown_there = (
        *(request.market_cap_above, request.market_cap_below, request.coupon_above),
        *(request.coupon_below, request.average_option_volume_above),
    )
    ratings = request.moody_above, request.moody_below, request.sp_above, request.sp_below
    count = request.row_count
    stock_type = "" if request.stock_type == "ALL" else request.stock_type
    return _Wanted(
        scan=SCANS[request.scan_code],
        listings=_LOCATIONS[request.location],
        stock_type=_STOCK_TYPES.get(stock_type, stock_type),
        filters=tuple(filters),
        most=_MOST_ROWS if count is None or count < 0 else min(count, _MOST_ROWS),
        impossible=any(value is not None for value in unknown_there)
        or any((*ratings, request.maturity_above, request.maturity_below)),
    )


def _plain_filters(request: ReqScannerSubscription) -> list[tuple[str, float]]:
    given = {
        "priceAbove": request.above_price,
        "priceBelow": request.below_price,
        "volumeAbove": request.above_volume,
    }
    return [(tag, float(value)) for tag, value in given.items() if value is not None]


def _options(text: str) -> list[tuple[str, float]]:
    """``priceAbove=5;volumeAbove=1000;`` as tags and bounds."""
    found = []
    for pair in filter(None, text.split(";")):
        tag, _, bound = pair.partition("=")
        number = bound.removeprefix("-").replace(".", "", 1)
        known = tag in FILTERS and len(number) <= _MOST_DIGITS
        if not (known and number.isascii() and number.isdigit()):
            raise Refusal(162, f"{PREFIX}Scanner filter {pair[:40]} is not known")
        found.append((tag, float(bound)))
    return found


def _row(rank: int, instrument: Instrument) -> ScannerRow:
    return ScannerRow(
        rank=rank,
        con_id=instrument.con_id,
        symbol=instrument.symbol,
        sec_type=instrument.sec_type,
        exchange=instrument.exchange,
        currency=instrument.currency,
        local_symbol=instrument.local_symbol,
        market_name=instrument.trading_class,
        trading_class=instrument.trading_class,
    )


@cache
def parameters() -> str:
    """What can be scanned for here, in the element names clients look for; a real one has 2 MB."""
    places = "".join(f"<Location><locationCode>{c}</locationCode></Location>" for c in _LOCATIONS)
    types = "".join(
        f"<ScanType><displayName>{escape(scan.title)}</displayName><scanCode>{code}</scanCode>"
        f"<instruments>{_INSTRUMENT}</instruments></ScanType>"
        for code, scan in SCANS.items()
    )
    filters = "".join(
        f"<SimpleFilter><id>{tag}</id><AbstractField><code>{tag}</code></AbstractField>"
        "</SimpleFilter>"
        for tag in FILTERS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><ScanParameterResponse>'
        f"<InstrumentList><Instrument><name>US Stocks</name><type>{_INSTRUMENT}</type>"
        f"</Instrument></InstrumentList><LocationTree>{places}</LocationTree>"
        f"<ScanTypeList>{types}</ScanTypeList><FilterList>{filters}</FilterList>"
        "</ScanParameterResponse>"
    )
