"""Lets coverage choose the programs: ``python -m tests.fuzz.coverage_guided SECONDS CORPUS``.

Needs atheris. A program that breaks something is written to the working directory as
``crash-…``; put it into ``tests/fuzz/findings`` with the fix.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pytest_ibkr.wire", "pytest_ibkr.sim"]):
    from tests.fuzz.program import run

SEED = 20260710
_SEEDS = 200


def main() -> None:
    """Fuzz for so many seconds; the last line of standard error has libFuzzer's own counts."""
    seconds, corpus = int(sys.argv[1]), Path(sys.argv[2])
    corpus.mkdir(parents=True, exist_ok=True)
    dice = random.Random(SEED)
    for number in range(_SEEDS):
        (corpus / f"seed-{number:03d}").write_bytes(dice.randbytes(dice.randint(4, 200)))
    words = [f"-max_total_time={seconds}", f"-seed={SEED}", "-max_len=400", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], *words, str(corpus)], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
