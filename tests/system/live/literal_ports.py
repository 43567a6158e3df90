"""What happens on the ports real gateways use; runs alone in a network namespace of its own.

Refuses to run anywhere else: nothing but loopback may exist. Prints one JSON object, a finding
per row: the name of what was refused, or "in", and how many connections the gateway saw.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from pytest_ibkr.errors import IbkrError
from tests.system.live.evil_gateway import EvilGateway
from tests.system.live.project import LiveProject
from tests.system.live.under_relay import relay

LIVE_PORTS, PAPER_PORTS = (4001, 7496, 4003, 7498), (4002, 7497)


def through_a_relay(port: int, place: Path, **changes: Any) -> list[Any]:
    """Start a relay for a port; what came of it and how many connections there were."""
    with EvilGateway(port=port) as gateway:
        try:
            with relay(gateway, place, **changes):
                said = "in"
        except IbkrError as exc:
            said = type(exc).__name__
        return [said, len(gateway.heard)]


def by_a_test(place: Path, *options: str, flag: str, dialled: int) -> list[Any]:
    """Let a test of a project dial a port directly; what it met and who saw it."""
    with (
        EvilGateway(port=4002) as paper,
        EvilGateway(port=dialled if dialled != 4002 else 0) as own,
    ):
        project = LiveProject(place, paper)
        project.configure(extra_paper_ports=[])
        project.test(
            f"""
            import socket
            try:
                socket.create_connection(("127.0.0.1", {dialled}), 5).close()
                said = "in"
            except Exception as exc:
                said = type(exc).__name__
            Path("said").write_text(said)
            """,
            marks="live",
        )
        before = len(paper.heard)
        done = project.run(*options, flag=flag)
        said = project.folder / "said"
        seen = len(own.heard) if dialled != 4002 else (len(paper.heard) - before if not flag else 0)
        return [said.read_text() if said.exists() else done.text, seen]


def main() -> None:
    """Try everything."""
    names = [name for _index, name in socket.if_nameindex()]
    if names != ["lo"]:
        sys.exit(f"only in a namespace of its own: here are {names}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    found: dict[str, list[Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)

        def place(name: str) -> Path:
            made = root / name
            made.mkdir()
            return made

        for port in LIVE_PORTS:
            found[f"relay {port}"] = through_a_relay(port, place(f"live{port}"))
            mapped = {"host": "::ffff:127.0.0.1", "extra_paper_ports": (port,)}
            found[f"relay {port} mapped"] = through_a_relay(port, place(f"mapped{port}"), **mapped)
        for port in PAPER_PORTS:
            plain: dict[str, Any] = {"extra_paper_ports": ()}
            found[f"relay {port}"] = through_a_relay(port, place(f"paper{port}"), **plain)
        for port in LIVE_PORTS:
            typed = {"flag": "--live-gateway", "dialled": port}
            found[f"test {port}"] = by_a_test(place(f"test{port}"), **typed)
        for port in (*LIVE_PORTS, *PAPER_PORTS):
            offline = {"flag": "", "dialled": port}
            found[f"offline {port}"] = by_a_test(place(f"offline{port}"), **offline)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
