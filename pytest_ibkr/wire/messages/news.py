"""News providers, articles and headlines: 84 to 86 and their answers."""

from __future__ import annotations
