"""Options at their end: exercised, assigned, settled in cash, or worthless.

The clearing house's rule: what is 0.01 or more in the money at the close is exercised, and every
short contract of it is assigned. Moment and messages are not evidenced; the defaults here are in
docs/how-to/replay-many-days.md. Imports the engine for types only.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pytest_ibkr.sim.calendar import Session
from pytest_ibkr.sim.combo import Combo
from pytest_ibkr.sim.fills import mark_price
from pytest_ibkr.sim.journal import Note
from pytest_ibkr.sim.positions import ZERO, Holding, exact

if TYPE_CHECKING:
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.engine import Engine

LEAST_IN_THE_MONEY: Final = Decimal("0.01")
_FIRST_QUOTE_S: Final = 1.0  # after the opening: an index is published once a second


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one position.

    Attributes:
        option: what was held.
        how: ``exercised``, ``assigned``, ``cash`` or ``worthless``.
        quantity: contracts, signed as they were held.
        price: of the underlying at the end, dollars per share; of a morning-settled option its
            opening price.
        shares: delivered, signed: positive came into the account; 0 without delivery.
    """

    option: Instrument
    how: str
    quantity: Decimal
    price: Decimal
    shares: Decimal = ZERO

    def __str__(self) -> str:
        name = " ".join(self.option.local_symbol.split())
        text = f"{name} {self.how}: {self.quantity:+f}, {self.option.symbol} at {self.price:f}"
        return f"{text}, {self.shares:+f} shares" if self.shares else text


class Expiry:
    """Settles what has expired.

    Attributes:
        settled: every position that was, oldest first.
        lapsed: contract ids whose holder gave up the right to exercise.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.settled: list[Settled] = []
        self.lapsed: set[int] = set()

    def settle(self) -> None:
        """Settle every option whose last session is over, and end the orders on them."""
        engine = self._engine
        session = engine.world.calendar.begun(engine.now_s)
        if session is None:
            return
        for order in engine.orders.open_orders():
            if has_ended(order.instrument, session):
                engine.orders.flow.cancel_now(order)
        for held in engine.accounts.ledger.open_holdings():
            if has_ended(held.instrument, session):
                self._settle(held, session)

    def exercise(self, option: Instrument, quantity: Decimal) -> Settled:
        """Exercise contracts now, at the holder's wish, whatever they are worth.

        Args:
            option: a long position in an option with delivery.
            quantity: contracts, > 0 and no more than are held.
        """
        price = mark_price(self._engine.market.quote(self._under(option), self._engine.now_s))
        return self._deliver(option, quantity, price or exact(option.strike), how="exercised")

    def _settle(self, held: Holding, session: Session) -> None:
        option, quantity = held.instrument, held.quantity
        price = self._price_at_end(option, session)
        if price is None:
            text = f"{option.local_symbol} expired and is not settled: no price of {option.symbol}"
            self._note(text)
            return
        worth = intrinsic(option, price)
        given_up = quantity > 0 and option.con_id in self.lapsed
        if worth < LEAST_IN_THE_MONEY or given_up:
            self._engine.accounts.expire(option, ZERO)
            self._keep(Settled(option, "worthless", quantity, price))
        elif self._under(option).sec_type == "IND":
            self._engine.accounts.expire(option, worth)
            self._keep(Settled(option, "cash", quantity, price))
        else:
            self._deliver(option, quantity, price, how="exercised" if quantity > 0 else "assigned")

    def _deliver(
        self, option: Instrument, quantity: Decimal, price: Decimal, *, how: str
    ) -> Settled:
        shares = self._engine.accounts.deliver(
            option, self._under(option), quantity=quantity, price=price
        )
        found = Settled(option, how, quantity, price, shares)
        self._keep(found)
        return found

    def _price_at_end(self, option: Instrument, session: Session) -> Decimal | None:
        """The last trade at the close of the option's last session; None: nothing is known.

        Morning-settled: the opening of the session after it, for want of the index's own
        settlement value.
        """
        market, under = self._engine.market, self._under(option)
        if option.am_settled:
            quote = market.quote(under, session.open_s + _FIRST_QUOTE_S)
            known = quote.open if quote.open is not None else quote.last
        else:
            last = self._engine.world.calendar.on(option.expiry) or session
            quote = market.quote(under, last.close_s)
            known = quote.last
        return mark_price(quote) if known is None else exact(known)

    def _under(self, option: Instrument) -> Instrument:
        return self._engine.world.book.underlying(option)

    def _keep(self, found: Settled) -> None:
        self.settled.append(found)
        self._note(str(found))

    def _note(self, text: str) -> None:
        engine = self._engine
        engine.journal.add(engine.now_s, 0, "note", Note(text))


def has_ended(option: Instrument, session: Session) -> bool:
    """Whether an option's last session is over once ``session`` is.

    A morning-settled one ends with the opening of the session after its last day, a combination
    with the first of its legs.
    """
    if isinstance(option, Combo):
        return any(has_ended(leg.instrument, session) for leg in option.legs)
    if option.sec_type != "OPT":
        return False
    return option.expiry < session.date or (option.expiry == session.date and not option.am_settled)


def intrinsic(option: Instrument, price: Decimal) -> Decimal:
    """What an option is worth at its end, dollars per share, >= 0."""
    strike = exact(option.strike)
    return max(ZERO, price - strike if option.right == "C" else strike - price)
