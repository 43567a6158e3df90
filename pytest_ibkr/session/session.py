"""A session: endpoint, clock, journal, faults, account and conditions of one test."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from pytest_ibkr import limits
from pytest_ibkr.net.driver import SessionClock
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.session.faults import Faults, tradable
from pytest_ibkr.session.journal import SessionJournal
from pytest_ibkr.sim.engine import Engine

T = TypeVar("T")


class Session:
    """One test's conversation with the gateway.

    Attributes:
        host, port, client_id: all a program under test needs.
        env: the same as ``IBKR_HOST``, ``IBKR_PORT``, ``IBKR_CLIENT_ID``, ``IBKR_ACCOUNT``.
        clock: the virtual clock; ``sleep`` lets virtual time pass.
        journal: what crossed the wire. faults: what may go wrong on purpose.
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
        self.faults = Faults(server, engine)
        self.account = SessionAccount(self)
        self._server, self._on_close = server, on_close
        self._closed = False

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
        from pytest_ibkr.session.conditions import checked

        values = checked(conditions)

        def change() -> None:
            for name, value in values.items():
                setattr(self.engine.conditions, name, value)

        self.call(change)

    def pacing(self) -> dict[str, int]:
        """Return the highest messages-in-a-second of any client, and market-data lines held."""
        engine = self.engine
        return self.call(
            lambda: {
                "peak_messages_per_s": max(
                    [engine.peak_messages, *(meter.peak for meter in engine.meters.values())]
                ),
                "lines_in_use": engine.streams.lines_in_use(),
            }
        )

    def close(self) -> None:
        """End the session: the wall clock returns, a failure inside the gateway is raised.

        Raises:
            FaultNeverFired: a fault armed outside a ``with`` block was never met.
            GatewayError: the simulated gateway failed.
        """
        if self._closed:
            return
        self._closed = True
        try:
            self.faults.close()
        finally:
            self._on_close(self)


class SessionAccount:
    """The paper account of a session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @property
    def id(self) -> str:
        """The account's id, in the simulator's reserved range."""
        return self._session.engine.account_id

    def set_cash(self, cash: Decimal) -> None:
        """Set the account's cash, USD."""
        dollars = limits.amount("cash", cash)
        self._session.call(lambda: self._session.engine.accounts.set_cash(dollars))

    def add_position(
        self, instrument: str | int, quantity: int | Decimal, *, average_cost: Decimal
    ) -> None:
        """Put a position into the account as if it had always been there.

        Args:
            instrument: a symbol of the snapshot, or a conId; not an index.
            quantity: signed; whole shares or contracts.
            average_cost: dollars per share, for options per contract (multiplier included).
        """
        session, amount = self._session, limits.quantity(quantity)
        cost = limits.amount("average_cost", average_cost)

        def add() -> None:
            found = tradable(session.engine.world, instrument)
            session.engine.accounts.add_position(found, amount, average_cost=cost)

        session.call(add)

    def cash(self) -> Decimal:
        """Return cash, USD."""
        return self._session.call(lambda: self._session.engine.accounts.cash)

    def positions(self) -> dict[int, Decimal]:
        """Return signed quantities by conId; flat ones are absent."""
        return self._session.call(self._session.engine.accounts.quantities)
