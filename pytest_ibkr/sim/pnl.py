"""reqPnL and reqPnLSingle: profit and loss of the account or of one contract, pushed on change.

Source: gateway-behaviour.md 2.1. Knows nothing of orders; the figures are ``day_pnl``'s and the
ledger's. No advisor's models exist here: asked for one, every figure stays unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.positions import ZERO, Holding
from pytest_ibkr.sim.refusal import Refusal, invalid
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.pnl import (
    CancelPnl,
    CancelPnlSingle,
    Pnl,
    PnlSingle,
    ReqPnl,
    ReqPnlSingle,
)

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.schedule import Timer

PUSH_S: Final = 1.0
# Outside the session nothing moves by itself: a look now and then sees quotes set by hand.
_CLOSED_PUSH_S: Final = 60.0


@dataclass(slots=True)
class _Watch:
    """One subscription; ``sent`` is the last row, None before the first."""

    request: ReqPnl | ReqPnlSingle
    sent: Pnl | PnlSingle | None = None


_Watches = dict[tuple["Client", int], _Watch]


class PnlDesk:
    """Answers 92 to 95."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._accounts: _Watches = {}
        self._singles: _Watches = {}
        self._timer: Timer | None = None
        engine.accounts.followers.append(self._position_changed)

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {
            ReqPnl: self.request,
            ReqPnlSingle: self.request_single,
            CancelPnl: self.cancel,
            CancelPnlSingle: self.cancel_single,
        }

    def client_gone(self, client: Client) -> None:
        """Forget a connection."""
        for watches in (self._accounts, self._singles):
            for key in [key for key in watches if key[0] is client]:
                del watches[key]

    def request(self, client: Client, message: ReqPnl) -> None:
        """Answer 94 and again whenever it changed, once a second at most.

        Raises:
            Refusal: 321 for an account that is not served, 102 when the id is in use.
        """
        self._subscribe(client, message, self._accounts)

    def request_single(self, client: Client, message: ReqPnlSingle) -> None:
        """Answer 95 for one contract, as :meth:`request`; an unknown contract is not held."""
        self._subscribe(client, message, self._singles)

    def cancel(self, client: Client, message: CancelPnl) -> None:
        """End a subscription, silently.

        Raises:
            Refusal: 10185 when there is none.
        """
        if self._accounts.pop((client, message.request_id), None) is None:
            raise Refusal(10185, "Failed to cancel PNL (not subscribed)")

    def cancel_single(self, client: Client, message: CancelPnlSingle) -> None:
        """End a subscription, silently.

        Raises:
            Refusal: 10186 when there is none.
        """
        if self._singles.pop((client, message.request_id), None) is None:
            raise Refusal(10186, "Failed to cancel PNL single (not subscribed)")

    def _subscribe(self, client: Client, message: ReqPnl | ReqPnlSingle, watches: _Watches) -> None:
        if not message.account:
            raise invalid("Account must not be empty")
        if message.account != self._engine.account_id:
            raise invalid("Invalid account code")
        key = client, message.request_id
        if key in watches:
            raise Refusal(102, "Duplicate ticker id")
        watch = watches[key] = _Watch(message)

        def answer() -> None:
            if watches.get(key) is watch:
                self._tell(client, watch)
                self._arm(PUSH_S)

        self._engine.owe(client, self._engine.conditions.latency.account_s, answer)

    # Pushing

    def _arm(self, delay_s: float) -> None:
        due_s = self._engine.now_s + delay_s
        if self._timer is not None:
            if self._timer.due_s <= due_s:
                return
            self._timer.cancel()
        self._timer = self._engine.later(delay_s, self._push)

    def _position_changed(self, instrument: Instrument, *, adopted: bool) -> None:
        if self._accounts or self._singles:
            self._arm(PUSH_S)

    def _push(self) -> None:
        self._timer = None
        for (client, _), watch in [*self._accounts.items(), *self._singles.items()]:
            if watch.sent is not None:
                self._tell(client, watch)
        if self._accounts or self._singles:
            self._arm(self._until_next())

    def _until_next(self) -> float:
        engine = self._engine
        if engine.market.is_open(engine.now_s):
            return PUSH_S
        opening_s = engine.world.calendar.next_open_s(engine.now_s)
        if opening_s is None:
            return _CLOSED_PUSH_S
        return max(PUSH_S, min(_CLOSED_PUSH_S, opening_s - engine.now_s))

    def _tell(self, client: Client, watch: _Watch) -> None:
        asked = watch.request
        row: Pnl | PnlSingle
        row = self._account_row(asked) if isinstance(asked, ReqPnl) else self._single_row(asked)
        if watch.sent is None and self._engine.conditions.late_pnl:
            row = _not_known_yet(row)
        if row != watch.sent:
            watch.sent = row
            client.send(row)

    # Figures

    def _account_row(self, asked: ReqPnl) -> Pnl:
        accounts = self._engine.accounts
        accounts.day.roll()
        if asked.model:
            return Pnl(request_id=asked.request_id, daily=None, unrealized=None, realized=None)
        daily: list[Decimal | None] = []
        unrealized: list[Decimal | None] = []
        realized: list[Decimal | None] = []
        for held in accounts.ledger.holdings.values():
            mark = self._mark(held)
            daily.append(accounts.day.daily(held, mark))
            unrealized.append(_unrealized(held, mark))
            realized.append(accounts.day.realized(held) or ZERO)
        return Pnl(
            request_id=asked.request_id,
            daily=_sum(daily),
            unrealized=_sum(unrealized),
            realized=_sum(realized),
        )

    def _single_row(self, asked: ReqPnlSingle) -> PnlSingle:
        accounts = self._engine.accounts
        accounts.day.roll()
        held = None if asked.model else accounts.ledger.holdings.get(asked.con_id)
        if held is None or not accounts.day.touched(held):
            return PnlSingle(
                request_id=asked.request_id,
                position=ZERO,
                daily=None,
                unrealized=None,
                realized=None,
                value=ZERO,
            )
        mark = self._mark(held)
        return PnlSingle(
            request_id=asked.request_id,
            position=held.quantity,
            daily=accounts.day.daily(held, mark),
            unrealized=_unrealized(held, mark),
            realized=accounts.day.realized(held),
            value=None if mark is None else held.market_value(mark),
        )

    def _mark(self, held: Holding) -> Decimal | None:
        return self._engine.accounts.mark(held.instrument) if held.quantity else ZERO


def _not_known_yet(row: Pnl | PnlSingle) -> Pnl | PnlSingle:
    """The row of a gateway that has not computed anything so far."""
    if isinstance(row, Pnl):
        return replace(row, daily=None, unrealized=None, realized=None)
    return replace(row, daily=None, unrealized=None, realized=None, value=None)


def _unrealized(held: Holding, mark: Decimal | None) -> Decimal | None:
    return None if mark is None else held.unrealized(mark)


def _sum(parts: list[Decimal | None]) -> Decimal | None:
    """A sum with an unknown part is unknown."""
    known = [part for part in parts if part is not None]
    return sum(known, ZERO) if len(known) == len(parts) else None
