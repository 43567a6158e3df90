"""Where locks and ledgers live on this machine, and how an account is named there.

An account's files carry a keyed hash of its id: the key is this machine's, so neither a listing
nor a copied file tells the id.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot.atomic import write_new

_NAME: Final = "pytest-ibkr"
_KEY_BYTES: Final = 32


def state_directory(
    environ: Mapping[str, str] = os.environ, *, platform: str = sys.platform
) -> Path:
    """The user's own state directory: XDG_STATE_HOME, or what the platform has instead of it."""
    if base := environ.get("XDG_STATE_HOME"):
        return Path(base) / _NAME
    if platform == "win32" and (local := environ.get("LOCALAPPDATA")):
        return Path(local) / _NAME
    home = Path(environ.get("HOME") or Path.home())
    if platform == "darwin":
        return home / "Library" / "Application Support" / _NAME
    return home / ".local" / "state" / _NAME


def account_key(directory: Path, account: str) -> str:
    """Sixteen hex digits that stand for an account on this machine.

    Raises:
        UsageError: the key of this machine cannot be read or made.
    """
    return hmac.new(_machine_key(directory), account.encode(), hashlib.sha256).hexdigest()[:16]


def _machine_key(directory: Path) -> bytes:
    path = directory / "key"
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            write_new(path, secrets.token_bytes(_KEY_BYTES))
            path.chmod(0o600)
        except FileExistsError:
            pass
        key = path.read_bytes()
    except OSError as exc:
        raise unusable(path, exc.strerror or str(exc)) from None
    if len(key) != _KEY_BYTES:
        raise unusable(path, f"it has {len(key)} bytes instead of {_KEY_BYTES}")
    return key


def unusable(path: Path, why: str) -> UsageError:
    """The error for a state file that cannot be used; nothing goes live without it."""
    return UsageError(
        f"{path} cannot be used: {why}"
        "\n  state: no order passes without this file: it says whose turn it is, and what is open"
        "\n  fix:   make room, give this user the right to write there, or set XDG_STATE_HOME;"
        " delete the file only when no run and no open order of one is left"
    )
