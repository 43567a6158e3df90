"""Market scanner: 22 to 24 and their answers."""

from __future__ import annotations
