"""TWS display groups: 67 to 70 and their answers."""

from __future__ import annotations
