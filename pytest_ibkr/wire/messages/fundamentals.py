"""Fundamental data, retired by the gateway: 52, 53 and their answer."""

from __future__ import annotations
