"""The audit log: one JSON line per decision, handed to the system at once, nothing secret in it.

A log that cannot be written says so in ``failed`` and raises nothing: whoever writes may be
cleaning up. Account ids and login names are masked; bytes of frames are never written.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from pytest_ibkr.snapshot.redact import mask_accounts

_LONGEST = 400  # characters of one value


class AuditLog:
    """Appends to a file; without one it only counts.

    Attributes:
        lines: written.
        secrets: texts replaced wherever they occur, beside account ids.
        failed: why lines are missing; None while none is.
    """

    def __init__(self, path: Path | None) -> None:
        self.lines = 0
        self.secrets: dict[str, str] = {}
        self.failed: str | None = None
        self._file: IO[str] | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8", newline="\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def write(self, at_s: float, what: str, **said: Any) -> None:
        """Write one line.

        Args:
            at_s: gateway clock, Unix epoch seconds.
            what: ``allow``, ``refuse``, ``replace``, ``ignore``, ``end`` or another event.
            said: what else is known; None and empty values are left out.
        """
        self.lines += 1
        if self._file is None:
            return
        at = datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds")
        kept = {name: self.clean(value) for name, value in said.items() if value not in (None, "")}
        try:
            self._file.write(json.dumps({"at": at, "what": what, **kept}) + "\n")
            self._file.flush()
        except OSError as exc:
            self.failed = exc.strerror or str(exc)

    def clean(self, value: Any) -> Any:
        """The value as it may be written."""
        if isinstance(value, str):
            text = mask_accounts(value)
            for secret, shown in self.secrets.items():
                text = text.replace(secret, shown)
            return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
        if isinstance(value, dict):
            return {name: self.clean(each) for name, each in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.clean(each) for each in value]
        return value if isinstance(value, (int, float, type(None))) else self.clean(str(value))

    def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as exc:
                self.failed = exc.strerror or str(exc)
