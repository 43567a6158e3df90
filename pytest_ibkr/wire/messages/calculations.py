"""Option calculators: 54 to 57."""

from __future__ import annotations
