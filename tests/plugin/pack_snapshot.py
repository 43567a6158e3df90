"""Writes the snapshot that comes with the plugin: ``python -m tests.plugin.pack_snapshot``.

The same content as the committed fixture, compressed, the same bytes every time.
"""

from __future__ import annotations

import gzip
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = "snapshot_normal_20260710_160000"
SOURCE = ROOT / "fixtures" / "ibkr_snapshots" / f"{NAME}.json"
TARGET = ROOT / "pytest_ibkr" / "data" / f"{NAME}.json.gz"


def packed() -> bytes:
    """What the packaged file holds."""
    return gzip.compress(SOURCE.read_bytes(), 9, mtime=0)


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_bytes(packed())
