"""A session: endpoint, clock, journal, faults, account and conditions of one test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.driver import SessionClock
from pytest_ibkr.net.eventloop import refuse_on_running_loop
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.session.account import SessionAccount
from pytest_ibkr.session.assertions import WITHIN_S, Expected, OrderAssertions
from pytest_ibkr.session.contracts import SessionContracts
from pytest_ibkr.session.faults import Faults
from pytest_ibkr.session.journal import SessionJournal
from pytest_ibkr.session.market import SessionMarket
from pytest_ibkr.session.news import SessionNews
from pytest_ibkr.session.orders import SessionOrders
from pytest_ibkr.session.replaying import refuse_unexpected, replay_of
from pytest_ibkr.session.weather import SessionWeather
from pytest_ibkr.session.while_open import refuse_when_over, while_open
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.journal import Entry

T = TypeVar("T")


class Session:
    """One test's conversation with the gateway.

    Attributes:
        host, port, client_id: all a program under test needs.
        env: the same as ``IBKR_HOST``, ``IBKR_PORT``, ``IBKR_CLIENT_ID``, ``IBKR_ACCOUNT``.
        clock: the virtual clock; ``sleep`` lets virtual time pass.
        journal: what crossed the wire. faults: what may go wrong on purpose.
        weather: the same as named scenarios.
        market, orders, account, news: what a test may script.
        contracts: what can be traded beside the snapshot's instruments.
    """

    def __init__(
        self,
        name: str,
        server: GatewayServer,
        engine: Engine,
        *,
        client_id: int,
        on_close: Callable[[Session], None],
    ) -> None:
        self.name, self.host, self.port = name, server.host, server.port
        self.client_id, self.engine = client_id, engine
        self.clock = SessionClock(server)
        self.journal = SessionJournal(server, engine)
        self.faults, self.weather = Faults(server, engine), SessionWeather(server, engine)
        self._closed = False
        mine = while_open(server, name, lambda: self._closed)
        self.market = SessionMarket(mine, engine)
        self.orders = SessionOrders(mine, engine, client_id=client_id)
        self.account = SessionAccount(mine, engine)
        self.contracts = SessionContracts(mine, engine)
        self.news = SessionNews(mine, engine)
        self._assertions = OrderAssertions(mine, engine, self.clock)
        self._server, self._on_close = server, on_close

    @property
    def env(self) -> dict[str, str]:
        """Return the environment a child process needs."""
        return {
            "IBKR_HOST": self.host,
            "IBKR_PORT": str(self.port),
            "IBKR_CLIENT_ID": str(self.client_id),
            "IBKR_ACCOUNT": self.engine.account_id,
        }

    def call(self, action: Callable[[], T]) -> T:
        """Run ``action`` on the gateway's thread, between two of its steps."""
        return self._server.call(action)

    def configure(self, **conditions: Any) -> None:
        """Change conditions of the gateway by name (``entitlement="delayed"``, …).

        Raises:
            UsageError: no condition has that name, or it cannot have that value.
        """
        from pytest_ibkr.session.conditions import check_symbols, checked

        values = checked(conditions)
        refuse_when_over(self.name, over=self._closed)

        def change() -> None:
            check_symbols(values, self.engine.world.book)
            for name, value in values.items():
                setattr(self.engine.conditions, name, value)

        self.call(change)

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

        Virtual time walks while nothing comes, as in ``clock.wait``. The failure says why the
        order is where it is, what its client was told, what crossed the wire, and whether a
        client did not read its socket. It comes at once when the status cannot be reached any
        more.

        Args:
            order_id: as its client knows it.
            status: ``"Filled"``, ``"Submitted"``, … as messages print it.
            within_s: virtual seconds.
            client_id: whose order; default the session's client, or the only other one that has
                an order of that id.
            since: an entry of the journal, or its serial: only what comes after it counts, as
                after a modification: ``since=ibkr.journal.newest_serial()``.

        Raises:
            OrderNotReached: an ``AssertionError``.
            UsageError: no status is called that, several clients have such an order, or an event
                loop runs on this thread.
        """
        refuse_on_running_loop("ibkr.assert_order_reaches", twin="ibkr.await_order_reaches")
        asked = {"within_s": within_s, "client_id": client_id, "since": since}
        return self._assertions.reaches(self._expected(order_id, status, **asked))

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
        asked = {"within_s": within_s, "client_id": client_id, "since": since}
        return await self._assertions.areaches(self._expected(order_id, status, **asked))

    def _expected(self, order_id: int, status: str, **asked: Any) -> Expected:
        return self._assertions.expected(order_id, status, usual=self.client_id, **asked)

    def replay(self, path: str | Path) -> None:
        """Let a recording answer instead of the simulated gateway, from now on.

        Clients that connect agree on the recording's server version. The test fails at its end
        when its program asked for what the recording does not have.

        Args:
            path: a recording that ``--ibkr-record`` or ``pytest-ibkr log import`` made.

        Raises:
            UsageError: no such recording, or a client is connected already.
        """
        refuse_when_over(self.name, over=self._closed)
        replay = replay_of(self.engine, path)

        def begin() -> None:
            if self.engine.clients:
                raise UsageError("replay() comes before the program connects: one is connected")
            self.engine.replay = replay
            self._server.newest_version = replay.version

        self.call(begin)

    def pacing(self) -> dict[str, int]:
        """What clients took of the gateway's limits: counts, and bytes of output that waited.

        Bytes wait once the client's and the gateway's operating systems hold all they can.
        """
        engine = self.engine
        return self.call(
            lambda: {
                "peak_output_bytes": max([0, *(each.most_waiting for each in engine.opened)]),
                "output_overflows": sum(each.overflows for each in engine.opened),
                "peak_messages_per_s": max(
                    [engine.peak_messages, *(meter.peak for meter in engine.meters.values())]
                ),
                "lines_in_use": engine.streams.lines_in_use(),
            }
        )

    def close(self) -> None:
        """End the session: the wall clock returns, a failure inside the gateway is raised.

        Raises:
            FaultNeverFired: a fault or weather armed outside a ``with`` block was never met.
            NotInRecording: a replayed recording was asked for what it does not have.
            GatewayError: the simulated gateway failed.
        """
        if self._closed:
            return
        self._closed = True
        try:
            self.faults.close()
            self.weather.close()
            if self.engine.replay is not None:
                refuse_unexpected(self.engine.replay, self.name)
        finally:
            self._on_close(self)
