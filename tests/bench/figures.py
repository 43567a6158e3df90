"""Prints the speed figures that the last run of ``pytest -m proof tests/net`` measured."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.meta.proof import PARTS

NAMES = ("gateway-costs", "flat-out", "ib-async-flat-out", "hundred-lines", "chain-burst")


def main(parts: Path = PARTS) -> int:
    """One line per number; return how many figures are missing."""
    missing = 0
    for name in NAMES:
        path = parts / f"{name}.json"
        if not path.exists():
            missing += 1
            sys.stdout.write(f"{name}: not measured, see above\n")
            continue
        for key, value in json.loads(path.read_text("utf-8"))["numbers"].items():
            sys.stdout.write(f"{name:20} {key:35} {value:>12,}\n")
    return missing


if __name__ == "__main__":
    sys.exit(main())
