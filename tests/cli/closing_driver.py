"""Runs close-positions against an endpoint: what an option cannot, a Python program can."""

from __future__ import annotations

import sys

from pytest_ibkr.cli.close_positions import main

if __name__ == "__main__":
    port, *words = sys.argv[1:]
    sys.exit(main(words, endpoint=("127.0.0.1", int(port)), patience_s=0.5))
