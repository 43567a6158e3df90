#!/usr/bin/env python3
"""Close everything on a paper account; the same as ``pytest-ibkr close-positions``."""

from __future__ import annotations

import sys

from pytest_ibkr.cli.close_positions import main

if __name__ == "__main__":
    sys.exit(main())
