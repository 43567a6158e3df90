"""Whether an account a request names is the one that is served; knows one account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_ibkr.sim.refusal import invalid

if TYPE_CHECKING:
    from pytest_ibkr.sim.engine import Engine


def require_account(engine: Engine, code: str) -> None:
    """Accept the code of the account served.

    Raises:
        Refusal: 321, as gateway-behaviour.md 2.1 has it for account downloads.
    """
    if not code:
        raise invalid("The account code is required for this operation.")
    if code != engine.account_id:
        raise invalid(f"Invalid account code '{code}'.")
