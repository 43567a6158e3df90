"""Depth exchanges and smart components: 82, 83 and their answers."""

from __future__ import annotations
