"""Wall Street Horizon calendar events: 100 to 103 and their answers."""

from __future__ import annotations
