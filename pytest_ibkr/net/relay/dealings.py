"""What the relay does at its gateway on its own account: look around, record, prove, clean up.

Everything here goes over the relay's own connections, never over a client's.
"""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_ibkr.errors import GatewayError, LiveRefused, UsageError
from pytest_ibkr.guard.accounts import PaperAccounts
from pytest_ibkr.guard.decision import Refuse
from pytest_ibkr.guard.trades import Baseline, Forwarded
from pytest_ibkr.net.link import Link
from pytest_ibkr.net.link_errors import LinkLost, LinkTimeout
from pytest_ibkr.net.relay.cleanup import Upstream, clean_up
from pytest_ibkr.net.relay.comparison import compare, take_baseline
from pytest_ibkr.net.relay.ledger import Ledger, LedgerFull, unfinished
from pytest_ibkr.net.relay.leftovers import finish_leftovers
from pytest_ibkr.net.relay.lock import RunLock, RunLocked
from pytest_ibkr.net.relay.own_session import ASK_S, OwnSession, unreachable
from pytest_ibkr.net.relay.probe import probe
from pytest_ibkr.net.relay.spec import RelayFacts
from pytest_ibkr.net.relay.state_dir import state_directory
from pytest_ibkr.snapshot.redact import mask_account, mask_accounts

if TYPE_CHECKING:
    from pytest_ibkr.net.relay.client_side import ClientSide
    from pytest_ibkr.net.relay.core import Relay
    from pytest_ibkr.wire.messages.executions import ExecutionData
    from pytest_ibkr.wire.messages.place_order import PlaceOrder


class Dealings:
    """The relay's own business with one gateway.

    Attributes:
        session: its own connection.
        ledger: of this run; None where no order can be placed.
    """

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self.session = OwnSession(relay)
        self.ledger: Ledger | None = None
        self._found = RelayFacts()
        self._baseline = Baseline()
        self._lock: RunLock | None = None
        self._disk = asyncio.Lock()
        self._first_order = True
        self._finishing: asyncio.Future[None] | None = None
        self._keeping: set[asyncio.Task[None]] = set()

    @property
    def facts(self) -> RelayFacts:
        """What was found at the start; the clock's drift is of now."""
        offset_s = self.session.offset_s
        drift_s = 0.0 if offset_s is None else offset_s - self._found.offset_s
        return dataclasses.replace(self._found, drift_s=drift_s)

    # -- start ---------------------------------------------------------------------------

    async def verify(self) -> RelayFacts:
        """Verify the gateway and look around; nobody is let in before.

        Raises:
            LiveRefused: endpoint, account or lock.
            GatewayUnreachable: nobody there, or nobody who gets ready.
        """
        spec = self._relay.spec
        link, served = await self.session.verify()
        try:
            await self._look_around(link, served)
        except (LinkLost, LinkTimeout) as exc:
            raise unreachable(f"{spec.host}:{spec.port}", str(exc)) from exc
        self.session.watch()
        return self.facts

    async def _look_around(self, link: Link, served: PaperAccounts) -> None:
        found = await probe(link, timeout_s=ASK_S)
        self._relay.offset_s = found.clock.offset_s
        one = served.ids[0] if len(served.ids) == 1 else None
        self._found = RelayFacts(
            accounts=tuple(map(mask_account, served.ids)),
            account=one,
            is_rehearsal=served.rehearsal,
            server_version=found.server_version,
            connection_time=found.connection_time,
            offset_s=found.clock.offset_s,
            farms=found.farms,
            read_only=found.read_only,
            next_order_id=found.next_order_id,
            round_trip_ms=found.clock.round_trip_ms,
            account_type=found.account_type,
            latency_ms=found.latency_ms,
            other={"net_liquidation": found.net_liquidation},
        )
        if one is not None and self._relay.spec.mode != "read":
            await self._prepare_orders(link, one)

    async def _prepare_orders(self, link: Link, account: str) -> None:
        spec = self._relay.spec
        directory = self.directory
        try:
            self._lock = RunLock.take(directory, account=account, name=spec.name)
        except RunLocked as exc:
            raise LiveRefused(str(exc), rule="run.locked") from exc
        except UsageError as exc:
            raise LiveRefused(str(exc), rule="run.state") from exc
        self._finishing = asyncio.ensure_future(self._finish_earlier(directory, account))
        await asyncio.shield(self._finishing)
        self._baseline = await take_baseline(link, timeout_s=ASK_S)
        self.ledger = Ledger.begin(
            directory,
            account=account,
            endpoint=f"{spec.host}:{spec.port}",
            name=spec.name,
            baseline=self._baseline,
            flattens=spec.flatten and spec.mode == "tests",
        )

    async def _finish_earlier(self, directory: Path, account: str) -> None:
        """Clean up after runs that could not; what stays open blocks new orders."""
        relay = self._relay
        relay.run.open_ledger = bool(unfinished(directory, account))
        if relay.spec.mode != "tests":
            return
        if relay.run.open_ledger:
            relay.finishing()
        done = await finish_leftovers(
            self._upstream(account),
            directory,
            note=lambda text: relay.audit("cleanup", reason=text),
        )
        relay.run.open_ledger = bool(unfinished(directory, account))
        relay.audit("finished", reason=f"{len(done)} ledgers of earlier runs")
        others = tuple(each.as_dict() for each in done.values())
        self._found = dataclasses.replace(self._found, finished=others)

    def _upstream(self, account: str) -> Upstream:
        spec = self._relay.spec
        return Upstream(spec.host, spec.port, account, newest_version=spec.newest_version)

    @property
    def directory(self) -> Path:
        """Where locks and ledgers are."""
        given = self._relay.spec.state_dir
        return Path(given) if given else state_directory()

    # -- orders --------------------------------------------------------------------------

    def begin_test(self) -> None:
        """The next order is the first of its test."""
        self._first_order = True

    async def check(self, *, again: bool = False) -> Refuse | None:
        """Verify the account where an order needs it; return why it cannot go."""
        if not (again or self._first_order or self.session.unchecked):
            return None
        why = await self.session.check()
        self._first_order = why is not None
        return why

    async def record(self, client: ClientSide, order: PlaceOrder) -> Refuse | None:
        """Put an order on disk; return why it cannot be sent."""
        ledger = self.ledger
        if ledger is None or client.state.client_id is None:
            return _unrecorded("this run has no ledger", order.order_id)
        forwarded = Forwarded(
            client_id=client.state.client_id,
            order_id=order.order_id,
            action=order.action,
            quantity=order.quantity,
            contract=order.contract,
            order_type=order.order_type,
            limit_price=order.limit_price,
        )
        try:
            async with self._disk:  # a disk's time is not the other clients' time: in a thread
                await asyncio.get_running_loop().run_in_executor(None, ledger.order, forwarded)
        except LedgerFull as exc:
            return _unrecorded(str(exc).partition("\n")[0], order.order_id)
        return None

    def executed(self, execution: ExecutionData) -> None:
        """A gateway forgets executions at midnight: put one on disk, soon."""
        ledger = self.ledger
        if ledger is not None and execution.exec_id not in ledger.content.executions:
            task = asyncio.get_running_loop().create_task(self._keep(ledger, execution))
            self._keeping.add(task)
            task.add_done_callback(self._keeping.discard)

    async def _keep(self, ledger: Ledger, execution: ExecutionData) -> None:
        try:
            async with self._disk:
                await asyncio.get_running_loop().run_in_executor(None, ledger.execution, execution)
        except LedgerFull as exc:  # it is known to this process, and the gateway lists it today
            self._relay.audit("note", reason=str(exc).partition("\n")[0])

    async def prove(self) -> tuple[str, ...]:
        """Compare the account with what was forwarded; one sentence for each thing that did not
        pass the relay."""
        if self.ledger is None:
            return ()
        content = self.ledger.content
        try:
            link = await self.session.link()
            found, present = await compare(
                link,
                self._baseline,
                content.orders.values(),
                earlier=content.executions.values(),
                timeout_s=ASK_S,
            )
            async with self._disk:
                for each in present.executions:
                    self.ledger.execution(each)
        except (GatewayError, OSError) as exc:
            first = mask_accounts(str(exc)).partition("\n")[0]
            unknown = (
                f"what is on the account could not be compared with what was forwarded: {first}\n"
                "  state: nobody knows yet whether an order went around the relay\n"
                "  fix:   look at the account's executions and positions yourself"
            )
            return (unknown,)
        return tuple(mask_accounts(str(each)) for each in found)

    # -- end -----------------------------------------------------------------------------

    async def end(self) -> dict[str, Any]:
        """Stop watching, clean up, give the lock back; return what was done."""
        await self.session.stop_watching()
        done: dict[str, Any] = {}
        if self._finishing is not None:  # a closing order of it may work
            await asyncio.wait({self._finishing})
        try:
            async with self._disk:
                done = await self._clean_up()
        finally:
            if self.ledger is not None:
                self.ledger.release()
            await self.session.close()
            if self._lock is not None:
                self._lock.release()
        return done

    async def _clean_up(self) -> dict[str, Any]:
        spec, ledger, account = self._relay.spec, self.ledger, self.facts.account
        if ledger is None or account is None or not ledger.is_open:
            return {}
        found = await clean_up(
            self._upstream(account),
            ledger,
            cancels=spec.cancel,
            flattens=spec.flatten,
            note=lambda text: self._relay.audit("cleanup", reason=text),
        )
        return found.as_dict()


def _unrecorded(why: str, order_id: int) -> Refuse:
    fix = "make room for the ledger, or start the run again"
    return Refuse("order.ledger", f"the order is not on disk: {why}", fix, request_id=order_id)
