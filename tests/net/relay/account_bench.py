"""A simulated paper gateway over TCP, and small programs that trade on it by hand."""

from __future__ import annotations

from decimal import Decimal

from pytest_ibkr.guard.trades import Forwarded
from pytest_ibkr.net.link import Link
from pytest_ibkr.net.relay.cleanup import Upstream
from pytest_ibkr.net.relay.comparison import open_orders, positions, take_baseline
from pytest_ibkr.net.relay.ledger import Ledger
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.place_order import PlaceOrder

PAPER = "DU" + "7654321"  # of a kind real accounts have; composed: no file names one
SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
QQQ = Contract(symbol="QQQ", sec_type="STK", exchange="SMART", currency="USD")
FAR = Decimal("1.00")  # nobody sells there


def order(
    link: Link,
    contract: Contract,
    action: str,
    quantity: int,
    *,
    limit: Decimal | None = None,
    order_id: int | None = None,
) -> PlaceOrder:
    """A plain order of a program."""
    return PlaceOrder(
        order_id=link.take_order_id() if order_id is None else order_id,
        contract=contract,
        action=action,
        quantity=Decimal(quantity),
        order_type="MKT" if limit is None else "LMT",
        limit_price=limit,
        tif="DAY",
        account=PAPER,
    )


def forwarded(link: Link, placed: PlaceOrder) -> Forwarded:
    """The order as a relay would note it."""
    return Forwarded(
        client_id=link.client_id,
        order_id=placed.order_id,
        action=placed.action,
        quantity=placed.quantity,
        contract=placed.contract,
        order_type=placed.order_type,
        limit_price=placed.limit_price,
    )


async def place(link: Link, placed: PlaceOrder, *, status: str) -> None:
    """Send an order and wait until the gateway says this of it."""
    async with link.stream(kinds=(OrderStatus,)) as heard:
        await link.send(placed)
        await heard.next(
            lambda said: (said.order_id, said.status) == (placed.order_id, status), timeout_s=15
        )


class Run:
    """A run with a ledger: what it sends is noted as the relay does."""

    def __init__(self, gateway, session, directory) -> None:
        self.gateway, self.session, self.directory = gateway, session, directory
        self.upstream = self.within()

    def within(self, *, account: str = PAPER, id_wait_s: float = 20.0) -> Upstream:
        """The gateway as a cleanup goes to it."""
        return Upstream(
            self.gateway.host, self.gateway.port, account, patience_s=0.5, id_wait_s=id_wait_s
        )

    async def link(self, client_id: int) -> Link:
        """A program's connection."""
        return await Link.open(self.gateway.host, self.gateway.port, client_id=client_id)

    async def begin(self, link: Link, *, flattens: bool = True) -> Ledger:
        """The ledger of a run that begins now."""
        return Ledger.begin(
            self.directory,
            account=PAPER,
            endpoint=f"{self.gateway.host}:{self.gateway.port}",
            name="a run",
            baseline=await take_baseline(link),
            flattens=flattens,
        )

    async def send(
        self,
        link: Link,
        ledger: Ledger,
        contract: Contract,
        action: str,
        quantity: int,
        *,
        status: str,
        limit: Decimal | None = None,
    ) -> PlaceOrder:
        """Note an order, send it, wait for this status of it."""
        placed = order(link, contract, action, quantity, limit=limit)
        ledger.order(forwarded(link, placed))
        await place(link, placed, status=status)
        return placed

    async def held(self) -> dict[str, Decimal]:
        """What the account holds, by symbol."""
        async with await self.link(7998) as link:
            return {each.contract.symbol: each.position for each in await positions(link)}

    async def working(self) -> set[tuple[int, int]]:
        """Client and order ids of what works."""
        async with await self.link(7998) as link:
            return {(each.client_id, each.order_id) for each in await open_orders(link)}
