"""Five-second bars: 50, 51 and their answer."""

from __future__ import annotations
