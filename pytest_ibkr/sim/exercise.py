"""Exercise of options as a paper account answers it: checked, then refused by its server.

Source: gateway-behaviour.md 3.2 ("Exercise") and 4: paper accounts do not exercise. The condition
``exercise`` serves it: the request becomes a pseudo order under its own id, PreSubmitted and then
Filled. That sequence is not evidenced, and is no order of the book.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim.expiry import intrinsic
from pytest_ibkr.sim.fills import mark_price
from pytest_ibkr.sim.order_acceptance import FOREIGN_ACCOUNT
from pytest_ibkr.sim.order_entry import new_order
from pytest_ibkr.sim.order_state import Status
from pytest_ibkr.sim.refusal import failed, invalid, unknown_contract
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.exercise import ExerciseOptions
from pytest_ibkr.wire.messages.place_order import PlaceOrder

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.contracts import Instrument
    from pytest_ibkr.sim.engine import Engine

_EXERCISE, _LAPSE = 1, 2
REJECTED: Final = "Exercise/Lapse failed due to server rejection."
# The words of the checks before it are ours; that a bad request is a 321 is not evidenced either.
BAD_ACTION: Final = "Invalid exercise action"
BAD_QUANTITY: Final = "Invalid exercise quantity"


class ExerciseDesk:
    """Answers 21. By default nothing is exercised: no order appears, the position stays."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Return what this desk answers."""
        return {ExerciseOptions: self._exercise}

    def _exercise(self, client: Client, request: ExerciseOptions) -> None:
        engine = self._engine
        instrument = engine.world.book.resolve(request.contract)
        if instrument.sec_type not in ("OPT", "FOP"):
            raise unknown_contract()
        if request.action not in (_EXERCISE, _LAPSE):
            raise invalid(BAD_ACTION)
        if request.quantity <= 0:
            raise invalid(BAD_QUANTITY)
        if request.account not in ("", engine.account_id):
            raise invalid(FOREIGN_ACCOUNT)
        served = engine.conditions.exercise == "served" and self._may(request, instrument)
        engine.owe(
            client,
            engine.conditions.latency.ack_s,
            lambda: (
                self._serve(client, request, instrument)
                if served
                else client.refuse(request.request_id, failed(REJECTED))
            ),
        )

    def _may(self, request: ExerciseOptions, option: Instrument) -> bool:
        """Whether as many are held; out of the money only what overrides is exercised."""
        engine = self._engine
        if request.quantity > engine.accounts.ledger.quantity(option.con_id):
            return False
        if request.action == _LAPSE or request.override:
            return True
        under = engine.world.book.underlying(option)
        price = mark_price(engine.market.quote(under, engine.market_time(under)))
        return price is not None and intrinsic(option, price) > 0

    def _serve(self, client: Client, request: ExerciseOptions, option: Instrument) -> None:
        engine = self._engine
        book, reports = engine.orders.book, engine.orders.flow.reports
        book.use_id(client.client_id, request.request_id)
        terms = PlaceOrder(
            order_id=request.request_id,
            contract=request.contract,
            action="BUY",
            quantity=Decimal(request.quantity),
            order_type="MKT",
            legs=(),
            leg_prices=(),
            routing=(),
            algo_params=(),
            conditions=(),
        )
        pseudo = new_order(terms, option, client_id=client.client_id)
        pseudo.perm_id, pseudo.status = book.new_perm_id(), Status.PRE_SUBMITTED
        reports.pair(pseudo)
        if request.action == _EXERCISE:
            engine.expiry.exercise(option, terms.quantity)
        else:
            engine.expiry.lapsed.add(option.con_id)
        pseudo.filled, pseudo.status = terms.quantity, Status.FILLED
        reports.pair(pseudo)
