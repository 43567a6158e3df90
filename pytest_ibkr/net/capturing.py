"""A capture from begin to end: relay, link, one step per symbol, the file.

The relay is the only way to the gateway and lets no order through (mode ``read``). Decides
nothing about what is asked and what a snapshot holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from pytest_ibkr import market_hours
from pytest_ibkr.capture import assemble, plan, progress
from pytest_ibkr.capture.errors import CaptureFailed
from pytest_ibkr.capture.plan import Plan
from pytest_ibkr.capture.progress import Outcome, Saved
from pytest_ibkr.capture.symbol_parts import SymbolAnswers
from pytest_ibkr.errors import GatewayError, LiveRefused
from pytest_ibkr.guard import accounts as guard_accounts
from pytest_ibkr.guard.decision import Refuse
from pytest_ibkr.net.capture_course import QuoteDesk, SymbolCourse
from pytest_ibkr.net.link import Link
from pytest_ibkr.net.questions import Questions
from pytest_ibkr.net.relay.spec import RelaySpec
from pytest_ibkr.net.relay_handle import RelayHandle
from pytest_ibkr.snapshot import store
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.snapshot.redact import mask_account
from pytest_ibkr.wire.messages.account import (
    AccountSummary,
    AccountSummaryEnd,
    ReqAccountSummary,
)
from pytest_ibkr.wire.messages.market_data import ReqMarketDataType
from pytest_ibkr.wire.messages.session import CurrentTime, ReqCurrentTime

CLIENT_ID: Final = 7001
PAPER_HOST, PAPER_PORT = "127.0.0.1", 4002
_LIVE, _FROZEN = 1, 2
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where the paper gateway is; the relay judges whether it may be used.

    Attributes:
        extra_paper_ports: ports beside the known paper ones that the configuration lists.
        listed_hosts: hosts beside loopback that the configuration lists.
        account: the account expected there; None: any paper account.
        state_dir: for locks; None: the user's.
    """

    host: str = PAPER_HOST
    port: int = PAPER_PORT
    extra_paper_ports: tuple[int, ...] = ()
    listed_hosts: tuple[str, ...] = ()
    account: str | None = field(default=None, repr=False)
    state_dir: str | None = None


PAPER_GATEWAY: Final = Endpoint()


class Run:
    """One capture: ``connect``, ``symbol`` for each, ``finish``; ``close`` whatever happens.

    Runs its own event loop on the calling thread, and only inside these calls.

    Attributes:
        plan: what is captured.
        saved: the file; None until there is one.
        questions: counters of what was asked; None before ``connect``.
        on_progress: called with answered and expected questions.
    """

    def __init__(
        self,
        wanted: Plan,
        *,
        endpoint: Endpoint,
        directory: Path,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.plan = wanted
        self.saved: Saved | None = None
        self.questions: Questions | None = None
        self.on_progress: Callable[[int, int], None] = lambda _done, _total: None
        self._endpoint, self._directory, self._say = endpoint, directory, say
        self._runner: asyncio.Runner | None = None
        self._relay: RelayHandle | None = None
        self._link: Link | None = None
        self._answers = [SymbolAnswers(each) for each in wanted.underlyings]
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._account_type: str | None = None
        self._paper = guard_accounts.PaperAccounts(())
        self._quotes: QuoteDesk | None = None
        self._version = 0
        self._ended = False
        self._zero_s = 0.0  # gateway's epoch seconds minus the loop's time

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    @property
    def lost(self) -> str | None:
        """Why the connection ended; None while it is open, and before there was one."""
        return None if self.questions is None else self.questions.lost

    def now(self) -> datetime:
        """The gateway's clock, aware; known once connected."""
        return datetime.fromtimestamp(self._zero_s + self._loop().time(), UTC)

    # -- steps ---------------------------------------------------------------------------

    def connect(self) -> None:
        """Start the relay, prove that the account is paper, ask for its type.

        Raises:
            UsageError: the exchange's calendar is not installed; nothing was connected.
            LiveRefused: endpoint or account may not be used; nothing was asked.
            GatewayUnreachable: nobody answers there.
            CaptureFailed: connected, but the gateway does not say what it must.
        """
        market_hours.facts(0.0)  # a snapshot needs the calendar: say so before connecting
        store.check_scenario(self.plan.scenario)
        target = self._endpoint
        self._say(f"connecting to the paper trading gateway at {target.host}:{target.port}")
        self._relay = RelayHandle.start(
            RelaySpec(
                host=target.host,
                port=target.port,
                mode="read",
                expected_account=target.account,
                extra_paper_ports=target.extra_paper_ports,
                listed_hosts=target.listed_hosts,
                state_dir=target.state_dir,
                handshake_timeout_s=plan.READY_DEADLINE_S,
                name="capture",
            )
        )
        self._run(self._greet(self._relay.host, self._relay.port))

    def symbol(self, name: str) -> Outcome:
        """Wait until a symbol is done. The first call begins them all, in the plan's order."""
        if not self._tasks:
            self._run(self._begin())
        self._run(_waited(self._tasks[name]))
        found = progress.outcome(self._answer(name))
        self._say(found.text)
        return found

    def finish(self) -> Saved:
        """Disconnect, check and save; a capture that lost its connection is saved as partial.

        Raises:
            CaptureFailed: nothing came that a snapshot can be made of.
            SnapshotExists, OSError: it cannot be written; nothing was.
        """
        if not self._tasks:
            raise CaptureFailed("nothing was captured: no symbol was asked for")
        return self._save(broken_off=False)

    def close(self) -> None:
        """Disconnect; what a capture has that was not finished is saved as partial."""
        try:
            if not self._ended and any(each.details for each in self._answers):
                self._save(broken_off=True)
        except (GatewayError, OSError, ValueError) as exc:
            self._say(f"what there was could not be saved: {exc}")
        finally:
            self._hang_up()

    # -- inside --------------------------------------------------------------------------

    async def _greet(self, host: str, port: int) -> None:
        self._link = link = await Link.open(
            host,
            port,
            client_id=CLIENT_ID,
            timeout_s=plan.READY_DEADLINE_S,
            messages_per_s=None,  # Questions keeps the rate, without a bucket's bursts
        )
        self._check_paper(link.accounts or "")
        self.questions = Questions(link)
        total = progress.requests_of(self.plan)
        self.questions.on_answer = lambda: self.on_progress(self.questions_answered, total)
        await self._set_clock(link)
        self._account_type = await self._ask_account_type(self.questions)
        kind = _LIVE if assemble.market_session(self.now()) == "rth" else _FROZEN
        self._quotes = QuoteDesk(self.questions, data_type=kind)
        await self.questions.send(ReqMarketDataType(data_type=kind))

    @property
    def questions_answered(self) -> int:
        """Questions that are over; the account's type is not counted."""
        return 0 if self.questions is None else max(0, self.questions.answered - 1)

    def _check_paper(self, text: str) -> None:
        found = guard_accounts.judge(text)
        if isinstance(found, Refuse):
            raise LiveRefused(f"{found.reason}\n  fix:   {found.fix}", rule=found.rule)
        self._paper = found
        masked = ", ".join(map(mask_account, found.ids))
        self._say(f"paper account {masked}" + (": a SIMULATED one" if found.rehearsal else ""))

    async def _ask_account_type(self, questions: Questions) -> str:
        numbers: list[int] = []

        def ask(number: int) -> ReqAccountSummary:
            numbers.append(number)
            return plan.account_type(number)

        deadline_s = plan.SUMMARY_DEADLINE_S
        answer = await questions.ask(ask, ends=AccountSummaryEnd, deadline_s=deadline_s)
        await questions.send(plan.account_type_end(numbers[-1]))  # it is a subscription
        rows = [each for each in answer.messages if isinstance(each, AccountSummary)]
        kinds = sorted({each.value for each in rows if each.tag == "AccountType"})
        if answer.outcome != "complete" or not kinds:
            raise CaptureFailed(
                f"the gateway does not say the account's type: {answer.reason or 'no value'}\n"
                "  state: the account is a paper account; no data was asked for\n"
                "  fix:   look at the gateway's window: an account window that does not load, or a"
                " dialog that waits"
            )
        self._say(f"account type {', '.join(kinds)}")
        return ", ".join(kinds)

    async def _set_clock(self, link: Link) -> bool:
        try:
            found = await link.ask(ReqCurrentTime(), until=CurrentTime)
        except GatewayError:
            return False
        said = [each.epoch_s for each in found if isinstance(each, CurrentTime)]
        self._zero_s = said[-1] - self._loop().time()
        return True

    async def _begin(self) -> None:
        questions, quotes, link = self.questions, self._quotes, self._link
        if questions is None or quotes is None or link is None:
            raise CaptureFailed("a capture has to be connected before symbols are asked for")
        for each in self._answers:
            course = SymbolCourse(questions, quotes, each, version=link.version, now=self.now)
            self._tasks[each.symbol] = asyncio.create_task(course.run())

    def _answer(self, name: str) -> SymbolAnswers:
        return next(each for each in self._answers if each.symbol == name)

    def _save(self, *, broken_off: bool) -> Saved:
        self._run(self._part())
        now, partial = self.now(), broken_off or self.lost is not None
        lost = self.lost
        self._hang_up()
        self._ended = True  # whatever happens now, it is not tried again
        if not any(each.details for each in self._answers):
            raise CaptureFailed(f"nothing was captured: {lost or 'no symbol was found'}")
        source = assemble.Source(
            accounts=self._paper.ids,
            account_type=self._account_type,
            server_version=self._version,
            simulated=self._paper.rehearsal,
            errors=tuple(self.questions.notices) if self.questions else (),
            wanted_type=self._quotes.data_type if self._quotes else _LIVE,
        )
        snapshot = assemble.build(self.plan, self._answers, source, now=now)
        path = store.save(snapshot, self._directory, partial=partial)
        self.saved = self._told(snapshot, path, partial=partial)
        self._say(self.saved.text)
        return self.saved

    def _told(self, snapshot: Snapshot, path: Path, *, partial: bool) -> Saved:
        complete = snapshot.complete and not partial
        latest = self._directory / f"snapshot_{snapshot.scenario}_latest.json"
        size, issues = path.stat().st_size, tuple(snapshot.issues)
        return Saved(
            path=path,
            latest=latest if complete else None,
            complete=complete,
            partial=partial,
            issues=issues,
            size_bytes=size,
            text=progress.saved_text(
                path, size_bytes=size, complete=complete, partial=partial, issues=issues
            ),
        )

    async def _part(self) -> None:
        """Stop asking, read the gateway's clock a last time, and hang up."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if self._link is not None:
            self._version = self._link.version
            if self.lost is None:
                await self._set_clock(self._link)
            if self.questions is not None:
                await self.questions.close()
            await self._link.close()

    def _hang_up(self) -> None:
        """Close link, loop and relay. Idempotent."""
        runner, self._runner = self._runner, None
        relay, self._relay = self._relay, None
        try:
            if runner is not None:
                if self._link is not None and not self._link.closed:
                    runner.run(self._link.close())
                runner.close()
        finally:
            if relay is not None:
                relay.stop()

    def _loop(self) -> asyncio.AbstractEventLoop:
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.get_loop()

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        self._loop()
        assert self._runner is not None  # noqa: S101 - made by the line before
        return self._runner.run(work)


async def _waited(task: asyncio.Task[None]) -> None:
    await asyncio.shield(task)
