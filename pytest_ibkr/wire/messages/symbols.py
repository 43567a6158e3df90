"""Symbol search: 81 and its answer."""

from __future__ import annotations
