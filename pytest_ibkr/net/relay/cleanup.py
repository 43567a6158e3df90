"""Finishes a run by its ledger: cancels its orders, flattens what they opened, verifies, closes.

What it may trade is decided by ``guard.flatten``. Every account it meets must be the one the
ledger belongs to, on every connection it makes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from pytest_ibkr.errors import GatewayError
from pytest_ibkr.guard.flatten import Plan, Trade, plan, unaccounted
from pytest_ibkr.guard.trades import ZERO, Forwarded, Present, described
from pytest_ibkr.net.link import Link
from pytest_ibkr.net.link_errors import CLIENT_ID_IN_USE, LinkLost
from pytest_ibkr.net.relay.close_out import close_out
from pytest_ibkr.net.relay.comparison import read_account
from pytest_ibkr.net.relay.ledger import Ledger, LedgerFull
from pytest_ibkr.net.relay.recheck import same_accounts
from pytest_ibkr.net.relay.working_orders import cancel, own_open
from pytest_ibkr.snapshot.redact import mask_accounts
from pytest_ibkr.wire.versions import NEWEST_TEXT

_ROUNDS: Final = 3  # a position may move once more while it is being closed
_SETTLE_S: Final = 0.25
_READS: Final = 12
_LONGEST_WAIT_S: Final = 8.0


@dataclass(frozen=True, slots=True)
class Upstream:
    """The gateway a cleanup goes to.

    Attributes:
        account: the one account id, unmasked; anything else served stops the cleanup.
        id_wait_s: how long a client id may stay in use after its program died.
        patience_s: how long each closing price is given to fill.
    """

    host: str
    port: int
    account: str = field(repr=False)
    newest_version: int = NEWEST_TEXT
    timeout_s: float = 30.0
    id_wait_s: float = 120.0
    patience_s: float = 5.0


@dataclass(slots=True)
class Cleaned:
    """What a cleanup did; every text is masked.

    Attributes:
        cancelled: orders that worked and do not any more.
        flattened: what was traded, with its prices.
        left: what stays, why, and what to do.
        failed: what could not be done or found out.
        closed: whether the ledger is closed; an open one blocks new orders.
    """

    cancelled: list[str] = field(default_factory=list)
    flattened: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    closed: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "cancelled": list(self.cancelled),
            "flattened": list(self.flattened),
            "left": list(self.left),
            "failed": list(self.failed),
            "closed": self.closed,
        }


async def clean_up(
    upstream: Upstream,
    ledger: Ledger,
    *,
    cancels: bool = True,
    flattens: bool = True,
    attended: bool = False,
    note: Callable[[str], None] = lambda _text: None,
) -> Cleaned:
    """Finish a run; never raises for what a gateway does, it reports.

    Args:
        upstream: where the orders are.
        ledger: the run's own or a leftover; closed when nothing of the run is left, or only
            what must not be touched.
        cancels: whether working orders are cancelled.
        flattens: whether positions are closed.
        attended: whether a person reads what is reported. A position that may be what became of
            an order of unknown outcome keeps the ledger open until one has.
        note: told every step, masked.
    """
    work = _Cleanup(upstream, ledger, note, attended=attended)
    try:
        if cancels:
            await work.cancel_orders()
        await work.flatten_positions(allowed=flattens and ledger.content.header.flattens)
    except Exception as exc:  # whatever a gateway answers: what is left is told, nothing is lost
        work.fail(
            f"the cleanup stopped: {_said(exc)}; orders of this run may work, positions be open:"
            " start the gateway, then run pytest-ibkr close-positions --paper-trading --session"
            f" {ledger.path}"
        )
    finally:
        await work.hang_up()
    work.close()
    return work.done


class _Cleanup:
    def __init__(
        self, upstream: Upstream, ledger: Ledger, note: Callable[[str], None], *, attended: bool
    ) -> None:
        self._upstream, self._ledger, self._note = upstream, ledger, note
        self._attended = attended
        self._links: dict[int, Link] = {}
        self._waits = False  # something is left that a later finish can do
        self.done = Cleaned()

    # -- orders --------------------------------------------------------------------------

    async def cancel_orders(self) -> None:
        """Cancel what works, client id by client id; one that fails keeps none from the next."""
        for client_id in self._ledger.content.client_ids:
            try:
                await self._cancel_of(client_id)
            except Exception as exc:
                self.fail(f"orders of client {client_id} could not be cancelled: {_said(exc)}")

    async def _cancel_of(self, client_id: int) -> None:
        content, timeout_s = self._ledger.content, self._upstream.timeout_s
        sent = {key[1]: order for key, order in content.orders.items() if key[0] == client_id}
        link = await self._link(client_id)
        for each in await own_open(link, timeout_s=timeout_s):
            order = sent.get(each.order_id)
            if order is not None and not order.is_listed_as(each):
                del sent[each.order_id]
                self._leave(f"{order}: another order has its id now and is left alone", waits=False)
        open_ = {number for number, order in sent.items() if not self._filled(order)}
        gone, working = await cancel(link, set(sent), unlisted=open_, timeout_s=timeout_s)
        for order_id in sorted(gone):
            self._say(self.done.cancelled, f"cancelled {sent[order_id]}")
        for order_id in sorted(working):
            self._leave(f"{sent[order_id]} still works: cancel it in TWS", waits=True)

    def _filled(self, order: Forwarded) -> bool:
        """Whether executions that were seen are all of the order."""
        fills = self._ledger.content.executions.values()
        own = [each for each in fills if (each.client_id, each.order_id) == order.key]
        return sum((each.shares for each in own), ZERO) >= max(order.quantity, *order.earlier, ZERO)

    # -- positions -----------------------------------------------------------------------

    async def flatten_positions(self, *, allowed: bool) -> None:
        """Take back what this run's executions did, as far as the guard lets it."""
        if not self._ledger.content.orders:
            return
        tried: dict[int, str] = {}
        for _ in range(_ROUNDS):
            decided = await self._plan()
            open_ = [each for each in decided.trades if each.contract.con_id not in tried]
            if not open_:
                break
            for trade in open_:
                await self._trade(trade, tried, allowed=allowed)
        else:
            decided = await self._plan()
        self._report(decided, tried)

    async def _plan(self) -> Plan:
        """What is to be done now; a position that lags behind its executions is waited for."""
        ledger = self._ledger
        link = await self._any_link()
        for _ in range(_READS):
            present = await read_account(link, earlier=ledger.content.executions.values())
            self._keep(present)
            baseline, orders = ledger.content.header.baseline, ledger.content.orders
            decided = plan(baseline, present, orders)
            # A run that closes on purpose moves positions, and none is to be taken back.
            takes_back = ledger.content.header.flattens
            untold = unaccounted(baseline, present, orders.values() if takes_back else ())
            decided = Plan(decided.trades, (*decided.left, *untold))
            if not any(each.settles for each in decided.left):
                break
            await asyncio.sleep(_SETTLE_S)
        return decided

    def _keep(self, present: Present) -> None:
        try:
            for execution in present.executions:
                self._ledger.execution(execution)
        except LedgerFull as exc:
            self._waits = True
            self._note(mask_accounts(str(exc)))

    async def _trade(self, trade: Trade, tried: dict[int, str], *, allowed: bool) -> None:
        con_id = trade.contract.con_id
        if not allowed:
            tried[con_id] = "positions of this run are not taken back at its end"
            return
        try:
            outcome = await close_out(
                await self._any_link(),
                trade,
                account=self._upstream.account,
                before_send=lambda order: self._ledger.order(order, cleanup=True),
                patience_s=self._upstream.patience_s,
            )
        except Exception as exc:
            tried[con_id] = f"closing it failed: {_said(exc)}"
            self.fail(f"{described(trade.contract)}: {tried[con_id]}")
            await self.cancel_orders()  # its closing order may work
            return
        if outcome.filled:
            prices = ", ".join(map(str, outcome.prices))
            text = f"{trade.action} {outcome.filled} {described(trade.contract)} at {prices}"
            self._say(self.done.flattened, text)
        if outcome.why:
            tried[con_id] = outcome.why
            self._waits = True

    def _report(self, decided: Plan, tried: dict[int, str]) -> None:
        for left in decided.left:
            waits = left.unknown and not self._attended
            text = f"; when you have looked: {self._command()}" if waits else ""
            self._leave(f"{left}{text}", waits=waits)
        for trade in decided.trades:
            why = tried.get(trade.contract.con_id, "the position keeps moving")
            fix = f"close it in TWS, or when its market is open: {self._command()}"
            text = f"{described(trade.contract)} is left open ({-_signed(trade):+}): {why}"
            self._leave(f"{text}\n  fix:   {fix}", waits=trade.contract.con_id not in tried)

    # -- connections ---------------------------------------------------------------------

    async def _any_link(self) -> Link:
        for link in self._links.values():
            if not link.closed:
                return link
        return await self._link(self._ledger.content.client_ids[0])

    async def _link(self, client_id: int) -> Link:
        """A connection under this id; while the gateway holds the id of the dead one, wait."""
        known = self._links.get(client_id)
        if known is not None and not known.closed:
            return known
        deadline_s = asyncio.get_running_loop().time() + self._upstream.id_wait_s
        wait_s = 0.25
        while True:
            try:
                link = await self._open(client_id)
            except LinkLost as lost:
                over = asyncio.get_running_loop().time() + wait_s > deadline_s
                if lost.code != CLIENT_ID_IN_USE or over:
                    raise
                self._note(f"client id {client_id} is still in use: waiting")
            else:
                own = [each for client, each in self._ledger.content.orders if client == client_id]
                link.leave_out_order_ids(max(own, default=0))
                self._links[client_id] = link
                return link
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    async def _open(self, client_id: int) -> Link:
        upstream = self._upstream
        link = await Link.open(
            upstream.host,
            upstream.port,
            client_id=client_id,
            newest_version=upstream.newest_version,
            timeout_s=upstream.timeout_s,
        )
        if not same_accounts(link.accounts or "", upstream.account):
            await link.close()
            raise GatewayError(
                "the gateway serves another account now than the one the orders are on"
                "\n  state: nothing was cancelled or traded on it"
                f"\n  fix:   log it in with the paper user of that run, then {self._command()}"
            )
        return link

    async def hang_up(self) -> None:
        """Close every connection of this cleanup."""
        for link in self._links.values():
            await link.close()

    # -- words ---------------------------------------------------------------------------

    def fail(self, text: str) -> None:
        """Something could not be done: the ledger stays open."""
        self._waits = True
        self._say(self.done.failed, text)

    def close(self) -> None:
        """Close the ledger unless something waits for a later finish."""
        if self._waits:
            self._ledger.release()
            return
        try:
            self._ledger.close({**self.done.as_dict(), "closed": True})
            self.done.closed = True
        except (GatewayError, OSError) as exc:
            self.fail(f"the ledger could not be closed: {exc}")

    def _leave(self, text: str, *, waits: bool) -> None:
        self._waits = self._waits or waits
        self._say(self.done.left, text)

    def _say(self, words: list[str], text: str) -> None:
        masked = mask_accounts(text)
        words.append(masked)
        self._note(masked)

    def _command(self) -> str:
        path = self._ledger.path
        return f"pytest-ibkr close-positions --paper-trading --session {path}"


def _said(exc: Exception) -> str:
    return str(exc) if isinstance(exc, (GatewayError, OSError)) else f"{type(exc).__name__}: {exc}"


def _signed(trade: Trade) -> Decimal:
    return trade.quantity if trade.action == "BUY" else -trade.quantity
