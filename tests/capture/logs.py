"""The two real message logs, with made-up account ids in their place."""

from __future__ import annotations

import gzip
from pathlib import Path

DATA = Path(__file__).parent / "data"
# Put together here: a whole one in a file would look like somebody's account.
LIVE, PAPER = "U" + "9" * 7, "DUM" + "9" * 6


def lines(name: str) -> list[str]:
    """Lines of ``live_session`` or ``paper_session``."""
    text = gzip.decompress((DATA / f"{name}.txt.gz").read_bytes()).decode()
    return text.replace("@ACCOUNT@", LIVE if name.startswith("live") else PAPER).splitlines()
