"""Whether a process is still the one it was: alive, and started at the same moment.

The one module that knows the platforms' ways to ask.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

_ASK_S: Final = 5.0
_LIMITED_INFORMATION: Final = 0x1000
_STILL_ACTIVE: Final = 259


def start_mark(pid: int) -> str | None:
    """A text that tells this process from a later one with the same number.

    Returns:
        None when no such process runs; a dead one that nobody has reaped does not run.
    """
    if pid <= 0:
        return None
    if sys.platform == "win32":
        return _windows(pid)
    if Path("/proc/self/stat").exists():
        return _proc(pid)
    return _ps(pid)


def own_mark() -> str:
    """The mark of this process."""
    return start_mark(os.getpid()) or "?"


def is_running(pid: int, mark: str) -> bool:
    """Whether the process with this number and mark is alive."""
    return start_mark(pid) == mark


def _proc(pid: int) -> str | None:
    try:
        line = Path(f"/proc/{pid}/stat").read_bytes().decode("utf-8", "replace")
    except OSError:
        return None
    fields = line.rpartition(")")[2].split()  # the name before it may hold anything
    if fields[0] in ("Z", "X", "x"):
        return None
    return f"{_boot()}:{fields[19]}"


def _boot() -> str:
    """Clock ticks count from the boot: another boot, another process."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()[:8]
    except OSError:
        return ""


def _ps(pid: int) -> str | None:
    asked = subprocess.run(  # noqa: S603 - a constant command and a number
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        timeout=_ASK_S,
        env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
        check=False,
    )
    state, _, started = asked.stdout.strip().partition(" ")
    return started.strip() if started and not state.startswith("Z") else None


def _windows(pid: int) -> str | None:
    if sys.platform != "win32":  # mypy follows the platform it runs on
        return None
    import ctypes
    from ctypes import wintypes

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = wintypes.HANDLE
    handle = kernel.OpenProcess(_LIMITED_INFORMATION, 0, pid)
    if not handle:
        return None
    try:
        code = wintypes.DWORD()
        times = [wintypes.FILETIME() for _ in range(4)]
        if not kernel.GetExitCodeProcess(handle, ctypes.byref(code)) or code.value != _STILL_ACTIVE:
            return None
        if not kernel.GetProcessTimes(handle, *map(ctypes.byref, times)):
            return None
        return f"{times[0].dwHighDateTime}:{times[0].dwLowDateTime}"
    finally:
        kernel.CloseHandle(handle)
