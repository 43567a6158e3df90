"""Contract details of bonds: answer 18."""

from __future__ import annotations
