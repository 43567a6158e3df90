"""Which ports the capture script dials; runs alone in a network namespace of its own.

Prints a JSON object: port to connections. The second word names a broken variant.
"""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

PORTS = (4001, 4002, 7496, 7497, 5001)
SCRIPT = Path(__file__).parents[2] / "scripts" / "capture_ibkr_snapshot.py"


def counting(port: int, found: dict[str, int]) -> None:
    """Count connections to a port on every address, and hang up on each."""
    server = socket.create_server(("0.0.0.0", port))  # loopback is all there is

    def accept() -> None:
        while True:
            server.accept()[0].close()
            found[str(port)] += 1

    threading.Thread(target=accept, daemon=True).start()


def main(place: Path, variant: str) -> None:
    """Listen, run the script with a yes, print who was dialled."""
    names = [name for _index, name in socket.if_nameindex()]
    if names != ["lo"]:
        sys.exit(f"only in a namespace of its own: here are {names}")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    found = {str(port): 0 for port in PORTS}
    for port in PORTS:
        counting(port, found)
    if variant:
        from pytest_ibkr.cli.capture import main as capture
        from pytest_ibkr.net.capturing import Endpoint

        port = int(os.environ["IB_PORT"])
        sys.stdin = io.StringIO("yes\n")
        broken = Endpoint(port=port, extra_paper_ports=(port,), state_dir=str(place))
        capture([], directory=place, endpoint=broken)
    else:
        done = subprocess.run(
            [sys.executable, str(SCRIPT)],
            input="yes\n",
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 1:
            sys.exit(f"it ended with {done.returncode}: {done.stderr}")
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
