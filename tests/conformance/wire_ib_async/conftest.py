"""ib_async is installed beside the official client 9.81 only; elsewhere nothing is collected."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("ib_async") else ["test_*.py"]
