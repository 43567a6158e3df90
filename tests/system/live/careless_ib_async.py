"""A program of ib_async that does all it should not; told where to on its command line.

Prints one JSON object: which errors it was told, by act.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from ib_async import IB, Contract, LimitOrder, MarketOrder, Option, Stock

from tests.system.live.careless import NOTICES

DEADLINE_S = 10.0
SILENT = "global cancel"  # answered with cancels of this session's orders; there are none yet


def order(**changes: object) -> LimitOrder:
    """One share far below the market."""
    return LimitOrder("BUY", changes.pop("quantity", 1), 1.0, **({"tif": "DAY"} | changes))


def spy() -> Contract:
    """SPY shares."""
    return Stock("SPY", "SMART", "USD", conId=756733)


def call() -> Contract:
    """A call on SPY."""
    return Option("SPY", "20260717", 750.0, "C", "SMART", multiplier="100", currency="USD")


def acts(ib: IB) -> dict[str, Callable[[], Any]]:
    """What is done, by name."""
    client, place = ib.client, ib.placeOrder
    return {
        "gtc": lambda: place(spy(), order(tif="GTC")),
        "other account": lambda: place(spy(), order(account="DU" + "7654322")),
        "fa group": lambda: place(spy(), order(faGroup="All")),
        "101 shares": lambda: place(spy(), order(quantity=101)),
        "11 calls": lambda: place(call(), order(quantity=11)),
        "market without quote": lambda: place(call(), MarketOrder("BUY", 1, tif="DAY")),
        "foreign parent": lambda: place(spy(), order(parentId=4242)),
        "algo": lambda: place(spy(), order(algoStrategy="Adaptive")),
        "replace fa": lambda: ib.replaceFA(1, "<ListOfGroups/>"),
        "auto open orders": lambda: ib.reqAutoOpenOrders(True),
        "exercise": lambda: client.exerciseOptions(client.getReqId(), call(), 1, 1, "", 0),
        "cancel of another's": lambda: client.cancelOrder(424_242, ""),
        "global cancel": ib.reqGlobalCancel,
        "regulatory snapshot": lambda: ib.reqMktData(spy(), "", True, True),
        "display group": lambda: client.updateDisplayGroup(client.getReqId(), "756733@SMART"),
        "verify": lambda: client.verifyRequest("api", "1"),
    }


def wait(ib: IB, condition: Callable[[], object]) -> bool:
    """Wait for a condition; whether it came."""
    until_s = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > until_s:
            return False
        ib.sleep(0.01)
    return True


def main(host: str, port: str, client_id: str) -> None:
    """Do everything, one after the other, and say what came of it."""
    ib = IB()
    told: list[tuple[int, int, str]] = []

    def keep(number: int, code: int, text: str, _contract: object) -> None:
        if code not in NOTICES:
            told.append((number, code, text))

    ib.errorEvent += keep
    ib.connect(host, int(port), clientId=int(client_id), timeout=DEADLINE_S)
    found = {}
    for name, act in acts(ib).items():
        before = len(told)
        act()
        if name != SILENT:
            wait(ib, lambda before=before: len(told) > before)
        found[name] = told[before:]
    trade = ib.placeOrder(spy(), order())
    worked = wait(ib, lambda: trade.orderStatus.status in ("Submitted", "PreSubmitted"))
    ib.cancelOrder(trade.order)
    cancelled = wait(ib, lambda: trade.orderStatus.status == "Cancelled")
    ib.disconnect()
    good = trade.order.orderId
    print(json.dumps({"told": found, "worked": worked, "cancelled": cancelled, "good": good}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
