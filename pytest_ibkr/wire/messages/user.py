"""User information and the clock in milliseconds: 104, 105 and their answers."""

from __future__ import annotations
