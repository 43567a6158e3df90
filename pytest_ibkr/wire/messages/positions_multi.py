"""Positions of one account or model: 74, 75 and their answers."""

from __future__ import annotations
