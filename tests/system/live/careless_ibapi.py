"""A program of the official client that does all it should not; told where to on its command line.

Prints one JSON object: which errors it was told, by act.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

from tests.system.live.careless import NOTICES

DEADLINE_S = 10.0
SILENT = "global cancel"  # answered with cancels of this session's orders; there are none yet


class App(EWrapper, EClient):
    """Collects what it is told."""

    def __init__(self) -> None:
        EClient.__init__(self, self)
        self.ready = threading.Event()
        self.statuses: dict[int, str] = {}
        self.told: list[tuple[int, int, str]] = []
        self.ticks: set[int] = set()

    def nextValidId(self, orderId: int) -> None:  # noqa: N802, N803
        """The session is open."""
        self.first = orderId
        self.ready.set()

    def error(self, reqId, *rest) -> None:  # noqa: N803
        """Keep an error, a notice not; 10.x puts a time in front of the code."""
        code, text = (rest[0], rest[1]) if isinstance(rest[1], str) else (rest[1], rest[2])
        if code not in NOTICES:
            self.told.append((reqId, code, text))

    def orderStatus(self, orderId, status, *_rest) -> None:  # noqa: N802, N803
        """Keep a status."""
        self.statuses[orderId] = status

    def tickPrice(self, reqId, *_rest) -> None:  # noqa: N802, N803
        """Note that a quote came."""
        self.ticks.add(reqId)

    def wait(self, condition: Callable[[], object]) -> bool:
        """Wait for a condition; whether it came."""
        until_s = time.monotonic() + DEADLINE_S
        while not condition():
            if time.monotonic() > until_s:
                return False
            time.sleep(0.01)
        return True


def spy() -> Contract:
    """SPY shares."""
    made = Contract()
    made.symbol, made.secType, made.exchange, made.currency = "SPY", "STK", "SMART", "USD"
    made.conId = 756733
    return made


def call() -> Contract:
    """A call on SPY."""
    made = spy()
    made.conId, made.secType, made.lastTradeDateOrContractMonth = 0, "OPT", "20260717"
    made.strike, made.right, made.multiplier = 750.0, "C", "100"
    return made


def order(**changes: object) -> Order:
    """One share far below the market; 9.81's own defaults stay as they are."""
    made = Order()
    made.action, made.totalQuantity, made.orderType = "BUY", 1, "LMT"
    made.lmtPrice, made.tif = 1.0, "DAY"
    made.eTradeOnly = made.firmQuoteOnly = False
    for name, value in changes.items():
        assert hasattr(made, name), name
        setattr(made, name, value)
    return made


def acts(app: App) -> dict[str, Callable[[int], object]]:
    """What is done, by name; each gets an order or request id of its own."""
    place = app.placeOrder
    return {
        "gtc": lambda n: place(n, spy(), order(tif="GTC")),
        "other account": lambda n: place(n, spy(), order(account="DU" + "7654322")),
        "fa group": lambda n: place(n, spy(), order(faGroup="All")),
        "101 shares": lambda n: place(n, spy(), order(totalQuantity=101)),
        "11 calls": lambda n: place(n, call(), order(totalQuantity=11)),
        "$25,001": lambda n: place(n, spy(), order(totalQuantity=100, lmtPrice=250.01)),
        "market without quote": lambda n: place(n, call(), order(orderType="MKT", lmtPrice=0.0)),
        "foreign parent": lambda n: place(n, spy(), order(parentId=4242)),
        "algo": lambda n: place(n, spy(), order(algoStrategy="Adaptive")),
        "replace fa": lambda n: replace_fa(app, n),
        "auto open orders": lambda _n: app.reqAutoOpenOrders(True),
        "exercise": lambda n: exercise(app, n),
        "cancel of another's": lambda _n: cancel(app, 424_242),
        "global cancel": lambda _n: global_cancel(app),
        "regulatory snapshot": lambda n: app.reqMktData(n, spy(), "", True, True, []),
        "display group": lambda n: app.updateDisplayGroup(n, "756733@SMART"),
    }


def replace_fa(app: App, number: int) -> None:
    """9.81 and 10.x agree on the arguments."""
    app.replaceFA(number, 1, "<ListOfGroups/>")


def exercise(app: App, number: int) -> None:
    """10.x has three arguments more."""
    given = (number, call(), 1, 1, "", 0)
    try:
        app.exerciseOptions(*given)
    except TypeError:
        app.exerciseOptions(*given, "", "", False)


def cancel(app: App, number: int) -> None:
    """10.x takes an object of cancel details."""
    try:
        app.cancelOrder(number)
    except TypeError:
        from ibapi.order_cancel import OrderCancel

        app.cancelOrder(number, OrderCancel())


def global_cancel(app: App) -> None:
    """10.x takes an object of cancel details."""
    try:
        app.reqGlobalCancel()
    except TypeError:
        from ibapi.order_cancel import OrderCancel

        app.reqGlobalCancel(OrderCancel())


def main(host: str, port: str, client_id: str) -> None:
    """Do everything, one after the other, and say what came of it."""
    app = App()
    app.connect(host, int(port), int(client_id))
    threading.Thread(target=app.run, daemon=True).start()
    assert app.ready.wait(DEADLINE_S), app.told
    found: dict[str, list[tuple[int, int, str]]] = {}
    for number, (name, act) in enumerate(acts(app).items(), start=app.first + 100):
        before = len(app.told)
        act(number)
        if name != SILENT:
            app.wait(lambda before=before: len(app.told) > before)
        found[name] = app.told[before:]
    good = app.first + 500
    app.placeOrder(good, spy(), order())
    worked = app.wait(lambda: app.statuses.get(good) in ("Submitted", "PreSubmitted"))
    cancel(app, good)
    cancelled = app.wait(lambda: app.statuses.get(good) == "Cancelled")
    app.disconnect()
    print(json.dumps({"told": found, "worked": worked, "cancelled": cancelled, "good": good}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
