"""Which client has proven which message at which server version: noted by the tests that did.

Every process of a run leaves what it noted under ``build/coverage``;
``python -m tests.meta.coverage_page`` makes the table of it.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Final, Literal

Direction = Literal["in", "out"]  # as the gateway sees it: requests come in
FOLDER: Final = Path(__file__).resolve().parents[2] / "build" / "coverage"
_met: dict[tuple[str, Direction, int], set[int]] = defaultdict(set)


def met(client: str, direction: Direction, message: int, version: int) -> None:
    """Note that a client read or wrote a message as it was meant, at a server version."""
    _met[client, direction, message].add(version)


def save(folder: Path = FOLDER) -> None:
    """Leave what was noted in a file of this process; nothing when nothing was."""
    if not _met:
        return
    folder.mkdir(parents=True, exist_ok=True)
    rows = [[*key, sorted(versions)] for key, versions in sorted(_met.items())]
    (folder / f"{os.getpid()}.json").write_text(json.dumps(rows))


def read(folder: Path = FOLDER) -> dict[tuple[str, Direction, int], set[int]]:
    """What all processes of the last runs noted."""
    found: dict[tuple[str, Direction, int], set[int]] = defaultdict(set)
    for path in sorted(folder.glob("*.json")):
        for client, direction, message, versions in json.loads(path.read_text()):
            found[client, direction, message].update(versions)
    return dict(found)
