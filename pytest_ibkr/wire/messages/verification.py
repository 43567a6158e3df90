"""Verification of registered programs: 65, 66, 72, 73 and their answers."""

from __future__ import annotations
