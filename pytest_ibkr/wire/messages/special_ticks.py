"""Ticks and reroutes that few contracts have: answers 47, 56, 91, 92."""

from __future__ import annotations
