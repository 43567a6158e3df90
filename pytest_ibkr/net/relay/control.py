"""Commands from the harness: one JSON object a line in, one reply each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from pytest_ibkr.errors import IbkrError, LiveRefused, UsageError
from pytest_ibkr.guard.state import TestContext
from pytest_ibkr.net.relay.core import Relay
from pytest_ibkr.snapshot.redact import mask_accounts

Asked = dict[str, Any]
_MOST_SESSIONS: Final = 20


class Control:
    """Runs commands on a relay.

    Args:
        stop: ends the relay; returns its summary.
    """

    def __init__(self, relay: Relay, stop: Callable[[str], Awaitable[dict[str, Any]]]) -> None:
        self._relay, self._stop = relay, stop
        self._commands: dict[str, Callable[[Asked], Awaitable[Any]]] = {
            "begin_test": self._begin_test,
            "verdict": self._verdict,
            "hang_up": self._hang_up,
            "end_test": self._end_test,
            "status": self._status,
            "now": self._now,
            "recheck": self._recheck,
            "prove": self._prove,
            "fault": self._fault,
            "fired": self._fired,
            "clear_fault": self._clear_fault,
            "stop": self._end,
        }

    async def answer(self, asked: Asked) -> dict[str, Any]:
        """Run one command; never raises."""
        number = asked.get("id")
        command = self._commands.get(str(asked.get("do")))
        if command is None:
            return {"id": number, "error": error_of(UsageError(f"no command {asked.get('do')!r}"))}
        try:
            return {"id": number, "ok": await command(asked)}
        except Exception as exc:
            return {"id": number, "error": error_of(exc)}

    async def _begin_test(self, asked: Asked) -> None:
        relay = self._relay
        if relay.run.ending is not None:
            raise UsageError(f"no test can begin, the run has ended: {relay.run.ending}")
        sessions = [(float(a), float(b)) for a, b in asked.get("market", ())[:_MOST_SESSIONS]]
        context = TestContext(
            name=str(asked["name"]),
            places_orders=bool(asked.get("places_orders")),
            market_closed=bool(asked.get("market_closed")),
        )
        ids = asked.get("client_ids")
        relay.begin_test(context, sessions, client_ids=None if ids is None else list(map(int, ids)))

    async def _verdict(self, _asked: Asked) -> dict[str, Any]:
        return (await self._relay.verdict_so_far()).as_dict()

    async def _hang_up(self, asked: Asked) -> None:
        await self._relay.hang_up({int(each) for each in asked.get("keep", ())})

    async def _end_test(self, _asked: Asked) -> dict[str, Any]:
        return (await self._relay.end_test()).as_dict()

    async def _status(self, _asked: Asked) -> dict[str, Any]:
        relay = self._relay
        clients = [
            {
                "connection": client.number,
                "client_id": client.state.client_id,
                "version": client.state.version,
                "verified": client.state.verified,
                "waiting": len(client.upward),
            }
            for client in relay.clients
        ]
        working = sum(order.working for order in relay.run.orders)
        return {
            "metrics": relay.metrics.summary(),
            "clients": clients,
            "test": relay.verdicts.name,
            "ending": relay.run.ending,
            "working": working,
            "facts": relay.dealings.facts.as_dict(),
            "tape_dropped": relay.tape.dropped,
        }

    async def _now(self, _asked: Asked) -> dict[str, float]:
        return {"now_s": self._relay.now_s(), "offset_s": self._relay.offset_s}

    async def _recheck(self, _asked: Asked) -> str | None:
        found = await self._relay.dealings.session.check()
        return None if found is None else found.reason

    async def _prove(self, _asked: Asked) -> list[str]:
        return list(await self._relay.dealings.prove())

    async def _fault(self, asked: Asked) -> int:
        relay = self._relay
        fault = relay.faults.arm(asked)
        relay.audit("fault", reason=f"{fault.kind} armed", request=asked.get("request"))
        if fault.kind == "cut" and fault.message_id is None:
            for client in list(relay.clients):
                fault.fire()
                relay.note(client, "fault", fault="cut", request="")
                client.close("fault: cut", at_once=True)
            relay.faults.clear(fault.number)
        return fault.number

    async def _fired(self, asked: Asked) -> int:
        return self._relay.faults.fired(int(asked["fault"]))

    async def _clear_fault(self, asked: Asked) -> int:
        relay, number = self._relay, int(asked["fault"])
        fault = relay.faults.clear(number)
        if fault is not None:
            for client in relay.clients:
                client.downward.lanes.clear(fault)
        return relay.faults.fired(number)

    async def _end(self, _asked: Asked) -> dict[str, Any]:
        return await self._stop("stop")


def error_of(exc: Exception) -> dict[str, str]:
    """An error as it crosses the pipe."""
    if isinstance(exc, LiveRefused):
        return {"kind": "refused", "rule": exc.rule, "text": mask_accounts(str(exc))}
    if type(exc).__name__ == "GatewayUnreachable":
        return {"kind": "unreachable", "text": mask_accounts(str(exc))}
    said = str(exc) if isinstance(exc, IbkrError) else f"{type(exc).__name__}: {exc}"
    text = mask_accounts(said)
    return {"kind": "usage" if isinstance(exc, UsageError) else "failed", "text": text}
