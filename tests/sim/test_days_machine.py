"""Whatever happens over days on which options end: account, orders and messages agree."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import initialize, run_state_machine_as_test

from tests.sim.days_machine import DaysMachine

TestDaysAndNights = DaysMachine.TestCase
TestDaysAndNights.settings = settings(max_examples=40, stateful_step_count=25)


@pytest.mark.proof
def test_a_thousand_weeks() -> None:
    run_state_machine_as_test(
        DaysMachine, settings=settings(max_examples=1_000, stateful_step_count=40)
    )


class LosesACentOfADelivery(DaysMachine):
    """A clearing house that keeps a cent of every delivery, broken on purpose."""

    @initialize()
    def begin(self) -> None:
        """Every delivery costs a cent."""
        super().begin()
        ledger = self.bench.engine.accounts.ledger
        deliver = ledger.deliver

        def dearer(*what: Any, **how: Any) -> tuple[Decimal, Decimal | None]:
            ledger.cash -= Decimal("0.01")
            return deliver(*what, **how)

        ledger.deliver = dearer  # type: ignore[method-assign]


def test_counter_proof_a_cent_lost_at_an_assignment_is_found() -> None:
    machine = LosesACentOfADelivery()
    machine.begin()
    call = machine._option((0, 1, "C")).contract(exchange="SMART")
    machine._place(1, "SELL", 1, contract=call)
    machine.time_passes(1000.0)
    machine.next_morning()
    machine.the_books_agree()
    machine.evening((23, 30))
    with pytest.raises(AssertionError):
        machine.the_books_agree()
