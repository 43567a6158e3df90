"""One run per account on this machine: a file that names its owner, taken over when it is dead.

The owner is known by process number and start, so neither a crash nor a reused number blocks
the next run; that only one of two takes it is the mutex's doing.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict, cast

from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.relay.file_mutex import mutex
from pytest_ibkr.net.relay.processes import is_running, own_mark
from pytest_ibkr.net.relay.state_dir import account_key, unusable
from pytest_ibkr.snapshot.atomic import replace
from pytest_ibkr.snapshot.redact import mask_account


class RunLocked(UsageError):
    """Another run has this account now.

    Attributes:
        pid: of the process that has it.
        name: of that run.
        since: when it began, ISO 8601, UTC.
    """

    def __init__(self, account: str, pid: int, name: str, since: str) -> None:
        self.account, self.pid, self.name, self.since = account, pid, name, since
        super().__init__(
            f"account {account} is in use by another run: {name!r}, process {pid}, since {since}"
            "\n  state: nothing was sent; one run per account is let through"
            "\n  fix:   wait until it has ended and cleaned up; end it with its own Ctrl-C"
        )

    def __reduce__(self) -> tuple[type[RunLocked], tuple[str, int, str, str]]:
        return type(self), (self.account, self.pid, self.name, self.since)


class RunLock:
    """Held from :meth:`take` to :meth:`release`, or to the end of this process."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def take(cls, directory: Path, *, account: str, name: str) -> Self:
        """Take the account's lock for this process.

        Args:
            directory: the state directory.
            account: the account's id; only its keyed hash and its mask are written.
            name: what the run is called in the other's message.

        Raises:
            RunLocked: a living process has it.
            UsageError: the state directory or the lock file cannot be used.
            WaitTimeout: another process is just taking it and does not finish.
        """
        path = directory / "locks" / f"{account_key(directory, account)}.json"
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with mutex(path.with_suffix(".mutex")):
                owner = _owner(path)
                if owner is not None and is_running(owner["pid"], owner["mark"]):
                    raise RunLocked(
                        mask_account(account), owner["pid"], owner["name"], owner["since"]
                    )
                replace(path, _entry(account, name))
        except OSError as exc:
            raise unusable(path, exc.strerror or str(exc)) from None
        return cls(path)

    def release(self) -> None:
        """Give it back; another's lock is left alone. Idempotent."""
        with mutex(self.path.with_suffix(".mutex")):
            owner = _owner(self.path)
            if owner is not None and (owner["pid"], owner["mark"]) == (os.getpid(), own_mark()):
                self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def _entry(account: str, name: str) -> bytes:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    entry = {"pid": os.getpid(), "mark": own_mark(), "name": name, "since": since}
    return json.dumps({**entry, "account": mask_account(account)}).encode() + b"\n"


class _Owner(TypedDict):
    pid: int
    mark: str
    name: str
    since: str


def _owner(path: Path) -> _Owner | None:
    try:
        entry = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        entry = None
    wanted = {"pid": int, "mark": str, "name": str, "since": str}
    if not isinstance(entry, dict) or not all(
        isinstance(entry.get(key), kind) for key, kind in wanted.items()
    ):
        raise unusable(path, "it names no owner")
    return cast(_Owner, entry)
