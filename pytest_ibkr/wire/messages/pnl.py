"""Profit and loss, streamed: 92 to 95 and their answers."""

from __future__ import annotations
