"""News bulletins: 12, 13 and their answer."""

from __future__ import annotations
