"""Exercise of options and binding of orders: 21, answer 100."""

from __future__ import annotations
