"""The relay's own connection to its gateway: opened, verified, watched, made anew."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from pytest_ibkr.errors import GatewayError, GatewayUnreachable, LiveRefused
from pytest_ibkr.guard import accounts, answers, endpoint
from pytest_ibkr.guard.accounts import PaperAccounts
from pytest_ibkr.guard.decision import EndRun, Refuse
from pytest_ibkr.net.link import Link
from pytest_ibkr.net.link_errors import CLIENT_ID_IN_USE, LinkLost, LinkTimeout
from pytest_ibkr.net.relay.comparison import open_orders
from pytest_ibkr.net.relay.probe import ClockReading
from pytest_ibkr.net.relay.recheck import AccountsChanged, keep_watch, recheck
from pytest_ibkr.snapshot.redact import mask_account, mask_accounts
from pytest_ibkr.wire.codec import Raw
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.session import ManagedAccounts

if TYPE_CHECKING:
    from pytest_ibkr.net.relay.core import Relay

ASK_S: Final = 10.0
_OWN_IDS: Final = 5  # client ids tried from the top of the range
_RECONNECT_S: Final = 5.0


class OwnSession:
    """One session under a client id that no program gets.

    Attributes:
        client_id: of the session; None before the first.
        offset_s: gateway clock minus ours, as read last; None before the first reading.
        unchecked: whether it was made anew since the accounts were checked.
    """

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self.client_id: int | None = None
        self.offset_s: float | None = None
        self.unchecked = True
        self._link: Link | None = None
        self._verified = ""
        self._watch: asyncio.Task[None] | None = None
        self._linking = asyncio.Lock()

    async def verify(self) -> tuple[Link, PaperAccounts]:
        """Connect and prove that the accounts are paper; nothing is asked before.

        Raises:
            LiveRefused: the endpoint or the accounts.
            GatewayUnreachable: nobody there, or nobody who gets ready.
        """
        spec, run = self._relay.spec, self._relay.run
        refuse = endpoint.judge(
            spec.host,
            spec.port,
            extra_paper_ports=spec.extra_paper_ports,
            listed_hosts=spec.listed_hosts,
            account=spec.expected_account,
        )
        if refuse is not None:
            raise _refused(refuse)
        link = self._link = await self._open()
        served = accounts.judge(link.accounts or "")
        if isinstance(served, Refuse):
            raise _refused(served)
        self._verified, run.accounts = link.accounts or "", served.ids
        for account in served.ids:
            self._relay.log.secrets[account] = mask_account(account)
        return link, served

    def watch(self) -> None:
        """Check the accounts and read the clock from now on."""
        self._watch = asyncio.get_running_loop().create_task(self._keep_watch())
        self._watch.add_done_callback(self._watched)

    async def link(self) -> Link:
        """The connection, alive; a new one is verified like the first.

        Raises:
            AccountsChanged: it serves others now.
            GatewayError: it cannot be had.
        """
        async with self._linking:
            if self._link is None or self._link.closed:
                self.unchecked = True
                link = await self._open()
                served = accounts.judge(link.accounts or "")
                if isinstance(served, Refuse) or served.ids != self._relay.run.accounts:
                    await link.close()
                    raise AccountsChanged("the gateway serves other accounts after a reconnect")
                self._link = link
            return self._link

    async def check(self) -> Refuse | None:
        """Verify the accounts again; return why no order can go now. A change ends the run."""
        try:
            link = await self.link()
            await recheck(link, self._verified, timeout_s=ASK_S)
            await self._learn_orders(link)
        except AccountsChanged as exc:
            self._changed(exc)
            return Refuse("account.changed", _first_line(exc), "start again")
        except (GatewayError, OSError) as exc:
            return Refuse(
                "account.unverified",
                f"the account could not be verified before this order: {_first_line(exc)}",
                "see that the gateway answers; orders pass again once it does",
            )
        self.unchecked = False
        return None

    async def _learn_orders(self, link: Link) -> None:
        """Let the guard know which orders and groups are not this run's."""
        orders = self._relay.run.orders
        for each in await open_orders(link, timeout_s=ASK_S):
            orders.echoed(each)

    async def stop_watching(self) -> None:
        """Check nothing any more."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.wait({self._watch})

    async def close(self) -> None:
        """Hang up."""
        if self._link is not None:
            await self._link.close()

    # -- inside --------------------------------------------------------------------------

    async def _open(self) -> Link:
        spec = self._relay.spec
        where, (first, last) = f"{spec.host}:{spec.port}", spec.client_ids
        lowest = max(first, last - _OWN_IDS + 1)
        for own in range(last, lowest - 1, -1):
            try:
                link = await Link.open(
                    spec.host,
                    spec.port,
                    client_id=own,
                    newest_version=spec.newest_version,
                    timeout_s=spec.handshake_timeout_s,
                    listener=self._hear,
                )
            except LinkLost as exc:
                if exc.code == CLIENT_ID_IN_USE:
                    continue
                raise unreachable(where, str(exc)) from exc
            except LinkTimeout as exc:
                raise unreachable(where, str(exc)) from exc
            self._relay.run.allowed_client_ids.discard(own)
            self.client_id = own
            return link
        raise GatewayUnreachable(
            f"client ids {lowest} to {last} are all in use at {where}"
            "\n  state: nothing was asked"
            "\n  fix:   end the other programs of this range, or restart the gateway"
        )

    def _hear(self, message: Message | Raw) -> None:
        """A gateway that names its accounts unasked is judged at once."""
        run = self._relay.run
        end = None
        if isinstance(message, Raw) and answers.reads_as_accounts(message.payload):
            end = answers.unreadable()
        elif isinstance(message, ManagedAccounts) and run.accounts is not None:
            end = answers.recheck(message.accounts, run)
        if end is not None:
            self._relay.end_run(end)

    async def _keep_watch(self) -> None:
        while True:
            try:
                await keep_watch(await self.link(), self._verified, on_reading=self._read)
            except AccountsChanged as exc:
                self._changed(exc)
                return
            except (GatewayError, OSError) as exc:
                reason = f"the relay's own connection: {_first_line(exc)}"
                self._relay.audit("note", reason=reason)
                await asyncio.sleep(_RECONNECT_S)

    def _watched(self, watch: asyncio.Task[None]) -> None:
        """A watch that broke watches nothing: nothing passes any more."""
        if not watch.cancelled() and (failure := watch.exception()) is not None:
            self._relay.failed(failure)

    def _read(self, reading: ClockReading) -> None:
        self.offset_s = reading.offset_s

    def _changed(self, exc: AccountsChanged) -> None:
        fix = "see who logged the gateway in, and with which user; then start again"
        self._relay.end_run(EndRun("account.changed", _first_line(exc), fix))


def unreachable(where: str, why: str) -> GatewayUnreachable:
    """The error that names the likely causes."""
    return GatewayUnreachable(
        f"no paper gateway is ready at {where}: {mask_accounts(why)}"
        "\n  state: nothing was asked, no order was sent"
        "\n  fix:   one of these is likely"
        "\n         1. TWS or IB Gateway does not run, is not logged in, or is restarting"
        "\n         2. its API is off or on another port: Configure, API, Settings, "
        '"Enable ActiveX and Socket Clients", socket port 4002 (Gateway) or 7497 (TWS)'
        "\n         3. it waits for somebody: a login, a second factor, or the question whether"
        " this program may connect (trusted IPs)"
    )


def _refused(refuse: Refuse) -> LiveRefused:
    text = f"{refuse.reason}\n  state: nothing was asked, nothing was sent\n  fix:   {refuse.fix}"
    return LiveRefused(mask_accounts(text), rule=refuse.rule)


def _first_line(exc: Exception) -> str:
    return mask_accounts(str(exc).partition("\n")[0])
