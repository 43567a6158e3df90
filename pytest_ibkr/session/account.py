"""The paper account as a test's author holds it: cash and positions, read and set."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_ibkr import limits
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.session.instruments import Named, instrument_of, tradable

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine


class SessionAccount:
    """The paper account of a session."""

    def __init__(self, server: GatewayServer, engine: Engine) -> None:
        self._server, self._engine = server, engine

    @property
    def id(self) -> str:
        """The account's id, in the simulator's reserved range."""
        return self._engine.account_id

    def set_cash(self, cash: Decimal) -> None:
        """Set the account's cash, USD; a transfer, no profit."""
        dollars = limits.amount("cash", cash)
        self._server.call(lambda: self._engine.accounts.set_cash(dollars))

    def add_position(
        self, instrument: Named, quantity: int | Decimal, *, average_cost: Decimal
    ) -> None:
        """Put a position into the account as if it had always been there.

        A client that watches positions is told half a virtual second later, unless it asks for
        them before.

        Args:
            instrument: a symbol of the snapshot, a conId or a contract; not an index.
            quantity: signed; whole shares or contracts.
            average_cost: dollars per share, for options per contract (multiplier included).

        Raises:
            UsageError: nobody can hold that, or a quantity or cost that cannot be.
        """
        amount = limits.quantity(quantity)
        cost = limits.amount("average_cost", average_cost)

        def add() -> None:
            found = tradable(self._engine.world, instrument)
            self._engine.accounts.add_position(found, amount, average_cost=cost)

        self._server.call(add)

    def cash(self) -> Decimal:
        """Return cash, USD."""
        return self._server.call(lambda: self._engine.accounts.cash)

    def position(self, instrument: Named) -> Decimal:
        """Return the signed quantity of one instrument; 0 when it is flat."""

        def read() -> Decimal:
            found = instrument_of(self._engine.world, instrument)
            return self._engine.accounts.ledger.quantity(found.con_id)

        return self._server.call(read)

    def positions(self) -> dict[int, Decimal]:
        """Return signed quantities by conId; flat ones are absent."""
        return self._server.call(self._engine.accounts.quantities)
