"""The account served: its books, what they are worth, and who is told of positions.

Answers reqPositions; the keyed figures are ``account_updates`` and ``account_summary``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol

from pytest_ibkr.sim.account_summary import SummaryDesk
from pytest_ibkr.sim.account_updates import UpdatesDesk
from pytest_ibkr.sim.account_values import Figures
from pytest_ibkr.sim.calendar import date_of
from pytest_ibkr.sim.day_pnl import TradingDay
from pytest_ibkr.sim.fills import mark_price
from pytest_ibkr.sim.margin import Standing, Valuation, standing
from pytest_ibkr.sim.positions import ZERO, Holding, Ledger, Trade, exact
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.account import (
    CancelPositions,
    Position,
    PositionEnd,
    ReqPositions,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.engine import Engine

CURRENCY = "USD"
POSITIONS_DUE_S = 30.0  # gateway-behaviour.md 2.1
ADOPTED_S = 0.5  # until subscribers are told of a position that a test put into the account


class Follower(Protocol):
    """Is told whenever a position changed; ``adopted``: a test put it into the account."""

    def __call__(self, instrument: Instrument, *, adopted: bool) -> None: ...


class AccountDesk:
    """Cash, positions and their subscribers (gateway-behaviour.md 2.1 and 4).

    Args:
        engine: the session this account belongs to.
        cash: dollars at the start.
    """

    def __init__(self, engine: Engine, *, cash: Decimal) -> None:
        self._engine = engine
        self.ledger = Ledger(cash)
        self.day = TradingDay(engine, self.ledger)
        self.followers: list[Follower] = []
        self._gained = ZERO  # by the last day's end, on what was open then
        self._updates = UpdatesDesk(engine, self)
        self._summaries = SummaryDesk(engine, self)
        self._watching_positions: list[Client] = []
        self._listing: dict[Client, int] = {}  # lists of positions a client is still owed
        self._untold: dict[Client, set[int]] = {}  # contracts whose change it is still owed
        self._valuation = Valuation(self.mark, self._underlying_mark)

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {
            **self._updates.handlers(),
            **self._summaries.handlers(),
            ReqPositions: self.request_positions,
            CancelPositions: self.cancel_positions,
        }

    def client_gone(self, client: Client) -> None:
        """End the subscriptions of a connection."""
        self._updates.client_gone(client)
        self._summaries.client_gone(client)
        self._listing.pop(client, None)
        self._stop_watching(client)

    # What others ask of the account

    def trade(self, trade: Trade) -> Decimal | None:
        """Book a fill and tell the subscribers soon; return the realised P&L of its closing part.

        None means the trade only opened.
        """
        self.day.roll()
        realized = self.ledger.book(trade)
        self.day.booked(trade, closed=realized is not None)
        self._position_changed(trade.instrument)
        return realized

    def expire(self, option: Instrument, price: Decimal) -> None:
        """End a position in an option for its worth in cash, dollars per share; 0: for nothing."""
        self.trade(Trade(option, -self.ledger.quantity(option.con_id), price))

    def deliver(
        self, option: Instrument, stock: Instrument, *, quantity: Decimal, price: Decimal
    ) -> Decimal:
        """Exchange contracts for shares at the strike and tell the subscribers soon.

        Args:
            option: held, long or short.
            stock: what it is written on.
            quantity: contracts, signed as they are held.
            price: the stock's, dollars per share: how the day's P&L is shared between the two.

        Returns:
            The shares, signed: positive came into the account.
        """
        self.day.roll()
        shares, realized = self.ledger.deliver(option, stock, quantity=quantity)
        strike = exact(option.strike)
        worth = max(ZERO, price - strike if option.right == "C" else strike - price)
        paid = strike + worth if option.right == "C" else strike - worth
        self.day.booked(Trade(option, -quantity, worth), closed=False)
        self.day.booked(Trade(stock, shares, paid), closed=realized is not None)
        self._position_changed(option)
        self._position_changed(stock)
        return shares

    def close_day(self) -> None:
        """Keep what the account is worth as its day ends; ``day.roll`` begins the next one."""
        books = self.ledger.start + self.ledger.realized
        self._gained = self.standing().equity_with_loan - books

    @property
    def cash(self) -> Decimal:
        """Dollars of cash now, commissions paid."""
        return self.ledger.cash

    def quantities(self) -> dict[int, Decimal]:
        """Signed quantities held, by contract id; flat ones are absent."""
        return {held.instrument.con_id: held.quantity for held in self.ledger.open_holdings()}

    def set_cash(self, cash: Decimal) -> None:
        """Set the cash balance (a transfer: no P&L); subscribers are told."""
        self.ledger.start += cash - self.ledger.cash
        self.ledger.cash = cash
        self._updates.changed()

    def add_position(
        self, instrument: Instrument, quantity: Decimal, *, average_cost: Decimal
    ) -> None:
        """Give the account a position it had before the session.

        Args:
            instrument: what is held.
            quantity: signed shares or contracts.
            average_cost: dollars per share or contract, multiplier included.
        """
        self.day.adopted(instrument, quantity)
        self.ledger.adopt(instrument, quantity, average_cost=average_cost)
        self._position_changed(instrument, adopted=True)

    def standing(self, trades: Iterable[Trade] = ()) -> Standing:
        """Value the account now, as if ``trades`` had been done on top."""
        return standing(self.ledger, self._valuation, trades)

    def figures(self) -> Figures:
        """Return what the keyed rows are made of, now."""
        return Figures(
            account_id=self._engine.account_id,
            currency=CURRENCY,
            date=date_of(self._engine.now_s),
            start_equity=self.ledger.start + self._gained,
            realized=self.ledger.realized,
            standing=self.standing(),
            crypto=self._engine.conditions.crypto_segment,
        )

    def mark(self, instrument: Instrument) -> Decimal | None:
        """Return the price per share a position is valued at now; None: nothing is known."""
        engine = self._engine
        # Not engine.market_time: valuing a position is no meeting with a freeze fault.
        at_s = engine.conditions.frozen.get(instrument.symbol, engine.now_s)
        return mark_price(engine.market.quote(instrument, at_s))

    def _underlying_mark(self, instrument: Instrument) -> Decimal | None:
        return self.mark(self._engine.world.book.underlying(instrument))

    # Positions

    def request_positions(self, client: Client, _message: ReqPositions) -> None:
        """Answer 61 rows and 62, then a row per change until 64 comes.

        The list has what changed until it is sent: no row of it comes again by itself. Positions
        that are not known half a minute later either are answered by 2151.
        """
        engine, asked_s = self._engine, self._engine.now_s
        self._listing[client] = self._listing.get(client, 0) + 1
        self._untold.pop(client, None)

        def answer() -> None:
            late = not engine.conditions.positions_known
            if late and engine.now_s < asked_s + POSITIONS_DUE_S:
                engine.owe(client, asked_s + POSITIONS_DUE_S - engine.now_s, answer)
                return
            self._listing[client] -= 1
            if late:
                client.error(-1, 2151, "Positions info is not available yet")
                return
            rows = [self.position_row(held) for held in self.ledger.open_holdings()]
            client.send(*rows, PositionEnd())
            if client not in self._watching_positions:
                self._watching_positions.append(client)

        engine.owe(client, engine.conditions.latency.positions_s, answer)

    def cancel_positions(self, client: Client, _message: CancelPositions) -> None:
        """End the subscription, silently."""
        self._stop_watching(client)

    def _stop_watching(self, client: Client) -> None:
        self._untold.pop(client, None)
        if client in self._watching_positions:
            self._watching_positions.remove(client)

    def _position_changed(self, instrument: Instrument, *, adopted: bool = False) -> None:
        self._updates.changed()
        for follow in self.followers:
            follow(instrument, adopted=adopted)
        for client in self._watching_positions:
            untold = self._untold.setdefault(client, set())
            if self._listing.get(client) or instrument.con_id in untold:
                continue
            untold.add(instrument.con_id)
            self._plan_row(client, instrument, adopted=adopted)

    def _plan_row(self, client: Client, instrument: Instrument, *, adopted: bool) -> None:
        def tell() -> None:
            self._tell_position(client, instrument)

        if adopted:  # nobody waits for it, and a list asked for meanwhile shall have it alone
            self._engine.later(ADOPTED_S, tell)
        else:
            self._engine.owe(client, self._engine.conditions.latency.positions_s, tell)

    def _tell_position(self, client: Client, instrument: Instrument) -> None:
        untold = self._untold.get(client, set())
        if instrument.con_id in untold and client in self._watching_positions:
            untold.discard(instrument.con_id)
            client.send(self.position_row(self.ledger.holding(instrument)))

    def position_row(self, held: Holding) -> Position:
        """Return a holding as message 61 tells it."""
        instrument = held.instrument
        # Options and futures come without exchange, stocks with their listing (live capture).
        exchange = "" if instrument.sec_type == "OPT" else instrument.primary_exchange
        return Position(
            account=self._engine.account_id,
            contract=instrument.contract(exchange=exchange),
            position=held.quantity,
            average_cost=held.average_cost if held.quantity else ZERO,
        )
