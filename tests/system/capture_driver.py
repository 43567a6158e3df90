"""The capture tool against another endpoint: ``python -m tests.system.capture_driver JSON …``.

JSON: port, place, symbols, most_bytes (largest file this process may write; 0: any).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pytest_ibkr.cli.capture import main
from pytest_ibkr.net.capturing import Endpoint


def drive(told: dict, words: list[str]) -> int:
    """Run the tool as told."""
    if told["most_bytes"]:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (told["most_bytes"],) * 2)
    place = Path(told["place"])
    endpoint = Endpoint(
        port=told["port"],
        extra_paper_ports=(told["port"],),
        state_dir=str(place / "state"),
    )
    return main(words, directory=place / "out", endpoint=endpoint, symbols=told["symbols"])


if __name__ == "__main__":
    sys.exit(drive(json.loads(sys.argv[1]), sys.argv[2:]))
