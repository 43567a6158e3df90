"""A bot on the official client for asyncio: its threads read, the loop decides."""

# ruff: noqa: N802, N803  (names are the library's)

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from decimal import Decimal

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

BID, ASK = 1, 2
INFORMATION = range(2100, 2200)
DONE = ("Filled", "Cancelled", "ApiCancelled", "Inactive")


class Refused(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code


class Link(EWrapper, EClient):
    """Coroutines over callbacks; made and used in a running loop."""

    def __init__(self) -> None:
        EClient.__init__(self, self)
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[int] = self._loop.create_future()
        self._waiting: dict[int, asyncio.Future] = {}
        self._partial: dict[int, dict[int, float]] = {}
        self._request_ids = itertools.count(50_000)
        self._order_ids = itertools.count()
        self._thread = threading.Thread(target=self.run, name="ibapi")

    async def start(self, host: str, port: int, client_id: int) -> None:
        await asyncio.to_thread(self.connect, host, port, client_id)
        self._thread.start()
        self._order_ids = itertools.count(await asyncio.wait_for(self._ready, 10))

    async def stop(self) -> None:
        reader, connection = self.reader, self.conn
        if connection is not None and connection.socket is not None:
            connection.socket.shutdown(socket.SHUT_RDWR)
        if reader is not None:
            await asyncio.to_thread(reader.join)
        self.disconnect()
        await asyncio.to_thread(self._thread.join)

    async def quote(self, symbol: str) -> tuple[float, float]:
        """Bid and ask, dollars per share."""
        request_id, answer = self._ask()
        self._partial[request_id] = {}
        self.reqMktData(request_id, stock(symbol), "", False, False, [])
        try:
            return await answer
        finally:
            self.cancelMktData(request_id)

    async def buy(self, symbol: str, quantity: int, limit: float) -> str:
        """The status an order ended with."""
        order = Order()
        order.action, order.orderType, order.totalQuantity = "BUY", "LMT", Decimal(quantity)
        order.lmtPrice = limit
        order.eTradeOnly = order.firmQuoteOnly = False
        order_id, answer = self._ask(next(self._order_ids))
        self.placeOrder(order_id, stock(symbol), order)
        return await answer

    def _ask(self, request_id: int | None = None) -> tuple[int, asyncio.Future]:
        number = next(self._request_ids) if request_id is None else request_id
        future = self._waiting[number] = self._loop.create_future()
        return number, future

    def _tell(self, request_id: int, answer: object) -> None:
        future = self._waiting.get(request_id)
        if future is not None and not future.done():
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    # -- callbacks, on the client's thread

    def nextValidId(self, orderId):
        self._loop.call_soon_threadsafe(self._ready.set_result, orderId)

    def tickPrice(self, reqId, tickType, price, attrib):
        seen = self._partial.setdefault(reqId, {})
        seen[tickType] = price
        if BID in seen and ASK in seen:
            self._loop.call_soon_threadsafe(self._tell, reqId, (seen[BID], seen[ASK]))

    def orderStatus(self, orderId, status, *rest):
        if status in DONE:
            self._loop.call_soon_threadsafe(self._tell, orderId, status)

    def error(self, reqId, *rest):
        code, text = rest[1:3] if len(rest) > 2 else rest  # 10.x puts the time before them
        if code not in INFORMATION:
            self._loop.call_soon_threadsafe(self._tell, reqId, Refused(code, text))


def stock(symbol: str) -> Contract:
    contract = Contract()
    contract.symbol, contract.secType = symbol, "STK"
    contract.exchange, contract.currency = "SMART", "USD"
    return contract
