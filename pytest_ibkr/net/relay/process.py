"""The life of the relay's process: start, serve, and one end, whatever brings it about."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, Final

from pytest_ibkr.errors import LiveRefused
from pytest_ibkr.net.relay import parent
from pytest_ibkr.net.relay.control import Control, error_of
from pytest_ibkr.net.relay.core import Relay
from pytest_ibkr.net.relay.pipe_frames import json_frame
from pytest_ibkr.net.relay.spec import RelaySpec, RelaySummary
from pytest_ibkr.net.relay.stdio import Input, Output, flush, keep_flushing

_LAST_FLUSH_S: Final = 5.0


class Process:
    """One relay from its first line to its exit code."""

    def __init__(self, spec: RelaySpec, output: Output, *, parent_pid: int) -> None:
        self._output = output
        self._relay = Relay(
            spec,
            tell=self._tell,
            unread=output.unread,
            on_end=lambda: self._spawn(self.stop("ended")),
        )
        self._control = Control(self._relay, self.stop)
        self._gone = parent.watch(parent_pid)
        self._over = asyncio.Event()
        self._stopping: asyncio.Task[dict[str, Any]] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self) -> int:
        """Serve until the end; return the exit code."""
        self._catch_signals()
        asyncio.get_running_loop().set_exception_handler(self._broken)
        Input(self._line, self._hung_up)
        self._spawn(self._watch_parent())
        self._spawn(keep_flushing(self._relay.tape, self._output))
        starting = self._spawn(self._start())
        await self._over.wait()
        for task in self._tasks - {starting}:
            task.cancel()
        flush(self._relay.tape, self._output)
        self._relay.log.close()
        return 0 if not self._relay.failures else 1

    async def finish(self, why: str) -> None:
        """Stop, and end the process."""
        try:
            await self.stop(why)
        finally:
            self._over.set()

    async def stop(self, why: str) -> dict[str, Any]:
        """Stop forwarding at once, take the proof, clean up; only the first call does it."""
        if self._stopping is None:
            self._relay.end_clients(why)
            self._stopping = self._spawn(self._end(why))
        return await asyncio.shield(self._stopping)

    async def _start(self) -> None:
        try:
            facts = await self._relay.dealings.verify()
            if (ended := self._why_ended()) is not None:
                raise ended
            port = await self._relay.listen()
        except Exception as exc:
            # Where the run has ended already, that is the reason, not what broke then.
            self._tell({"event": "refused", "error": error_of(self._why_ended() or exc)})
            await self.finish("refused")
            return
        gc.collect()
        gc.freeze()  # what is loaded by now stays: later collections leave it alone
        self._tell({"event": "ready", "port": port, "pid": os.getpid(), "facts": facts.as_dict()})

    def _why_ended(self) -> LiveRefused | None:
        ended = self._relay.ended
        if ended is None:
            return None
        text = f"{ended.reason}\n  state: nobody was let in\n  fix:   {ended.fix}"
        return LiveRefused(text, rule=ended.rule)

    async def _end(self, why: str) -> dict[str, Any]:
        relay = self._relay
        bypassed: tuple[str, ...] = ()
        cleanup: dict[str, Any] = {}
        try:
            bypassed = await relay.dealings.prove()
        except Exception as exc:  # the cleanup does not depend on the proof
            self._failed_at_end(exc)
        try:
            cleanup = await relay.dealings.end()
        except Exception as exc:
            self._failed_at_end(exc)
        relay.audit("stop", reason=why, cleanup=cleanup, bypassed=list(bypassed))
        metrics = {**relay.metrics.summary(), "tape_dropped": relay.tape.dropped}
        return RelaySummary(
            why=why,
            metrics=metrics,
            cleanup=cleanup,
            bypassed=bypassed,
            refused=relay.verdicts.refused,
            failed=tuple(relay.failures),
            ended=relay.ended,
        ).as_dict()

    def _failed_at_end(self, exc: Exception) -> None:
        said = f"the end of the run: {type(exc).__name__}: {exc}"
        self._relay.failures.append(self._relay.log.clean(said))

    def _hung_up(self) -> None:
        self._spawn(self.finish("pipe closed"))

    def _line(self, line: str) -> None:
        try:
            asked = json.loads(line)
        except ValueError:
            return
        self._spawn(self._answer(asked))

    async def _answer(self, asked: dict[str, Any]) -> None:
        reply = await self._control.answer(asked)
        flush(self._relay.tape, self._output)  # what came before the answer is told before it
        self._tell(reply)
        if asked.get("do") == "stop":
            self._over.set()

    async def _watch_parent(self) -> None:
        while not self._gone():
            await asyncio.sleep(parent.POLL_S)
        await self.finish("parent gone")

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()

        def told(number: int, _frame: object) -> None:
            loop.call_soon_threadsafe(lambda: self._spawn(self.finish(f"signal {number}")))

        signal.signal(signal.SIGTERM, told)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _broken(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Whatever fails here and is caught nowhere: nothing passes any more."""
        failure = context.get("exception")
        self._relay.failed(failure or RuntimeError(str(context.get("message"))))

    def _tell(self, content: dict[str, Any]) -> None:
        self._output.put(json_frame(content))

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


def main(*, exit_with: Callable[[int], Any] = os._exit) -> None:
    """Run a relay on this process's standard streams."""
    # Nothing else may write there: a stray print would look like a frame.
    descriptor = os.dup(sys.stdout.fileno())
    sys.stdout = sys.stderr
    output = Output(descriptor)
    line = sys.stdin.readline()
    code = 2
    try:
        said = json.loads(line)
        spec = RelaySpec.of(said)
    except (ValueError, TypeError) as exc:
        output.put(json_frame({"event": "refused", "error": error_of(exc)}))
    else:
        code = asyncio.run(_run(spec, output, parent_pid=int(said.get("parent_pid", os.getppid()))))
    output.close(_LAST_FLUSH_S)
    exit_with(code)  # the input thread may be inside a read that never ends


async def _run(spec: RelaySpec, output: Output, *, parent_pid: int) -> int:
    return await Process(spec, output, parent_pid=parent_pid).run()
