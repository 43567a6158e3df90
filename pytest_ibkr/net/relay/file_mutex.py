"""One process at a time between two lines of code, by a lock the system releases at death.

The one module that knows the platforms' file locks.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pytest_ibkr.errors import WaitTimeout

_RETRY_S: Final = 0.01


@contextmanager
def mutex(path: Path, *, timeout_s: float = 10.0) -> Iterator[None]:
    """Hold the lock on ``path``, which is made when it is not there and stays.

    Raises:
        WaitTimeout: another process held it all the time.
        OSError: the file cannot be opened.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline_s = time.monotonic() + timeout_s
        while not _try(handle):
            if time.monotonic() > deadline_s:
                raise WaitTimeout(
                    f"{path} was held by another process for {timeout_s:g} s"
                    "\n  state: nothing was changed\n  fix:   end the other run, or wait for it"
                )
            time.sleep(_RETRY_S)
        try:
            yield
        finally:
            _release(handle)
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _try(handle: int) -> bool:
        try:
            os.lseek(handle, 0, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _release(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
