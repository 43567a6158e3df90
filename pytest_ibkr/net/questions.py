"""Many requests at once through one link: paced, bounded, each with its own mailbox and end.

No exception leaves a question: what it came to is in its answer. A malformed or unexpected
message costs the request it belongs to and nothing else. Decides nothing about what is asked.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from pytest_ibkr.capture.errors import Meaning, ends_request, meaning, worth_keeping
from pytest_ibkr.errors import GatewayError
from pytest_ibkr.net.link import Link
from pytest_ibkr.snapshot.redact import mask_accounts
from pytest_ibkr.wire.codec import Raw
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.session import ErrorNotice

MESSAGES_PER_S: Final = 44  # at most 45 are allowed; arrivals bunch on their way
IN_FLIGHT: Final = 50
WINDOW_S: Final = 1.0
TRIES: Final = 4
_LEAST_PER_S, _LEAST_IN_FLIGHT = 5, 1
_MOST_NOTICES: Final = 500
_CATCH_UP: Final = 3  # messages

Outcome = Literal["complete", "deadline", "refused", "unreadable", "lost"]
Heard = Callable[[Message], None]


@dataclass(slots=True)
class Answer:
    """What a question came to.

    Attributes:
        messages: everything under its id, in order; notices that do not end it included.
        outcome: ``complete``: its end came; ``deadline``: it did not, in time.
        code: of the error that ended it.
        reason: in words, account ids masked; empty when complete.
    """

    messages: list[Message] = field(default_factory=list)
    outcome: Outcome = "complete"
    code: int | None = None
    reason: str = ""

    @property
    def meaning(self) -> Meaning | None:
        """What the error that ended it means; None without one."""
        return None if self.code is None else meaning(self.code, self.reason)


@dataclass(slots=True, eq=False)
class _Question:
    name: str
    ends: tuple[type[Message], ...]
    heard: Heard
    answer: Answer = field(default_factory=Answer)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self, outcome: Outcome, reason: str = "", *, code: int | None = None) -> None:
        if not self.over.is_set():
            self.answer.outcome, self.answer.code = outcome, code
            self.answer.reason = mask_accounts(" ".join(reason.split()))
            self.over.set()


class Questions:
    """Everything one client asks.

    Attributes:
        per_s: messages in any one second, spaced; halved when the gateway complains.
        most_open: requests open at once; halved when the gateway runs out of lines.
        sent: messages sent so far.
        answered: questions that are over.
        slowest_s: the longest a question took from its sending to its end.
        notices: errors and warnings worth keeping, in order.
        lost: why the connection ended; None while it is open.
    """

    def __init__(
        self, link: Link, *, per_s: int = MESSAGES_PER_S, most_open: int = IN_FLIGHT
    ) -> None:
        self.per_s, self.most_open = per_s, most_open
        self.sent = self.answered = 0
        self.slowest_s = 0.0
        self.notices: deque[ErrorNotice] = deque(maxlen=_MOST_NOTICES)
        self.lost: str | None = None
        self.on_answer: Callable[[], None] = lambda: None
        self._link = link
        self._open: dict[int, _Question] = {}
        self._room = asyncio.Condition()
        self._turn = asyncio.Lock()
        self._went: deque[float] = deque()
        self._next_s = 0.0
        self._watch = asyncio.ensure_future(self._watch_end())
        link.listeners.append(self._heard)

    async def ask(
        self,
        make: Callable[[int], Message],
        *,
        ends: type[Message] | tuple[type[Message], ...],
        deadline_s: float,
        heard: Heard = lambda _message: None,
        cancel: Callable[[int], Message] | None = None,
    ) -> Answer:
        """Ask, and wait for the end, an error or the deadline.

        A request that found no line free, or came too fast for the history server, is asked
        again under another id, up to three times.

        Args:
            make: the request under an id.
            ends: what completes the answer.
            deadline_s: from its sending on.
            heard: called with every message of the answer as it comes.
            cancel: ends what did not end by itself; never sent for what did.
        """
        kinds = ends if isinstance(ends, tuple) else (ends,)
        for attempt in range(1, TRIES + 1):
            answer = await self._once(make, kinds, deadline_s, heard=heard, cancel=cancel)
            if attempt == TRIES or answer.meaning not in (Meaning.TOO_MANY_LINES, Meaning.PACING):
                break
            if answer.meaning is Meaning.PACING:
                await asyncio.sleep(2.0**attempt)
        self.answered += 1
        self.on_answer()
        return answer

    async def send(self, message: Message) -> bool:
        """Send one message in its turn; False when the connection is gone."""
        async with self._turn:
            while (wait_s := self._wait_s()) > 0:
                await asyncio.sleep(wait_s)
            if self.lost is None:
                try:
                    await self._link.send(message)
                except GatewayError as exc:
                    self._lose(str(exc))
            self._gone()
        return self.lost is None

    async def close(self) -> None:
        """Stop listening; the link is closed by its owner."""
        self._watch.cancel()
        if self._heard in self._link.listeners:
            self._link.listeners.remove(self._heard)

    # -- inside --------------------------------------------------------------------------

    async def _once(
        self,
        make: Callable[[int], Message],
        kinds: tuple[type[Message], ...],
        deadline_s: float,
        *,
        heard: Heard,
        cancel: Callable[[int], Message] | None,
    ) -> Answer:
        async with self._room:
            await self._room.wait_for(lambda: len(self._open) < self.most_open or self.lost)
            number = self._link.next_request_id()
            message = make(number)
            question = self._open[number] = _Question(type(message).__name__, kinds, heard)
        try:
            await self._answered(question, message, deadline_s)
        finally:
            async with self._room:
                self._open.pop(number, None)
                self._room.notify_all()
        if question.answer.outcome in ("deadline", "unreadable") and cancel is not None:
            await self.send(cancel(number))
        return question.answer

    async def _answered(self, question: _Question, message: Message, deadline_s: float) -> None:
        if not await self.send(message):
            question.end("lost", self.lost or "")
            return
        clock = asyncio.get_running_loop().time
        sent_s = clock()
        try:
            async with asyncio.timeout(deadline_s):
                await question.over.wait()
        except TimeoutError:
            question.end("deadline", f"{question.name}: no end within {deadline_s:g} s")
        self.slowest_s = max(self.slowest_s, clock() - sent_s)

    def _wait_s(self) -> float:
        """Until the next message may go.

        Spaced, because a gateway counts arrivals: a burst that is held up on its way and the
        next one would meet in one second there. Who woke late may catch up a little.
        """
        if self.lost is not None:
            return 0.0
        now_s = asyncio.get_running_loop().time()
        while self._went and self._went[0] <= now_s - WINDOW_S:
            self._went.popleft()
        until_s = self._next_s
        if len(self._went) >= self.per_s:
            until_s = max(until_s, self._went[-self.per_s] + WINDOW_S)
        return until_s - now_s

    def _gone(self) -> None:
        now_s, gap_s = asyncio.get_running_loop().time(), WINDOW_S / self.per_s
        self._went.append(now_s)
        self._next_s = max(self._next_s, now_s - _CATCH_UP * gap_s) + gap_s
        self.sent += 1

    def _heard(self, message: Message | Raw) -> None:
        if isinstance(message, Raw):
            self._unreadable(message)
            return
        if isinstance(message, ErrorNotice):
            self._notice(message)
        question = self._open.get(getattr(message, "request_id", -1))
        if question is None or question.over.is_set():
            return
        question.answer.messages.append(message)
        try:
            question.heard(message)
        except Exception as exc:  # whoever listens must not cost the connection its reader
            question.end("unreadable", f"{question.name}: {type(message).__name__}: {exc!r}")
            return
        if isinstance(message, question.ends):
            question.end("complete")

    def _notice(self, notice: ErrorNotice) -> None:
        if worth_keeping(notice.code, notice.text):
            self.notices.append(notice)
        found = meaning(notice.code, notice.text)
        if found is Meaning.TOO_FAST:
            self.per_s = max(_LEAST_PER_S, self.per_s // 2)
            self._next_s = asyncio.get_running_loop().time() + WINDOW_S  # of silence
        elif found is Meaning.TOO_MANY_LINES:
            self.most_open = max(_LEAST_IN_FLIGHT, min(self.most_open, len(self._open)) // 2)
        question = self._open.get(notice.request_id)
        if question is not None and ends_request(notice.code, notice.text):
            question.answer.messages.append(notice)
            question.end("refused", notice.text, code=notice.code)

    def _unreadable(self, raw: Raw) -> None:
        """A frame that does not follow the protocol; its id stands among its first fields."""
        head = raw.payload.split(b"\0", 4)[:4]
        for number, question in self._open.items():
            if str(number).encode() in head:
                question.end("unreadable", f"{question.name}: an answer that cannot be read")

    async def _watch_end(self) -> None:
        self._lose(await self._link.wait_closed())
        async with self._room:
            self._room.notify_all()

    def _lose(self, why: str) -> None:
        if self.lost is None:
            self.lost = why
        for question in self._open.values():
            question.end("lost", self.lost)
