"""The order ledger: what a run sent is on disk before it is sent.

A ledger without its closing line is open: its run did not clean up, and until somebody does, no
new order of that account passes.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

from pytest_ibkr.errors import GatewayError
from pytest_ibkr.guard.trades import Baseline, Forwarded
from pytest_ibkr.net.relay.ledger_lines import (
    Content,
    Header,
    closing_line,
    execution_line,
    header_line,
    order_line,
    read,
)
from pytest_ibkr.net.relay.processes import own_mark
from pytest_ibkr.net.relay.state_dir import account_key
from pytest_ibkr.snapshot.redact import mask_account, mask_accounts
from pytest_ibkr.wire.messages.executions import ExecutionData

_KEPT: Final = 100  # closed ledgers of an account
_FLAGS: Final = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)


class LedgerFull(GatewayError):
    """A line did not get to the disk: what it was about must not be sent."""


class Ledger:
    """One run's ledger; its file appears with the first order.

    Attributes:
        path: of the file, there or not yet.
        content: what it tells, kept in step with the file.
    """

    def __init__(self, path: Path, content: Content, *, handle: int | None = None) -> None:
        self.path, self.content = path, content
        self._handle = handle
        self._usable = True
        self._turn = threading.RLock()  # a relay writes orders on a thread of their own

    @classmethod
    def begin(
        cls,
        directory: Path,
        *,
        account: str,
        endpoint: str,
        name: str,
        baseline: Baseline,
        flattens: bool = True,
    ) -> Self:
        """Start a ledger for a run; nothing is written before its first order.

        Args:
            directory: the state directory.
            account: the account's id; only its mask and its keyed hash are written.
            endpoint: ``host:port`` of the gateway.
            name: what the run is called.
            baseline: the account before the run.
            flattens: whether its cleanup takes positions back to the baseline. False for a run
                that closes positions on purpose: whoever finishes it must not buy them back.
        """
        now, key = datetime.now(UTC), account_key(directory, account)
        header = Header(
            account=mask_account(account),
            account_key=key,
            endpoint=endpoint,
            name=mask_accounts(name),
            opened_at=now.isoformat(timespec="seconds"),
            owner=(os.getpid(), own_mark()),
            baseline=baseline,
            flattens=flattens,
        )
        file = f"{now:%Y%m%d-%H%M%S-%f}-{os.getpid()}.jsonl"
        return cls(directory / "ledgers" / key / file, Content(header))

    @classmethod
    def resume(cls, path: Path) -> Self:
        """Open a leftover to finish it; a torn last line is taken off.

        Raises:
            LedgerBroken: it cannot be read.
            OSError: it cannot be written.
        """
        content = read(path)
        handle = os.open(path, _FLAGS)
        if content.torn:
            whole = path.read_bytes().rpartition(b"\n")[0]
            os.ftruncate(handle, len(whole) + 1)
            os.fsync(handle)
        return cls(path, content, handle=handle)

    @property
    def is_open(self) -> bool:
        """Whether it holds orders nobody has cleaned up after."""
        return bool(self.content.orders) and self.content.outcome is None

    def order(self, order: Forwarded, *, cleanup: bool = False) -> None:
        """Put an order on disk; only when this returns may it be sent.

        Raises:
            LedgerFull: it is not on disk: the order must not be sent.
        """
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = order_line(order, at=at, cleanup=cleanup)
        with self._turn:
            if self._handle is None:
                seen = b"".join(map(execution_line, self.content.executions.values()))
                self._create(header_line(self.content.header) + seen + line)
            else:
                self._append(line)
            self.content.add(order, cleanup=cleanup)

    def execution(self, execution: ExecutionData) -> None:
        """Keep an execution: the gateway forgets them at midnight. Others' are kept too.

        Raises:
            LedgerFull: it is not on disk; it is known to this process all the same.
        """
        with self._turn:
            if execution.exec_id in self.content.executions:
                return
            self.content.executions[execution.exec_id] = execution
            if self._handle is not None:
                self._append(execution_line(execution))

    def close(self, outcome: Mapping[str, Any]) -> None:
        """Say that the run was cleaned up after, and put the file away. Idempotent.

        Raises:
            LedgerFull: the closing line is not on disk: the ledger stays open.
        """
        if self._handle is None:
            self.content.outcome = outcome
            return
        self._append(closing_line(outcome))
        self.content.outcome = outcome
        self.release()
        away = self.path.parent / "closed"
        away.mkdir(exist_ok=True)
        os.replace(self.path, away / self.path.name)
        self.path = away / self.path.name
        for old in sorted(away.glob("*.jsonl"))[:-_KEPT]:
            old.unlink(missing_ok=True)

    def release(self) -> None:
        """Close the file and leave the ledger as it is. Idempotent."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)
        self._usable = False

    def _create(self, data: bytes) -> None:
        if not self._usable:
            raise self._full("it was closed")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self.path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as exc:
            raise self._full(exc.strerror or str(exc)) from None
        try:
            _write(handle, data)
            _force_directory(self.path.parent)
        except OSError as exc:
            os.close(handle)
            self.path.unlink(missing_ok=True)
            raise self._full(exc.strerror or str(exc)) from None
        self._handle = handle

    def _append(self, line: bytes) -> None:
        handle = self._handle
        if handle is None or not self._usable:
            raise self._full("an earlier line could not be taken back")
        before = os.fstat(handle).st_size
        try:
            _write(handle, line)
        except OSError as exc:
            try:
                os.ftruncate(handle, before)
            except OSError:
                self._usable = False  # a half line in the middle would hide all later ones
            raise self._full(exc.strerror or str(exc)) from None

    def _full(self, why: str) -> LedgerFull:
        return LedgerFull(
            f"the order ledger {self.path} could not be written: {why}"
            "\n  state: the order was not sent: what is not on disk could not be cleaned up"
            "\n  fix:   make room there, or set XDG_STATE_HOME to a disk that has some"
        )


def unfinished(directory: Path, account: str) -> list[Path]:
    """Ledgers of an account that no run has closed, oldest first.

    The caller holds the account's lock: none of them belongs to a run that goes on.
    """
    folder = directory / "ledgers" / account_key(directory, account)
    return sorted(folder.glob("*.jsonl"))


def _write(handle: int, data: bytes) -> None:
    """One line, whole and on disk, or an error."""
    if os.write(handle, data) != len(data):
        raise OSError(None, "the disk took a part of a line only")
    os.fsync(handle)


def _force_directory(directory: Path) -> None:
    """The new names survive a power cut only when the directories above are on disk."""
    if os.name != "posix":  # Windows cannot open a directory, and journals names itself
        return
    for each in (directory, directory.parent, directory.parent.parent):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
