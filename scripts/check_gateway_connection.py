#!/usr/bin/env python3
"""Check the paper gateway before a validation run; the same as ``pytest-ibkr check``."""

from __future__ import annotations

import sys

from pytest_ibkr.cli.check import main

if __name__ == "__main__":
    sys.exit(main())
