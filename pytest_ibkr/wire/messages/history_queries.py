"""Head timestamp, histogram, historical ticks, trading schedule: 87 to 90, 96."""

from __future__ import annotations
