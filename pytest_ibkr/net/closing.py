"""Cancels and closes what is on a paper account, as a client of a relay in mode ``close``.

The relay's guard decides about every message of it: cancels pass, orders only reduce.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from pytest_ibkr.guard.flatten import Trade
from pytest_ibkr.guard.limits import Limits
from pytest_ibkr.guard.trades import ZERO, described
from pytest_ibkr.net.link import Link
from pytest_ibkr.net.relay.close_out import close_out
from pytest_ibkr.net.relay.comparison import open_orders, positions
from pytest_ibkr.net.relay.working_orders import cancel
from pytest_ibkr.wire.messages.account import Position
from pytest_ibkr.wire.messages.order_echo import OpenOrder

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What is open on the account, of every client and of TWS."""

    positions: tuple[Position, ...] = ()
    orders: tuple[OpenOrder, ...] = ()

    @property
    def flat(self) -> bool:
        """Whether there is nothing to do."""
        return not self.positions and not self.orders

    @property
    def cancellable(self) -> dict[int, set[int]]:
        """Order ids by client id; orders entered by hand have none and are left out."""
        ids: dict[int, set[int]] = {}
        for each in self.orders:
            if each.order_id > 0:
                ids.setdefault(each.client_id, set()).add(each.order_id)
        return ids

    def lines(self) -> list[str]:
        """One line for each, without ids of accounts."""
        said = [
            f"position  {each.position:+} {described(each.contract)}" for each in self.positions
        ]
        return said + [f"order     {order_text(each)}" for each in self.orders]


def order_text(order: OpenOrder) -> str:
    """An open order for people."""
    price = f" {order.limit_price}" if order.limit_price else ""
    by = f"client {order.client_id}" if order.order_id > 0 else "hand in TWS"
    what = f"{order.action} {order.quantity} {described(order.contract)} {order.order_type}{price}"
    return f"{what} (by {by})"


async def look(link: Link) -> Found:
    """List positions and open orders."""
    return Found(await positions(link), await open_orders(link))


async def cancel_all(link: Link, order_ids: Iterable[int]) -> frozenset[int]:
    """Cancel orders of this link's client id; return those that still work."""
    return (await cancel(link, set(order_ids)))[1]


async def close_all(
    link: Link,
    held: Iterable[Position],
    *,
    account: str,
    say: Say,
    limits: Limits | None = None,
    patience_s: float = 5.0,
) -> list[str]:
    """Close positions with marketable limits; return what could not be closed, and why.

    Args:
        link: of a relay in mode close, in a test that places orders.
        account: the verified account.
        say: told what is done.
        limits: of one order; larger positions take several.
        patience_s: how long each price is given to fill.
    """
    failed = []
    for each in held:
        left = abs(each.position)
        while left:
            trade = Trade(
                contract=each.contract,
                action="SELL" if each.position > 0 else "BUY",
                quantity=left,
                target=ZERO,
            )
            done = await close_out(
                link, trade, account=account, patience_s=patience_s, limits=limits or Limits()
            )
            left -= done.filled
            say(_said(trade, done.filled, done.prices))
            if done.why:
                failed.append(f"{each.position:+} {described(each.contract)}: {done.why}")
                break
    return failed


def _said(trade: Trade, filled: Decimal, prices: Iterable[Decimal]) -> str:
    tried = ", ".join(f"{price:f}" for price in prices) or "no price"
    return f"{trade.action} {filled} of {trade.quantity} {described(trade.contract)} at {tried}"
