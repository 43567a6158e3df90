"""A live session: endpoint, clock, journal and faults of tests that meet a paper gateway.

The same names as ``Session`` has, where a gateway that is not ours can offer them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final, NoReturn, cast

from pytest_ibkr.errors import GatewayError
from pytest_ibkr.net.eventloop import refuse_on_running_loop
from pytest_ibkr.net.live_clock import LiveClock
from pytest_ibkr.net.live_mirror import Mirror, TapeReader
from pytest_ibkr.net.relay_handle import RelayHandle
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.session.assertions import WITHIN_S
from pytest_ibkr.session.journal import SessionJournal
from pytest_ibkr.session.live_faults import LiveFaults, simulator_only
from pytest_ibkr.session.live_orders import LiveOrders
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.journal import Entry
from pytest_ibkr.snapshot.redact import mask_accounts

SHARED_CLIENT_ID: Final = 7101  # of the connection that live tests share
_SIMULATED: Final = {
    "market": "take the market as it is, or leave the marker live away",
    "orders": "place real paper orders in a test marked places_orders",
    "account": "ask the gateway: reqAccountSummary, reqPositions",
    "contracts": "ask the gateway: reqContractDetails",
    "weather": "faults are made by the relay: ibkr.faults",
    "news": "ask the gateway: reqNewsBulletins, reqHistoricalNews",
    "engine": "ibkr.journal has what crossed the wire",
    "call": "ibkr.journal has what crossed the wire",
    "configure": "a paper gateway is configured in its own window",
    "replay": "replay is for runs without --live-gateway",
}


class LiveJournal(SessionJournal):
    """A session's journal: up to date when it is read, and its text names no account."""

    def __init__(self, mirror: Mirror, relay: RelayHandle) -> None:
        # The two parts of a gateway that a journal reads.
        served = SimpleNamespace(journal=mirror.journal)
        super().__init__(cast(GatewayServer, mirror), cast(Engine, served))
        self._relay = relay

    def entries(self) -> list[Entry]:
        """Return what is kept, oldest first, up to what the relay has seen by now."""
        with contextlib.suppress(GatewayError):  # of a relay that has ended all is here
            self._relay.ask("now")  # its answer comes after everything it saw before
        return super().entries()

    def timeline(self, last: int | None = 200, *, since: int = 0) -> str:
        """Return the wire as text, the exchange's times, account ids masked."""
        return mask_accounts(super().timeline(last, since=since))


class LiveSession:
    """What a live test holds.

    Attributes:
        host, port, client_id: all a program under test needs; the relay's endpoint.
        env: the same as ``IBKR_HOST``, ``IBKR_PORT``, ``IBKR_CLIENT_ID``, ``IBKR_ACCOUNT``.
        clock: the gateway's time, really flowing.
        journal: what crossed the wire since this session began.
        faults: what the relay may do to the program.
        relay: the relay itself.
        mirror: the journal as the relay's tape fills it.
    """

    is_live: Final = True

    def __init__(
        self, name: str, relay: RelayHandle, reader: TapeReader, *, client_id: int, clock: LiveClock
    ) -> None:
        self.name, self.host, self.port = name, relay.host, relay.port
        self.client_id, self.relay, self.clock = client_id, relay, clock
        self.mirror, self._reader = Mirror(), reader
        self.journal = LiveJournal(self.mirror, relay)
        self.faults = LiveFaults(relay)
        self._orders = LiveOrders(self.mirror, reader.clients, clock)
        self._closed = False
        reader.attach(self.mirror)

    @property
    def env(self) -> dict[str, str]:
        """Return the environment a child process needs; without an account when it has several."""
        account = self.relay.facts.account
        return {
            "IBKR_HOST": self.host,
            "IBKR_PORT": str(self.port),
            "IBKR_CLIENT_ID": str(self.client_id),
            **({"IBKR_ACCOUNT": account} if account else {}),
        }

    def assert_order_reaches(
        self,
        order_id: int,
        status: str,
        *,
        within_s: float = WITHIN_S,
        client_id: int | None = None,
        since: Entry | int = 0,
    ) -> Entry:
        """Assert that an order's client is told a status, past or to come; return that entry.

        Args:
            order_id: as its client knows it.
            status: ``"Filled"``, ``"Submitted"``, … as messages print it.
            within_s: real seconds.
            client_id: whose order; default the session's client.
            since: an entry of the journal, or its serial: only what comes after it counts.

        Raises:
            OrderNotReached: an ``AssertionError``; it says what the client was told.
            UsageError: no status is called that, or an event loop runs on this thread.
        """
        refuse_on_running_loop("ibkr.assert_order_reaches", twin="ibkr.await_order_reaches")
        whose = self.client_id if client_id is None else client_id
        return self._orders.reaches(
            self._orders.expected(order_id, status, within_s=within_s, client_id=whose, since=since)
        )

    async def await_order_reaches(
        self,
        order_id: int,
        status: str,
        *,
        within_s: float = WITHIN_S,
        client_id: int | None = None,
        since: Entry | int = 0,
    ) -> Entry:
        """Do the same as :meth:`assert_order_reaches` without blocking the running event loop."""
        whose = self.client_id if client_id is None else client_id
        return await self._orders.areaches(
            self._orders.expected(order_id, status, within_s=within_s, client_id=whose, since=since)
        )

    def versions(self) -> list[int]:
        """Return the server versions that its programs speak, ascending."""
        entries = self.mirror.call(lambda: list(self.mirror.journal.entries()))
        known = self._reader.versions
        return sorted({known[e.connection] for e in entries if e.connection in known})

    def pacing(self) -> dict[str, int]:
        """Return the highest messages-in-a-second of any client, and market-data lines held."""
        mirror = self.mirror
        return mirror.call(
            lambda: {
                "peak_messages_per_s": mirror.peak_messages_per_s,
                "lines_in_use": mirror.lines_in_use,
            }
        )

    def close(self) -> None:
        """End the session: its faults and its programs' connections; its journal stays as it is.

        What all live tests share stays connected.

        Raises:
            FaultNeverFired: a fault armed outside a ``with`` block was never met.
        """
        if self._closed:
            return
        self._closed = True
        try:
            self.faults.close()
        finally:
            if self.client_id != SHARED_CLIENT_ID:
                with contextlib.suppress(GatewayError):  # a relay that is gone has ended them all
                    self.relay.hang_up(keep=[SHARED_CLIENT_ID])
            self._reader.detach(self.mirror)

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        if name in _SIMULATED:
            raise simulator_only(f"ibkr.{name}", _SIMULATED[name])
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
