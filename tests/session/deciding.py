"""A small program that trades, written once for each client library: its decisions are compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from ib_async import StartupFetchNONE

from tests.conformance.peers.async_peer import PATIENCE_S, AsyncPeer
from tests.conformance.peers.model import Asked, Ticket
from tests.conformance.peers.official import OfficialPeer

CLIENTS = ("ibapi", "ib_async")
SPY = Asked("SPY")
ASK = 2


class Listens(Protocol):
    """Where a program connects."""

    host: str
    port: int


@contextmanager
def connected(kind: str, endpoint: Listens, client_id: int) -> Iterator[Any]:
    """A client that asks for nothing by itself."""
    peer: Any = OfficialPeer() if kind == "ibapi" else AsyncPeer()
    try:
        if kind == "ibapi":
            peer.connect(endpoint.host, endpoint.port, client_id)
        else:
            fetch = {"timeout": PATIENCE_S, "fetchFields": StartupFetchNONE}
            peer.ib.connect(endpoint.host, endpoint.port, client_id, **fetch)
        yield peer
    finally:
        peer.close()


def decisions(peer: Any) -> list[str]:
    """What the program decides, every number to its last bit."""
    held = peer.positions()  # ib_async asks for them whenever it connects
    [found] = peer.details(SPY)
    spy = Asked("SPY", con_id=found.con_id)
    bars = peer.bars(spy, duration="1 D", size="5 mins")
    closes = [float(bar.close) for bar in bars]
    fast, slow = sum(closes[-5:]) / 5, sum(closes[-20:]) / 20
    line = peer.stream(spy)
    peer.until(lambda: any(tick == ASK for tick, _price in line.prices), "an ask")
    ask = next(price for tick, price in line.prices if tick == ASK)
    quantity = 3 if fast >= slow else 2
    means = f"{fast.hex()} and {slow.hex()} of {len(bars)} bars"
    made = [f"{found.con_id}: {quantity} beside {sorted(held)}, {means}"]
    order_id = peer.place(spy, Ticket("BUY", quantity, round(ask + 1, 2)))
    peer.until(lambda: _filled(peer, order_id), f"the fill ({peer.notices})")
    peer.until(lambda: bool(peer.executions), "the execution")
    prices = sorted(float(each.price).hex() for each in peer.executions.values())
    shares = sum(float(each.quantity) for each in peer.executions.values())
    return [*made, f"bought {shares.hex()} at {', '.join(prices)}, ask {ask.hex()}"]


def _filled(peer: Any, order_id: int) -> bool:
    return any(s.order_id == order_id and s.status == "Filled" for s in list(peer.statuses))
