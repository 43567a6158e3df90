"""The official client on its two threads, with calls that wait for their answers."""

# ruff: noqa: FBT003, N802, N803  (names and flags are the library's)

from __future__ import annotations

import itertools
import socket
import threading
from collections import defaultdict
from collections.abc import Callable

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

PATIENCE_S = 10.0
BID, ASK = 1, 2


class App(EWrapper, EClient):
    """Works with the official client 9.81 and 10.x."""

    def __init__(self) -> None:
        EClient.__init__(self, self)
        self.changed = threading.Condition()
        self.next_order_id: int | None = None
        self.prices: dict[int, dict[int, float]] = defaultdict(dict)
        self.statuses: dict[int, str] = {}
        self.errors: list[tuple[int, int]] = []
        self._ids = itertools.count(10_000)  # far from order ids: errors share one space
        self._thread = threading.Thread(target=self.run, name="ibapi")

    def start(self, host: str, port: int, client_id: int) -> None:
        self.connect(host, port, client_id)
        self._thread.start()
        self.until(lambda: self.next_order_id is not None)

    def stop(self) -> None:
        """End both threads; ``disconnect`` alone leaves the reader waiting for up to a second."""
        connection, reader = self.conn, self.reader
        if connection is not None and connection.socket is not None:
            connection.socket.shutdown(socket.SHUT_RDWR)
        if reader is not None:
            reader.join()
        self.disconnect()
        self._thread.join()

    def until(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            if not self.changed.wait_for(condition, PATIENCE_S):
                raise TimeoutError(f"no answer within {PATIENCE_S:g} s; errors: {self.errors}")

    def quote(self, contract: Contract) -> tuple[float, float]:
        """Return bid and ask, dollars per share."""
        request_id = next(self._ids)
        self.reqMktData(request_id, contract, "", False, False, [])
        self.until(lambda: {BID, ASK} <= self.prices[request_id].keys())
        self.cancelMktData(request_id)
        return self.prices[request_id][BID], self.prices[request_id][ASK]

    def trade(self, contract: Contract, order: Order) -> int:
        """Place an order, wait until it is done, and return its id."""
        order_id, self.next_order_id = self.next_order_id, self.next_order_id + 1
        self.placeOrder(order_id, contract, order)
        self.until(lambda: self.statuses.get(order_id) in ("Filled", "Cancelled", "Inactive"))
        return order_id

    # -- callbacks, on the client's thread

    def msgLoopRec(self) -> None:
        with self.changed:
            self.changed.notify_all()

    def nextValidId(self, orderId: int) -> None:
        self.next_order_id = orderId

    def tickPrice(self, reqId: int, tickType: int, price: float, attrib: object) -> None:
        self.prices[reqId][tickType] = price

    def orderStatus(self, orderId: int, status: str, *rest: object) -> None:
        self.statuses[orderId] = status

    def error(self, reqId: int, *rest) -> None:
        code = rest[1] if len(rest) > 2 else rest[0]  # 10.x puts the time before it
        self.errors.append((reqId, int(code)))
