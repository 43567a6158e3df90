"""How many bytes the other ends of our connections have not read yet; 0 where nobody can tell.

The only part of the harness that asks the operating system beyond Python's portable modules.
Linux says it in /proc/net/tcp; elsewhere the settling time of the session clock has to do.
"""

from __future__ import annotations

from pathlib import Path

_TABLE = Path("/proc/net/tcp")
_ESTABLISHED = "01"


def unread_by_peers(port: int, *, table: Path = _TABLE) -> int:
    """Return the bytes waiting in receive queues of sockets connected to a local ``port``."""
    try:
        rows = table.read_text("ascii").splitlines()[1:]
    except (OSError, UnicodeDecodeError):
        return 0
    wanted, waiting = f":{port:04X}", 0
    for row in rows:
        if wanted not in row:
            continue
        _number, _local, remote, state, queues, *_rest = row.split()
        if state == _ESTABLISHED and remote.endswith(wanted):
            waiting += int(queues.partition(":")[2], 16)
    return waiting
