"""The simulated gateway in a process of its own, with an account that looks real: "live" in tests.

Run as ``python -m tests.system.live.paper_gateway``: the first line of stdin says what to serve,
the first line of stdout where; then one JSON command and one JSON answer a line, until "stop" or
the end of stdin. ``PaperGateway`` is the side of the test that started it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tests.system.live.evil_gateway import OPEN
from tests.system.live.ids import PAPER

ROOT: Final = Path(__file__).parents[3]
SNAPSHOTS: Final = ROOT / "fixtures" / "ibkr_snapshots"
DAY: Final = "snapshot_normal_20260710_160000"
DEADLINE_S: Final = 30


class PaperGateway:
    """A running gateway process, as its test holds it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        facts = self._read()
        self.host: str = facts["host"]
        self.port: int = facts["port"]
        self.account: str = facts["account"]

    def ask(self, do: str, **arguments: Any) -> Any:
        """Let it do something between two of its steps; its answer.

        Raises:
            AssertionError: it could not; the text says why.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        answer = self._read()
        assert "error" not in answer, f"{do}: {answer['error']}"
        return answer["ok"]

    def orders(self) -> list[dict[str, Any]]:
        """Every order it accepted: client_id, order_id, status, symbol, filled, …"""
        found: list[dict[str, Any]] = self.ask("orders")
        return found

    def working(self) -> list[tuple[int, int]]:
        """Client id and order id of every order that is not done."""
        done = ("Filled", "Cancelled", "Inactive", "ApiCancelled")
        orders = self.orders()
        return [(o["client_id"], o["order_id"]) for o in orders if o["status"] not in done]

    def position(self, symbol: str) -> Decimal:
        """Shares held."""
        return Decimal(self.ask("position", symbol=symbol))

    def requests(self) -> list[dict[str, Any]]:
        """Every message that reached it: connection, name, order_id where it has one."""
        found: list[dict[str, Any]] = self.ask("requests")
        return found

    def order_requests(self, *, client_id: int | None = None) -> list[dict[str, Any]]:
        """Every message that does something to orders, of one client id or of all."""
        names = ("placeOrder", "cancelOrder", "reqGlobalCancel", "exerciseOptions")
        names += ("replaceFA", "reqAutoOpenOrders")
        return [
            one
            for one in self.requests()
            if one["name"] in names and client_id in (None, one["client_id"])
        ]

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.kill()
            _out, err = self._process.communicate(timeout=DEADLINE_S)
            raise AssertionError(f"the paper gateway ended: {err}")
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def paper_gateway(
    *, account: str = PAPER, start_at: datetime | float = OPEN, speed: float = 1.0, version: int = 0
) -> Iterator[PaperGateway]:
    """A gateway process on a free port; it ends with the block.

    ``start_at``: its first moment, or by how many seconds its clock is ahead of this machine's.
    """
    first = start_at if isinstance(start_at, float) else start_at.isoformat()
    wanted = {"account": account, "start_at": first, "speed": speed}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.system.live.paper_gateway"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps({**wanted, "version": version}) + "\n")
        process.stdin.flush()
        yield PaperGateway(process)
    finally:
        process.kill()
        process.communicate(timeout=DEADLINE_S)


# -- inside the process


class _Served:
    """Carries out commands on a session."""

    def __init__(self, gateway: Any, session: Any) -> None:
        self._gateway, self._session = gateway, session

    def orders(self) -> list[dict[str, Any]]:
        return [
            {
                "client_id": o.client_id,
                "order_id": o.order_id,
                "symbol": o.symbol,
                "con_id": o.con_id,
                "action": o.action,
                "type": o.order_type,
                "status": o.status,
                "quantity": str(o.quantity),
                "filled": str(o.filled),
            }
            for o in self._session.orders.all()
        ]

    def position(self, symbol: str) -> str:
        return str(self._session.account.position(symbol))

    def positions(self) -> dict[str, str]:
        return {str(k): str(v) for k, v in self._session.account.positions().items()}

    def add_position(self, symbol: str, quantity: int, average_cost: str) -> None:
        cost = Decimal(average_cost)
        self._session.account.add_position(symbol, quantity, average_cost=cost)

    def external_trade(self, symbol: str, quantity: str, price: str) -> None:
        from pytest_ibkr.session.instruments import tradable

        engine = self._session.engine

        def trade() -> None:
            found = tradable(engine.world, symbol)
            engine.orders.external_trade(found, Decimal(quantity), Decimal(price))

        self._session.call(trade)

    def fill(self, order_id: int, client_id: int) -> None:
        self._session.orders.fill(order_id, client_id=client_id)

    def hold(self) -> None:
        self._session.orders.hold()

    def release(self) -> None:
        self._session.orders.release()

    def quote(self, symbol: str, bid: float, ask: float) -> None:
        self._session.market.quote(symbol, bid=bid, ask=ask)

    def configure(self, **conditions: Any) -> None:
        self._session.configure(**conditions)

    def serve(self, account: str, announce: bool = True) -> None:
        from pytest_ibkr.wire.messages.session import ManagedAccounts

        engine = self._session.engine

        def change() -> None:
            engine.account_id = account
            for client in list(engine.clients) if announce else ():
                client.send(ManagedAccounts(accounts=account))

        self._session.call(change)

    def drop_connections(self) -> None:
        self._gateway.server.drop_connections()

    def pacing(self) -> dict[str, int]:
        found: dict[str, int] = self._session.pacing()
        return found

    def stream(self, per_second: int, seconds: float) -> None:
        from tests.system.live.flood import flood

        flood(self._session, per_second=per_second, seconds=seconds)

    def requests(self) -> list[dict[str, Any]]:
        from pytest_ibkr.wire.names import official_name

        found, client_ids = [], {}
        for entry in self._session.journal.entries():
            if entry.direction != "in":
                continue
            message = entry.message
            if type(message).__name__ == "StartApi":
                client_ids[entry.connection] = message.client_id
            unknown = official_name(getattr(message, "msg_id", None))
            found.append(
                {
                    "connection": entry.connection,
                    "client_id": client_ids.get(entry.connection),
                    "name": getattr(message, "NAME", unknown),
                    "order_id": getattr(message, "order_id", None),
                }
            )
        return found


def _serve_until_told(wanted: dict[str, Any]) -> None:
    from pytest_ibkr.gateway import Gateway
    from pytest_ibkr.snapshot.store import load
    from pytest_ibkr.wire.versions import NEWEST

    gateway = Gateway(
        load(DAY, directory=SNAPSHOTS),
        account=wanted["account"],
        reserved_account=False,
        jumps=False,
        speed=wanted["speed"],
        server_version=wanted["version"] or NEWEST,
    )
    with gateway:
        first = wanted["start_at"]
        ahead = isinstance(first, float)
        start_at = (
            datetime.now(UTC) + timedelta(seconds=first) if ahead else datetime.fromisoformat(first)
        )
        session = gateway.new_session("paper", start_at=start_at, wall_clock=False)
        _say({"host": gateway.host, "port": gateway.port, "account": gateway.account})
        served = _Served(gateway, session)
        for line in sys.stdin:
            command = json.loads(line)
            do = command.pop("do")
            if do == "stop":
                return
            action: Callable[..., Any] = getattr(served, do)
            try:
                _say({"ok": action(**command)})
            except Exception as exc:
                _say({"error": repr(exc)})


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve_until_told(json.loads(sys.stdin.readline()))
