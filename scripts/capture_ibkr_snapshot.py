#!/usr/bin/env python3
"""Capture a market snapshot from an IB Gateway in paper mode; ``--help`` says how."""

from __future__ import annotations

import sys
from pathlib import Path

from pytest_ibkr.cli.capture import main

SNAPSHOTS = Path(__file__).resolve().parents[1] / "fixtures" / "ibkr_snapshots"

if __name__ == "__main__":
    sys.exit(main(directory=SNAPSHOTS))
