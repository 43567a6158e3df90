"""Exercise of options and binding of orders: 21, answer 100."""

from __future__ import annotations

from pytest_ibkr.wire.declare import (
    BOOL,
    INT,
    TEXT,
    Message,
    embed,
    request,
    response,
    wire,
)
from pytest_ibkr.wire.messages.contract import C11, Contract
from pytest_ibkr.wire.versions import (
    CUSTOMER_ACCOUNT,
    MANUAL_EXERCISE_TIME,
    PROFESSIONAL_CUSTOMER,
)


@request(21, "exerciseOptions")
class ExerciseOptions(Message):
    """OUT 21. ``action`` 1 exercises, 2 lets lapse; ``quantity`` in contracts.

    The request id is the order id of the pseudo order it makes. ``override``: also when the
    option is out of the money. Source: ``exerciseOptions`` of ibapi 9.81 and 10.46.
    """

    layout: int = wire(INT, default=2)
    request_id: int = wire(INT)
    contract: Contract = embed(Contract, C11)
    action: int = wire(INT)
    quantity: int = wire(INT)
    account: str = wire(TEXT, default="")
    override: bool = wire(BOOL, default=False)
    manual_time: str = wire(TEXT, since=MANUAL_EXERCISE_TIME, default="")
    customer_account: str = wire(TEXT, since=CUSTOMER_ACCOUNT, default="")
    professional: bool = wire(BOOL, since=PROFESSIONAL_CUSTOMER, default=False)


@response(100)
class OrderBound(Message):
    """IN 100. An order entered by hand got an API order id, a negative one."""

    perm_id: int = wire(INT)
    client_id: int = wire(INT)
    order_id: int = wire(INT)
