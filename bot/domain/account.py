"""Account facts: balance, positions. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bot.domain.contracts import Contract


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountBalance:
    """Balances of a completed account summary, in ``currency``; None where no row came."""

    total_cash_value: Decimal | None
    buying_power: Decimal | None
    net_liquidation: Decimal | None
    currency: str
    available_funds: Decimal | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountInfo:
    """Which account this is. ``account_type`` is the legal form (INDIVIDUAL …); it is
    the same word for paper and live accounts and proves nothing."""

    account_id: str
    account_type: str
    accounts: tuple[str, ...]
    server_version: int
    next_order_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """Holdings in one contract; ``quantity`` is negative when short.

    ``avg_cost`` is per *contract* in dollars: for options it includes the multiplier
    and commissions (a put sold at 21.0063 reads 2100.63). ``avg_price`` is per share. Both
    are None where the gateway did not say.
    """

    contract: Contract
    quantity: Decimal
    avg_cost: Decimal | None
    account: str

    @property
    def avg_price(self) -> Decimal | None:
        """Average cost in dollars per share."""
        return None if self.avg_cost is None else self.avg_cost / (self.contract.multiplier or 1)

    @property
    def symbol(self) -> str:
        """The underlying's symbol."""
        return self.contract.symbol

    @property
    def right(self) -> str:
        """``C``, ``P`` or ``""``."""
        return self.contract.right
