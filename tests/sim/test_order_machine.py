"""Whatever happens to orders, in whatever order: quantities, positions and cash agree."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import ClassVar

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import initialize, run_state_machine_as_test

from pytest_ibkr.sim.order_state import Status
from tests.meta import proof
from tests.sim.order_machine import OrderMachine

COMMAND = "HYPOTHESIS_PROFILE=proof pytest -m proof tests/sim/test_order_machine.py"
CODE = ["pytest_ibkr/sim", "pytest_ibkr/wire"]
STORIES = 2_000

TestAnyInterleaving = OrderMachine.TestCase
TestAnyInterleaving.settings = settings(max_examples=30, stateful_step_count=30)


class Counting(OrderMachine):
    """Counts what happened in all stories together."""

    counted: ClassVar[Counter[str]] = Counter()

    def teardown(self) -> None:
        """Count, once everything was found in order."""
        super().teardown()
        if hasattr(self, "bench"):
            book = self.bench.engine.orders.book
            self.counted.update(stories=1, orders=len(book.all()), executions=len(book.executions))


@pytest.mark.proof
def test_two_thousand_long_interleavings() -> None:
    Counting.counted.clear()
    many = settings(max_examples=STORIES, stateful_step_count=60)
    run_state_machine_as_test(Counting, settings=many)
    counted = Counting.counted
    assert counted["stories"] >= STORIES
    proof.record(
        "order-machine", command=COMMAND, seed=None, numbers=dict(counted), code_paths=CODE
    )


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
