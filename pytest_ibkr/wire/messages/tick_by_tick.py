"""Tick-by-tick data: 97, 98 and their answer."""

from __future__ import annotations
