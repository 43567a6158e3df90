"""Files that appear whole or not at all; imports the standard library only.

Both functions write a temporary file in the same directory, force it to disk and then
give it its name in one step, so a crash or a full disk leaves what was there before.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


def write_new(path: Path, data: bytes) -> None:
    """Create ``path`` with ``data``.

    Raises:
        FileExistsError: ``path`` is already there; it is left as it is.
        OSError: the write failed (disk full, no permission); nothing is left behind.
    """
    with _written(path, data) as temporary:
        try:
            os.link(temporary, path)  # unlike a rename, fails when the name is taken
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if path.exists():
                raise FileExistsError(path) from None
            os.rename(temporary, path)
    _force_directory(path.parent)


def replace(path: Path, data: bytes) -> None:
    """Create or replace ``path`` with ``data``.

    Raises:
        OSError: the write failed; the old content of ``path`` is still there.
    """
    with _written(path, data) as temporary:
        os.replace(temporary, path)
    _force_directory(path.parent)


@contextlib.contextmanager
def _written(path: Path, data: bytes) -> Iterator[str]:
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes files that only their owner may read
        yield temporary
    finally:
        with contextlib.suppress(FileNotFoundError):  # renamed away when all went well
            os.unlink(temporary)


def _force_directory(directory: Path) -> None:
    """The new name itself survives a power cut only when its directory is on disk."""
    if os.name != "posix":  # Windows cannot open a directory, and journals names itself
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
