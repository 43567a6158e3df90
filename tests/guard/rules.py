"""Every rule of the guard: what it refuses, and one case in which it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pytest_ibkr.guard import accounts, endpoint
from pytest_ibkr.guard.decision import EndRun, Ignore, Refuse
from pytest_ibkr.guard.state import MarketFacts, TestContext
from pytest_ibkr.wire.codec import Raw
from pytest_ibkr.wire.declare import REQUESTS
from pytest_ibkr.wire.messages.market_data import ReqMarketData
from pytest_ibkr.wire.messages.order import CancelOrder, ReqAutoOpenOrders
from pytest_ibkr.wire.messages.session import (
    CurrentTime,
    ManagedAccounts,
    ReqCurrentTime,
    StartApi,
)
from tests.guard.bench import (
    ACCOUNT,
    CALL,
    CLOSE_S,
    FIRST_ID,
    LIVE,
    OTHER,
    SPY,
    Bench,
    bench,
    echo,
    limits,
    order,
    status,
)
from tests.guard.plain import plain


@dataclass(frozen=True)
class Rule:
    """One rule: a sentence for the page, and a case."""

    refuses: str
    case: Callable[[], Any]


def _dial(host: str = "127.0.0.1", port: int = 4002, *, listed: tuple[str, ...] = ()) -> Any:
    return endpoint.judge(host, port, extra_paper_ports=(), listed_hosts=listed, account=None)


def _order(**changes: Any) -> Any:
    return bench().send(order(**changes))


def _run(what: dict[str, Any]) -> Any:
    return bench(**what).send(order())


def _foreign() -> Any:
    made = bench()
    made.hear(status(FIRST_ID))
    return made.send(order())


def _group() -> Any:
    made = bench()
    made.hear(echo(3, client_id=1, oca_group="theirs"))
    return made.send(order(oca_group="theirs"))


def _reconnected() -> Any:
    made = bench()
    made.run.connection_ended(made.client)
    made.run.begin_test(TestContext("test_next", places_orders=True))
    return made.send(order(), client=made.connect(connection=2))


def _closing() -> Any:
    made = bench()
    made.now_s = CLOSE_S - 1
    return made.send(order())


def _contract() -> Any:
    made = bench()
    made.run.security_types[SPY.con_id] = "OPT"
    return made.send(order())


def _limited(**changes: Any) -> Any:
    made = limits(bench(), **changes)
    made.send(order())
    return made.send(order(FIRST_ID + 1))


def _versioned(version: int) -> Any:
    made = bench()
    made.client.version = version
    return made.send(b"49\x001\x00")


def _swallowed() -> Any:
    return bench().send(plain(REQUESTS[14]))


def _start(**changes: Any) -> Any:
    return Bench().send(StartApi(**{"client_id": 7001} | changes))


def _unverified() -> Any:
    made = Bench()
    made.send(StartApi(client_id=7001))
    return made.send(ReqCurrentTime())


def _held() -> Any:
    return limits(Bench(), held_frames=0).hear(CurrentTime(epoch_s=1), size=9)


def _snapshot() -> Any:
    return bench().send(ReqMarketData(request_id=1, contract=SPY, regulatory_snapshot=True))


RULES: dict[str, Rule] = {
    "endpoint.live-port": Rule(
        "The ports of live gateways (4001, 4003, 7496, 7498), listed or not.",
        lambda: _dial(port=4001),
    ),
    "endpoint.port": Rule(
        "Every other port but 4002, 7497 and those in `gateway.extra_paper_ports`.",
        lambda: _dial(port=5000),
    ),
    "endpoint.name": Rule(
        "A host that is no IP literal, `localhost` included.", lambda: _dial("localhost")
    ),
    "endpoint.host": Rule(
        "Another machine that is not listed; second spellings of an address"
        " (`::ffff:127.0.0.1`), scoped, unspecified and multicast addresses, listed or not.",
        lambda: _dial("10.0.0.7"),
    ),
    "endpoint.account": Rule(
        "A listed machine while no account id is expected there.",
        lambda: _dial("10.0.0.7", listed=("10.0.0.7",)),
    ),
    "account.none": Rule("A gateway that serves no account.", lambda: accounts.judge(",")),
    "account.live": Rule(
        "A list with an id that does not match `D[A-Z]{1,3}[0-9]{5,9}` in ASCII, whole and"
        " without blanks. One trailing comma is tolerated.",
        lambda: accounts.judge(LIVE),
    ),
    "account.changed": Rule(
        "Ends the run: another list than the one verified at the start.",
        lambda: bench().hear(ManagedAccounts(accounts=OTHER)),
    ),
    "account.unreadable": Rule(
        "Ends the run: a frame that a client may read as managedAccounts and the guard cannot.",
        lambda: bench().hear(Raw(None, b" 15\0001\0")),
    ),
    "account.reading-only": Rule(
        "Orders and previews where several accounts, or an advisor's (`DF`) or a broker's"
        " (`DI`), are served.",
        lambda: _run({"accounts": (ACCOUNT, OTHER)}),
    ),
    "account.unnamed": Rule(
        "Orders while no account is named for them.", lambda: _run({"expected_account": None})
    ),
    "account.other": Rule(
        "Orders while another account is named than the one served.",
        lambda: _run({"expected_account": OTHER}),
    ),
    "frame.version": Rule(
        "A connection at a server version whose messages are not all known here.",
        lambda: _versioned(226),
    ),
    "frame.unreadable": Rule(
        "Too few or too many fields, a missing NUL, a number that is none.",
        lambda: bench().send(b"49\x00"),
    ),
    "frame.unknown": Rule(
        "A message id nobody declared, protobuf and binary ids included.",
        lambda: bench().send(b"109\x001\x00"),
    ),
    "frame.not-canonical": Rule(
        "Ids, whole numbers, texts and flags written otherwise than by our encoder (`03`, `+3`)."
        " Numbers with a fraction may be spelled otherwise while they mean the same.",
        lambda: bench().send(b"49\x0001\x00"),
    ),
    "run.ended": Rule(
        "Everything, once the run is ending.",
        lambda: bench(ending="the account changed").send(ReqCurrentTime()),
    ),
    "session.client-id": Rule(
        "A client id the running test was not given.", lambda: _start(client_id=1)
    ),
    "session.capabilities": Rule(
        "A startApi with optional capabilities.", lambda: _start(capabilities="+PACEAPI")
    ),
    "session.started-twice": Rule(
        "A second startApi.", lambda: bench().send(StartApi(client_id=7001))
    ),
    "session.not-started": Rule(
        "Any other message before startApi.", lambda: Bench().send(ReqCurrentTime())
    ),
    "session.unverified": Rule(
        "Any message before the connection's managedAccounts were the verified ones.",
        _unverified,
    ),
    "session.held": Rule(
        "Ends the run: more frames or bytes from the gateway before managedAccounts than are"
        " held back.",
        _held,
    ),
    "message.never": Rule(
        "replaceFA, exerciseOptions, the verify messages, updateDisplayGroup, and whatever is"
        " declared some day and not listed.",
        lambda: bench().send(plain(REQUESTS[19])),
    ),
    "message.bind": Rule(
        "reqAutoOpenOrders with bind.", lambda: bench().send(ReqAutoOpenOrders(bind=True))
    ),
    "message.regulatory-snapshot": Rule(
        "reqMktData with the regulatory-snapshot flag, which costs money.", _snapshot
    ),
    "message.swallowed": Rule(
        "Says nothing and sends nothing: setServerLogLevel, which has no answer.", _swallowed
    ),
    "order.read-run": Rule(
        "Orders and previews in a run that reads (capture, check).",
        lambda: _run({"mode": "read"}),
    ),
    "order.outside-test": Rule(
        "Orders while no test marked `places_orders` runs.", lambda: _run({"test": None})
    ),
    "order.reconnected": Rule(
        "Orders of a client id that lost its connection in an earlier test or between tests.",
        _reconnected,
    ),
    "order.open-ledger": Rule(
        "Orders while the ledger of an earlier run is open.", lambda: _run({"open_ledger": True})
    ),
    "order.market-closed": Rule(
        "Orders while the market is closed, unless the test is marked `market_closed`.",
        lambda: _run({"market": MarketFacts()}),
    ),
    "order.market-closing": Rule(
        "Orders of tests in the last 10 minutes, unless the test is marked `market_closed`.",
        _closing,
    ),
    "order.id": Rule(
        "A new order under an id below the connection's nextValidId or beyond 32 bits.",
        lambda: bench().send(order(1)),
    ),
    "order.foreign-id": Rule(
        "An id under which the gateway knows an order that this run did not place.", _foreign
    ),
    "order.account": Rule("An order that names another account.", lambda: _order(account=OTHER)),
    "order.parent": Rule(
        "A parentId that this client id did not place in this run.",
        lambda: _order(parent_id=999),
    ),
    "order.oca-group": Rule(
        "An ocaGroup in which the gateway showed an order that this run did not place.", _group
    ),
    "order.type": Rule(
        "Every type but MKT, LMT, STP, STP LMT and TRAIL.", lambda: _order(order_type="MOC")
    ),
    "order.tif": Rule(
        "Every time in force but DAY, IOC and FOK; an empty one too, which the account's presets"
        " may turn into GTC.",
        lambda: _order(tif="GTC"),
    ),
    "order.action": Rule("Every side but BUY and SELL.", lambda: _order(action="SSHORT")),
    "order.field": Rule(
        "Every other field that says something: advisor, model, clearing, customer, hedge, scale,"
        " algo, condition, delta-neutral, attached, and whatever is declared some day.",
        lambda: _order(fa_group="All"),
    ),
    "order.security-type": Rule(
        "Every security type but STK and OPT, for which there are limits.",
        lambda: _order(contract=replace(SPY, sec_type="FUT")),
    ),
    "order.contract": Rule(
        "A contract id the gateway showed under another security type.", _contract
    ),
    "order.currency": Rule(
        "Contracts in other currencies than USD.",
        lambda: _order(contract=replace(SPY, currency="EUR")),
    ),
    "order.multiplier": Rule(
        "Options that name another multiplier than 100, stocks that name one.",
        lambda: _order(contract=replace(CALL, multiplier="10")),
    ),
    "order.quantity": Rule("Fractions, zero and less.", lambda: _order(quantity=Decimal("0.5"))),
    "order.size": Rule(
        "More than 100 shares or 10 option contracts.", lambda: _order(quantity=Decimal(101))
    ),
    "order.position": Rule(
        "In a closing run: an order that does more than make a position smaller.",
        lambda: _run({"mode": "close"}),
    ),
    "order.working": Rule("A new order while 20 of this run work.", lambda: _limited(working=1)),
    "order.per-session": Rule(
        "More than 200 new orders in a run.", lambda: _limited(per_session=1)
    ),
    "order.price": Rule(
        "A limit or stop that is missing, zero or negative.", lambda: _order(limit_price=None)
    ),
    "order.quote": Rule(
        "MKT and TRAIL without live bid and ask of the last 15 s; a limit to sell or a stop to"
        " buy, whose own price is a floor, without any price ever seen.",
        lambda: _order(order_type="MKT"),
    ),
    "order.notional": Rule(
        "More than $25,000, multiplier included, at the highest price the order can trade at.",
        lambda: _order(limit_price=Decimal("25000.01")),
    ),
    "cancel.read-run": Rule(
        "Cancels in a run that reads.",
        lambda: bench(mode="read").send(CancelOrder(order_id=FIRST_ID)),
    ),
    "cancel.field": Rule(
        "A cancel with a time, an operator or an indicator.",
        lambda: bench().send(CancelOrder(order_id=FIRST_ID, manual_cancel_time="x")),
    ),
    "cancel.foreign": Rule(
        "A cancel of an order that this client id did not place in this run; in a closing run"
        " every order may be cancelled.",
        lambda: bench().send(CancelOrder(order_id=3)),
    ),
}


def said(rule: Rule) -> tuple[str, str, str]:
    """The rule, reason and fix of a case; a swallowed message needs no fix."""
    found = rule.case()
    if isinstance(found, Ignore):
        return found.rule, found.reason, "Nothing: the program goes on as it is."
    assert isinstance(found, Refuse | EndRun), found
    return found.rule, found.reason, found.fix
