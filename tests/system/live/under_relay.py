"""A relay in front of a gateway, as the live side of the plugin starts it, and a client of it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from pytest_ibkr.net.relay.spec import NEWEST_RELAYED, RelaySpec
from pytest_ibkr.net.relay_handle import RelayHandle
from pytest_ibkr.wire.messages.session import ReqCurrentTime
from tests.system.live.careless import VERSION, Careless, Closed, careless
from tests.system.live.evil_gateway import NEW_YORK, EvilGateway
from tests.system.live.ids import PAPER

CLIENT_ID = 7001
# The regular session of the day that gateways of these tests replay, in epoch seconds.
SESSION = tuple(
    datetime(2026, 7, 10, hour, minute, tzinfo=NEW_YORK).timestamp()
    for hour, minute in ((9, 30), (16, 0))
)
_CLIENT_IDS = itertools.cycle(range(7002, 8000))


class Endpoint(Protocol):
    """Anything that listens."""

    host: str
    port: int


def spec_for(gateway: Endpoint, place: Path, **changes: Any) -> RelaySpec:
    """What the plugin would tell a relay; its state and audit log lie in ``place``."""
    usual: dict[str, Any] = {
        "host": gateway.host,
        "port": gateway.port,
        "mode": "tests",
        "expected_account": PAPER,
        "extra_paper_ports": (gateway.port,),
        "listed_hosts": (),
        "limits": {},
        "state_dir": str(place / "state"),
        "audit_path": str(place / "audit.jsonl"),
        "name": "evil gateways",
        "newest_version": max(NEWEST_RELAYED, VERSION),
    }
    return RelaySpec(**(usual | changes))


@contextmanager
def relay(gateway: Endpoint, place: Path, **changes: Any) -> Iterator[RelayHandle]:
    """A verified relay; stopped, with its cleanup, at the end of the block."""
    handle = RelayHandle.start(spec_for(gateway, place, **changes))
    try:
        yield handle
    finally:
        handle.stop()


@contextmanager
def ordering(handle: RelayHandle, name: str = "test_orders", **facts: Any) -> Iterator[None]:
    """A test that may place orders runs."""
    usual = {"places_orders": True, "market_closed": False, "market": [SESSION]}
    handle.begin_test(name, **(usual | facts))
    try:
        yield
    finally:
        handle.end_test()


@contextmanager
def started(
    handle: RelayHandle, *, high: int = VERSION, client_id: int | None = None
) -> Iterator[Careless]:
    """A client that is in, by the relay; under an id of its own unless one is named."""
    number = next(_CLIENT_IDS) if client_id is None else client_id
    with careless(handle.host, handle.port) as client:
        yield client.start(number, high=high)


def has_ended(handle: RelayHandle, *, timeout_s: float = 10.0) -> bool:
    """Whether the relay ended the run; what it tells comes on another way than its hang-up."""
    deadline_s = time.monotonic() + timeout_s
    while handle.ended is None and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return handle.ended is not None


def settle(client: Careless, gateway: EvilGateway) -> None:
    """Return once whatever the relay forwarded of this client has reached the gateway.

    A question goes the same way as the bytes in doubt and is answered behind them; where the
    relay hung up, its own connection to the gateway has ended.
    """
    try:
        client.ask(ReqCurrentTime())
        client.until("49")
    except Closed:
        gateway.wait(
            lambda g: all(h.ended for h in g.heard if h.client_id == client.client_id),
            "that the client's connection is over",
        )
