"""Market depth: 10, 11 and their answers."""

from __future__ import annotations
