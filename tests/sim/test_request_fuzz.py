"""Requests with odd words in them: none fails the engine, and none is passed over in silence."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.journal import Note
from pytest_ibkr.sim.market_rules import CENT_RULE
from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.declare import REQUESTS, Message
from pytest_ibkr.wire.messages import (
    account,
    contract,
    executions,
    history,
    market_data,
    order,
    place_order,
    session,
)
from pytest_ibkr.wire.versions import NEWEST
from tests.meta import matrix
from tests.sim.data_bench import (
    CAPTURED,
    SPY,
    TEN,
    VIX,
    Peer,
    normal_world,
    on_friday,
    only,
    option,
)
from tests.sim.data_bench import (
    history as bars,
)

VERSIONS = (100, 124, 145, 157, 176, 178, 192, 200)
MOMENTS = (on_friday(8, 0), TEN, CAPTURED + 3600, on_friday(12, 0, day=11))
BASES: list[Message] = [
    market_data.ReqMarketData(request_id=7, contract=SPY),
    market_data.ReqMarketData(request_id=7, contract=SPY, generic_ticks="100,101,104,106,165,233"),
    market_data.ReqMarketData(request_id=7, contract=option().contract(), snapshot=True),
    market_data.CancelMarketData(request_id=7),
    market_data.ReqMarketDataType(data_type=3),
    bars(),
    bars(end="20260709 16:00:00 US/Eastern", bar_size="1 hour", duration="1 W"),
    bars(contract=option().contract(), what_to_show="BID_ASK", bar_size="1 day", duration="1 Y"),
    bars(contract=VIX, bar_size="1 week", duration="1 M", keep_up_to_date=True),
    history.CancelHistoricalData(request_id=12),
    place_order.PlaceOrder(
        order_id=1, contract=SPY, action="BUY", quantity=Decimal(10), order_type="MKT"
    ),
    place_order.PlaceOrder(
        order_id=2,
        contract=option().contract(),
        action="SELL",
        quantity=Decimal(1),
        order_type="LMT",
        limit_price=Decimal("3.5"),
    ),
    place_order.PlaceOrder(
        order_id=3,
        contract=SPY,
        action="SELL",
        quantity=Decimal(5),
        order_type="TRAIL",
        trailing_percent=1.0,
    ),
    place_order.PlaceOrder(
        order_id=4,
        contract=SPY,
        action="BUY",
        quantity=Decimal(5),
        order_type="STP LMT",
        aux_price=Decimal(760),
        limit_price=Decimal(761),
        what_if=True,
    ),
    order.CancelOrder(order_id=1),
    order.ReqOpenOrders(),
    order.ReqAllOpenOrders(),
    order.ReqAutoOpenOrders(bind=True),
    order.ReqGlobalCancel(),
    executions.ReqExecutions(request_id=5, time="20260710 09:30:00", symbol="SPY", side="BUY"),
    order.ReqCompletedOrders(api_only=True),
    account.ReqAccountUpdates(subscribe=True, account="DU0000001"),
    account.ReqAccountUpdatesMulti(
        request_id=4, account="DU0000001", model="", ledger_and_nlv=True
    ),
    account.CancelAccountUpdatesMulti(request_id=4),
    account.ReqAccountSummary(request_id=3, group="All", tags="NetLiquidation,$LEDGER:ALL"),
    account.CancelAccountSummary(request_id=3),
    account.ReqPositions(),
    account.CancelPositions(),
    contract.ReqContractDetails(request_id=8, contract=SPY),
    contract.ReqContractDetails(request_id=8, contract=option().contract()),
    contract.ReqOptionParameters(
        request_id=6, symbol="SPY", fut_fop_exchange="", sec_type="STK", con_id=756733
    ),
    contract.ReqMarketRule(rule_id=26),
    session.StartApi(client_id=9),
    session.ReqIds(count=1),
    session.ReqManagedAccounts(),
    session.ReqCurrentTime(),
    session.SetServerLogLevel(level=5),
]
_OWN = {type(base) for base in BASES}
# The other families' requests as the page of messages has them; refusals are among their answers.
# What is asked in bodies only is damaged in tests/wire/protobuf.
_TEXT = frozenset(REQUESTS.values()) - _OWN
OTHERS: list[Message] = [
    asked[-1] for asked in matrix.examples().values() if type(asked[-1]) in _TEXT
]
# gateway-behaviour.md 2.0: some requests answer nothing at all.
SILENT = (
    account.CancelAccountSummary,
    account.CancelAccountUpdatesMulti,
    account.CancelPositions,
    market_data.ReqMarketDataType,
    order.ReqGlobalCancel,
    session.SetServerLogLevel,
)
# Whether these are answered hangs on what came before, or on the market.
_MAY_BE_SILENT = ("reqNewsBulletins", "reqMatchingSymbols", "updateDisplayGroup")
_ONLY_WHILE_OPEN = ("reqMktDepth", "reqTickByTickData", "reqRealTimeBars")
NUMBERS = [
    *("", "0", "-1", "1", "5", "0.5", "-0.0", "00", "+1", " 5 ", "1_0", "0x10", "\u0661"),
    *("nan", "NaN", "inf", "-inf", "Infinity", "-Infinity", "1e300", "-1e300", "1e-300", "1e400"),
    *(
        "2",
        "3",
        "4",
        "100",
        "-5",
        "750",
        "756733",
        "13455763",
        "1000000",
        "99999999",
        "1.5",
        "0.01",
    ),
    *("2147483647", "2147483648", "-2147483648", "9223372036854775807", "9" * 50, "9" * 400),
    *("1.7976931348623157E308", "1.7976931348623157E300", "99999999999999999999", "1E+400"),
]
DATES = [
    *("00010101 00:00:00", "00010101-00:00:00", "99991231-23:59:59", "20260710", "20260230"),
    *("20260710 10:00:00 America", "20260710 10:00:00 US", "20260709-20:00:00", "10:00:00"),
    *("20260710 10:00:00 ../../etc/passwd", "20260711 10:00:00 Mars/Base", "25:61:61", "19700101"),
    *("19700101-00:00:00", "99991231 23:59:59 US/Eastern", "20260709 16:00:00 Asia/Tokyo"),
]
DURATIONS = [
    *("9999 Y", "0 D", "-1 D", "1 D", "30 S", "1800 S", "86400 S", "2 W", "12 M", "100 Y", "1D"),
    *("99999999999999999999 D", "999999999 Y", "5 X", "365 D", "52 W"),
]
BAR_SIZES = [
    *("1 secs", "5 secs", "1 min", "3 hours", "8 hours", "1 day", "1 week", "1 month", "7 mins"),
]
SHOWN = ["TRADES", "MIDPOINT", "BID_ASK", "ADJUSTED_LAST", "SCHEDULE", "FEE_RATE", "PRICES"]
SEC_TYPES = ["STK", "OPT", "IND", "FUT", "CASH", "BAG", "CFD", "WAR", "stk", ""]
SYMBOLS = ["SPY", "QQQ", "VIX", "XYZ", "spy", "USD", ""]
EXCHANGES = ["SMART", "CBOE", "IBKRATS", "ARCA", "NASDAQ", ""]
EXPIRIES = ["202607", "20260713", "20260710", "20260230", "00010101", "99991231", "x", ""]
ORDER_TYPES = ["MKT", "LMT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "REL", "MOC", "PEG MID", ""]
SIDES = ["BUY", "SELL", "SSHORT", "HOLD", "BOT"]
TIFS = ["DAY", "GTC", "IOC", "FOK", "GTD", "OPG", "AUC"]
TICKS = ["100,101", "999", "mdoff", "233,", "a;b", "x,y", "104,106,162,165,225,588", "-1"]
GROUPS = ["All", "Group", "DU0000001", "U9", "$LEDGER:EUR", "$LEDGER", "NetLiquidation,x"]
ODD = ["A" * 500, "é", "😀", "\udcff", "\u2028", "C", "P", "CALL", "EUR"]
WORDS = [
    *(*DATES, *DURATIONS, *BAR_SIZES, *SHOWN, *SEC_TYPES, *SYMBOLS, *EXCHANGES, *EXPIRIES),
    *(*ORDER_TYPES, *SIDES, *TIFS, *TICKS, *GROUPS, *ODD),
]
SUITED = {  # what may stand in a field of this name; of a request or of its contract
    **dict.fromkeys(("end", "time", "good_after_time", "good_till_date"), DATES),
    **dict.fromkeys(("active_start_time", "active_stop_time"), DATES),
    **dict.fromkeys(("duration",), DURATIONS),
    **dict.fromkeys(("bar_size",), BAR_SIZES),
    **dict.fromkeys(("what_to_show",), SHOWN),
    **dict.fromkeys(("sec_type",), SEC_TYPES),
    **dict.fromkeys(("symbol", "trading_class", "local_symbol", "currency"), SYMBOLS),
    **dict.fromkeys(("exchange", "primary_exchange", "fut_fop_exchange"), EXCHANGES),
    **dict.fromkeys(("expiry",), EXPIRIES),
    **dict.fromkeys(("order_type",), ORDER_TYPES),
    **dict.fromkeys(("action", "side"), SIDES),
    **dict.fromkeys(("tif",), TIFS),
    **dict.fromkeys(("generic_ticks",), TICKS),
    **dict.fromkeys(("account", "group", "tags", "model"), GROUPS),
}


@dataclass(frozen=True)
class Case:
    """One odd request at a server version and a moment, after some good ones."""

    base: Message
    payload: bytes
    version: int
    at_s: float
    before: tuple[Message, ...] = ()


def _mutated(dice: random.Random) -> Case:
    base, version = dice.choice((*BASES, *OTHERS)), dice.choice(VERSIONS)
    odd = _reworded(dice, base) if dice.random() < 0.5 else base
    fields = encode(odd, version).split(b"\0")
    for _ in range(dice.choice((1, 1, 2, 3) if odd is base else (0, 0, 1))):
        if len(fields) > 2:
            place = dice.randrange(1, len(fields) - 1)
            fields[place] = _word(dice, fields[place]).encode("utf-8", "surrogateescape")
    before = tuple(dice.choice((*BASES, *OTHERS)) for _ in range(dice.choice((0, 0, 1, 3))))
    return Case(base, b"\0".join(fields), version, dice.choice(MOMENTS), before)


def _reworded(dice: random.Random, base: Any) -> Message:
    """The request with words of the right kind in one or two of its fields."""
    for _ in range(dice.choice((1, 2))):
        asked = getattr(base, "contract", None)
        own = [name for name in SUITED if hasattr(base, name)]
        named = own + [f".{name}" for name in SUITED if hasattr(asked, name)]
        if not named:
            return base
        name = dice.choice(named)
        word = {name.removeprefix("."): dice.choice(SUITED[name.removeprefix(".")])}
        base = (
            replace(base, **word) if name in own else replace(base, contract=replace(asked, **word))
        )
    return base


def _word(dice: random.Random, instead_of: bytes) -> str:
    """A word of the kind that was there, mostly: the others are unreadable at once."""
    fitting = NUMBERS if re.fullmatch(rb"[-.0-9E]+", instead_of) else WORDS
    if not instead_of or dice.random() < 0.1:
        fitting = dice.choice((NUMBERS, WORDS))
    return dice.choice(fitting)


def _played(case: Case) -> tuple[Engine, list[Message]]:
    """A request on an engine of its own, and what came in the thirteen seconds after it."""
    engine = Engine(normal_world(), start_s=case.at_s)
    engine.references.named_rules.add(CENT_RULE)  # as after the contract details of a US stock
    client = engine.open(case.version)
    assert client is not None
    peer = Peer(engine, client)
    peer.send(session.StartApi(client_id=1), wait_s=0.0)
    for message in case.before:
        peer.send(message, wait_s=0.2)
    engine.receive(client, case.payload)
    found = peer.wait(1.0)
    return engine, found or peer.wait(12.0)


def _may_be_silent(case: Case) -> bool:
    if isinstance(case.base, account.ReqAccountUpdates):  # a second subscription is a no-op
        return any(isinstance(message, account.ReqAccountUpdates) for message in case.before)
    if isinstance(case.base, market_data.CancelMarketData):  # silent when it meets a stream
        return any(isinstance(message, market_data.ReqMarketData) for message in case.before)
    name = type(case.base).NAME
    if name in _ONLY_WHILE_OPEN and case.at_s != TEN:
        return True
    if name in _MAY_BE_SILENT or name.startswith(("cancel", "unsubscribe")):
        return True
    # An order that is not transmitted is kept without a word.
    return isinstance(case.base, (*SILENT, place_order.PlaceOrder))


def _was_dropped(engine: Engine) -> bool:
    """Whether the request had an id that no gateway answers."""
    notes = [e.message.text for e in engine.journal.entries() if isinstance(e.message, Note)]
    return any("its id has more than 32 bits" in text for text in notes)


def fuzz(*, cases: int, seed: int) -> Counter[str]:
    """Play odd requests; count what became of them."""
    dice, seen = random.Random(seed), Counter[str]()
    for _ in range(cases):
        case = _mutated(dice)
        engine, found = _played(case)
        assert engine.failures == [], case
        assert found or _may_be_silent(case) or _was_dropped(engine), case
        codes = [notice.code for notice in only(found, session.ErrorNotice)]
        fate = "refused" if codes else "answered" if found else "silent"
        seen["unreadable" if 320 in codes else fate] += 1
    return seen


def test_the_bases_cover_every_request() -> None:
    assert {type(base) for base in (*BASES, *OTHERS)} == set(REQUESTS.values())


@pytest.mark.parametrize("base", BASES, ids=lambda base: type(base).__name__)
def test_an_untouched_request_is_answered_without_a_complaint(base: Message) -> None:
    engine, found = _played(Case(base, encode(base, NEWEST), NEWEST, TEN))
    assert engine.failures == []
    assert bool(found) != isinstance(base, SILENT)
    assert not [e for e in only(found, session.ErrorNotice) if e.code in (200, 320, 321, 322)]


def test_a_thousand_odd_requests_are_answered_or_refused() -> None:
    seen = fuzz(cases=1_000, seed=20260710)
    assert min(seen["answered"], seen["refused"], seen["unreadable"]) > 100


@pytest.mark.proof
def test_twenty_thousand_odd_requests_are_answered_or_refused() -> None:
    seen = fuzz(cases=20_000, seed=20260711)
    assert min(seen["answered"], seen["refused"], seen["unreadable"]) > 2_000
