"""What a fill costs in commission and fees; pure arithmetic, may import nothing of the harness.

Synthetic constants, chosen so that every amount seen on a captured paper account comes out
(gateway-behaviour.md 3.2 and 3.8): 100 shares cost 1.0003, fills of 40, 40 and 20 shares of one
order cost 1.00012, 0.00012 and 0.00006, one option contract costs 0.76825, one
MES 0.62 (every future is charged that). Selling fees (SEC,
TAF) are not evidenced there and left out.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

STOCK_PER_SHARE: Final = Decimal("0.005")
STOCK_MINIMUM_PER_ORDER: Final = Decimal("1.00")
STOCK_FEES_PER_SHARE: Final = Decimal("0.000003")
OPTION_PER_CONTRACT: Final = Decimal("0.76825")
FUTURE_PER_CONTRACT: Final = Decimal("0.62")


def commission_of_fill(sec_type: str, *, before: Decimal, shares: Decimal) -> Decimal:
    """Commission in dollars of one fill of an order.

    Args:
        sec_type: ``OPT`` and ``FUT`` are charged per contract, everything else per share.
        before: quantity the same order had filled earlier, >= 0: the minimum is charged once.
        shares: quantity of this fill, shares or contracts, > 0.
    """
    if sec_type == "OPT":
        return OPTION_PER_CONTRACT * shares
    if sec_type == "FUT":
        return FUTURE_PER_CONTRACT * shares
    brokerage = _stock_brokerage(before + shares) - _stock_brokerage(before)
    return brokerage + STOCK_FEES_PER_SHARE * shares


def _stock_brokerage(shares: Decimal) -> Decimal:
    if not shares:
        return Decimal(0)
    return max(STOCK_MINIMUM_PER_ORDER, STOCK_PER_SHARE * shares)
