"""What financial advisors ask: 18, 19, 79, 80 and their answers."""

from __future__ import annotations
