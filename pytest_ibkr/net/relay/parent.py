"""Whether the process that started this one is still there.

The only part of the relay that asks the operating system beyond Python's portable modules. A pipe
alone does not tell: a forked child of the parent may hold its other end.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

POLL_S = 0.2
_SYNCHRONIZE = 0x00100000
_WAIT_TIMEOUT = 0x00000102


def watch(parent_pid: int) -> Callable[[], bool]:
    """Return a function that tells whether the parent is gone."""
    if sys.platform == "win32":
        return _watch_windows(parent_pid)
    # Its end gives this process another parent; the number may be used again, this cannot.
    return lambda: os.getppid() != parent_pid


def _watch_windows(parent_pid: int) -> Callable[[], bool]:
    import ctypes

    kernel: Any = getattr(ctypes, "windll").kernel32  # noqa: B009 - unknown to type checkers elsewhere
    # The handle keeps the number from being used again.
    handle = kernel.OpenProcess(_SYNCHRONIZE, 0, parent_pid)
    if not handle:
        return lambda: True
    return lambda: kernel.WaitForSingleObject(handle, 0) != _WAIT_TIMEOUT
