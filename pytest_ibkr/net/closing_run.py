"""One run of close-positions: its relays, what is asked, what is left at the end."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pytest_ibkr.errors import GatewayError, UsageError
from pytest_ibkr.guard.trades import described
from pytest_ibkr.net.closing import Found, Say, cancel_all, close_all, look, order_text
from pytest_ibkr.net.link import Link
from pytest_ibkr.net.link_errors import CLIENT_ID_IN_USE, LinkLost
from pytest_ibkr.net.relay.cleanup import Cleaned, Upstream
from pytest_ibkr.net.relay.leftovers import finish_leftovers
from pytest_ibkr.net.relay.lock import RunLock
from pytest_ibkr.net.relay.spec import FIRST_CLIENT_ID, LAST_CLIENT_ID, RelaySpec
from pytest_ibkr.net.relay.state_dir import state_directory
from pytest_ibkr.net.relay_handle import RelayHandle
from pytest_ibkr.snapshot.redact import mask_accounts

CLIENT_ID: Final = 7900
_OWN: Final = range(FIRST_CLIENT_ID, LAST_CLIENT_ID + 1)
_SPARE: Final = 5  # ids above a foreign one that the relay may take for itself
_WAITS_S: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class ClosingRun:
    """Lists, asks, cancels, closes, verifies.

    Args:
        spec: of the relay, mode ``close``.
        say: told what is found and done.
        sure: asked once, after everything was listed.
        patience_s: how long each price is given to fill.
        ledger: only what this run left behind; None: everything on the account.

    Attributes:
        flat: what to say when nothing is left.
    """

    def __init__(
        self,
        spec: RelaySpec,
        *,
        say: Say,
        sure: Callable[[], bool],
        patience_s: float = 5.0,
        ledger: Path | None = None,
    ) -> None:
        self._spec, self._say, self._sure = spec, say, sure
        self._patience_s, self._ledger = patience_s, ledger
        self.flat = "FLAT: no open order, no position"

    def run(self) -> list[str] | None:
        """Do it; return what is left, or None when the answer was no.

        Raises:
            LiveRefused, GatewayUnreachable, GatewayError: see ``RelayHandle.start``.
            UsageError: the ledger is none, or hours of the exchange are needed and not there.
        """
        if self._ledger is not None:
            return self._finish(self._ledger)
        with RelayHandle.start(self._spec) as relay:
            self._named(relay)
            found = asyncio.run(self._look(relay))
            if found.flat:
                return []
            for line in found.lines():
                self._say(line)
            if not self._sure():
                return None
            left = self._cancel(relay, found)
        with RelayHandle.start(self._spec) as relay:
            left += self._close(relay)
        return left

    # -- one ledger ----------------------------------------------------------------------

    def _finish(self, path: Path) -> list[str] | None:
        from pytest_ibkr.net.relay.ledger_lines import read

        if not path.is_file():
            raise UsageError(
                f"there is no ledger {path}\n  state: nothing was connected"
                "\n  fix:   the run that left it open named its path"
            )
        content = read(path)
        self._say(f"run {content.header.name!r} of {content.header.opened_at}")
        for order in content.orders.values():
            self._say(f"sent      {order}")
        if not self._sure():
            return None
        done = self._finish_verified(path)
        left: list[str] = []
        for each in done.values():
            left += [*each.left, *each.failed]
        self.flat = "DONE: nothing of that run is left"
        return left

    def _finish_verified(self, path: Path) -> dict[Path, Cleaned]:
        """Finish a ledger as the next start would, on the account a relay has verified."""
        spec = self._spec
        directory = Path(spec.state_dir) if spec.state_dir else state_directory()
        with RelayHandle.start(dataclasses.replace(spec, mode="read")) as relay:
            account = self._named(relay)
            upstream = Upstream(
                spec.host,
                spec.port,
                account,
                newest_version=spec.newest_version,
                patience_s=self._patience_s,
            )
            with RunLock.take(directory, account=account, name=spec.name):
                return asyncio.run(
                    finish_leftovers(
                        upstream, directory, paths=[path], attended=True, note=self._say
                    )
                )

    def _named(self, relay: RelayHandle) -> str:
        """The account that is served, which has to be the one that was named."""
        facts = relay.facts
        if facts.account is None or facts.account != self._spec.expected_account:
            served = mask_accounts(", ".join(facts.accounts))
            raise UsageError(
                f"the gateway serves {served}, and another account is named here"
                "\n  state: nothing was cancelled, nothing was traded"
                "\n  fix:   log it in with the paper user that is meant, or name its account"
            )
        return facts.account

    # -- everything ----------------------------------------------------------------------

    async def _look(self, relay: RelayHandle) -> Found:
        async with await self._link(relay, CLIENT_ID) as link:
            return await look(link)

    def _cancel(self, relay: RelayHandle, found: Found) -> list[str]:
        """Cancel orders, each under the client id that placed it; a foreign id needs a relay."""
        left = []
        own_first = sorted(found.cancellable.items(), key=lambda each: each[0] not in _OWN)
        for client_id, order_ids in own_first:
            try:
                if client_id in _OWN:
                    working = asyncio.run(self._cancel_of(relay, client_id, order_ids))
                else:
                    relay.stop()  # one run per account
                    working = self._cancel_foreign(client_id, order_ids)
            except GatewayError as exc:
                left.append(f"orders of client {client_id} could not be cancelled: {exc}")
            else:
                self._say(f"cancelled {len(order_ids) - len(working)} of client {client_id}")
        return left

    def _cancel_foreign(self, client_id: int, order_ids: set[int]) -> frozenset[int]:
        spec = dataclasses.replace(self._spec, client_ids=(client_id, client_id + _SPARE))
        with RelayHandle.start(spec) as relay:
            return asyncio.run(self._cancel_of(relay, client_id, order_ids))

    async def _cancel_of(
        self, relay: RelayHandle, client_id: int, order_ids: set[int]
    ) -> frozenset[int]:
        async with await self._link(relay, client_id) as link:
            return await cancel_all(link, order_ids)

    def _close(self, relay: RelayHandle) -> list[str]:
        relay.begin_test("close-positions", places_orders=True, market=_sessions(relay))
        account = relay.facts.account
        if account is None:
            return ["the gateway serves several accounts: close by hand"]
        left = asyncio.run(self._close_through(relay, account))
        relay.end_test()
        return left

    async def _close_through(self, relay: RelayHandle, account: str) -> list[str]:
        async with await self._link(relay, CLIENT_ID) as link:
            found = await look(link)
            why = await close_all(
                link, found.positions, account=account, say=self._say, patience_s=self._patience_s
            )
            after = await look(link)
        left = [f"{order_text(each)} still works: cancel it in TWS" for each in after.orders]
        for each in after.positions:
            left.append(f"{each.position:+} {described(each.contract)}: close it in TWS")
        return [*left, *why] if left else []

    async def _link(self, relay: RelayHandle, client_id: int) -> Link:
        """A connection; a gateway may hold the id of one that just ended for a while."""
        for wait_s in (*_WAITS_S, None):
            try:
                return await Link.open(
                    relay.host,
                    relay.port,
                    client_id=client_id,
                    newest_version=self._spec.newest_version,
                    timeout_s=self._spec.handshake_timeout_s,
                )
            except LinkLost as lost:
                if lost.code != CLIENT_ID_IN_USE or wait_s is None:
                    raise
                await asyncio.sleep(wait_s)
        raise AssertionError("the last try returns or raises")


def _sessions(relay: RelayHandle) -> list[tuple[float, float]]:
    """Sessions of the exchange around the gateway's own time."""
    from pytest_ibkr import market_hours

    return market_hours.stretches_s(relay.ask("now")["now_s"])
