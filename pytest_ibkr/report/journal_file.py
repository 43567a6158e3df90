"""A session's journal streamed to disk: one JSON line per entry, market data included, bounded.

Called on the gateway's thread; imports ``sim.journal`` and ``wire`` only.
"""

from __future__ import annotations

import dataclasses
import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pytest_ibkr.report.accounts import masked
from pytest_ibkr.sim.journal import Entry, Note
from pytest_ibkr.wire.codec import Raw
from pytest_ibkr.wire.names import REQUEST_NAMES

MAX_BYTES = 64 << 20
_NAMES = {cls: name for name, cls in REQUEST_NAMES.items()}
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class JournalFile:
    """A journal listener that writes ``path``; past ``max_bytes`` it only counts.

    Fields at their default are left out; accounts outside the simulator's range are masked.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.path, self.dropped = path, 0
        self._left = max_bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w", encoding="utf-8", newline="\n")

    def __call__(self, entry: Entry) -> None:
        """Write one entry; nothing once closed."""
        if self._file.closed:
            return
        line = f"{masked(_encode(row_of(entry)))}\n"
        self._left -= len(line.encode())
        if self._left < 0:
            self.dropped += 1
        else:
            self._file.write(line)

    def close(self) -> None:
        """End the file, saying how many entries did not fit."""
        if self._file.closed:
            return
        if self.dropped:
            self._file.write(_encode({"truncated": True, "entries_dropped": self.dropped}) + "\n")
        self._file.close()


def row_of(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON-ready values; ``at`` is virtual, ISO 8601 UTC."""
    message = entry.message
    row: dict[str, Any] = {
        "serial": entry.serial,
        "at": datetime.fromtimestamp(entry.at_s, UTC).isoformat(timespec="milliseconds"),
        "connection": entry.connection,
        "direction": entry.direction,
    }
    if isinstance(message, Note):
        return row | {"note": message.text}
    row["bytes"] = entry.size
    if isinstance(message, Raw):
        return row | {"message_id": message.msg_id, "payload_hex": message.payload.hex()}
    name = _NAMES.get(type(message), type(message).__name__)
    return row | {"message": name, "fields": _fields(message)}


def _fields(value: Any) -> dict[str, Any]:
    return {
        field.name: _plain(getattr(value, field.name))
        for field in dataclasses.fields(value)
        if getattr(value, field.name) != field.default
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if dataclasses.is_dataclass(value):
        return _fields(value)
    return str(value)
