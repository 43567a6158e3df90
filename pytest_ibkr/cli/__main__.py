"""``python -m pytest_ibkr.cli``."""

from __future__ import annotations

import sys

from pytest_ibkr.cli import main

if __name__ == "__main__":
    sys.exit(main())
