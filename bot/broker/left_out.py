"""What a protobuf answer leaves out, which the official client 10.x turns into 0.

The client hands the message itself on before the callback of old, both on its reader thread: there
an amount that is unknown can still be told from one that is 0.
"""

from __future__ import annotations

import sys
from typing import Any, Final

UNSET: Final = sys.float_info.max  # how every generation of the client writes it


class LeftOut:
    """The fields that the message just handed on does not have. Text answers hand none on."""

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()

    def note(self, message: Any, *names: str) -> None:
        """Look at a message for fields that may be left out."""
        self._names = frozenset(name for name in names if not message.HasField(name))

    def told(self, name: str, value: Any) -> Any:
        """What the callback says, or the client's own sign for "unset"."""
        return UNSET if name in self._names else value
