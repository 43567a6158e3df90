"""Whatever happens to orders, in whatever order: quantities, positions and cash agree."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import initialize, run_state_machine_as_test

from pytest_ibkr.sim.order_state import Status
from tests.sim.order_machine import OrderMachine

TestAnyInterleaving = OrderMachine.TestCase
TestAnyInterleaving.settings = settings(max_examples=40, stateful_step_count=30)


@pytest.mark.proof
class TestAnyLongInterleaving(OrderMachine.TestCase):
    """The same with more and longer stories."""

    settings = settings(max_examples=2_000, stateful_step_count=60)


class LosesACent(OrderMachine):
    """An account that rounds what it pays, broken on purpose."""

    @initialize()
    def begin(self) -> None:
        """The account forgets a cent of every trade."""
        super().begin()
        accounts = self.bench.engine.accounts
        book = accounts.trade
        accounts.trade = lambda trade: book(  # type: ignore[method-assign]
            replace(trade, commission=trade.commission - Decimal("0.01"))
        )


class WakesTheDead(OrderMachine):
    """A gateway whose filled orders become cancelled, broken on purpose."""

    @initialize()
    def begin(self) -> None:
        """A minute after anything, what is filled is said to be cancelled."""
        super().begin()

        def wake() -> None:
            for order in self.bench.engine.orders.book.all():
                if order.status is Status.FILLED:
                    order.status = Status.CANCELLED

        self.bench.engine.later(60.0, wake)


@pytest.mark.parametrize("broken", [LosesACent, WakesTheDead])
def test_counter_proof_a_broken_gateway_is_found(broken: type[OrderMachine]) -> None:
    few = settings(max_examples=60, stateful_step_count=30, phases=[Phase.generate])
    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(broken, settings=few)
