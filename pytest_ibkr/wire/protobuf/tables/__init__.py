"""Field tables of the 203 protobuf messages, by family.

Checked field by field against the official package's descriptors (tests/conformance).
"""

from __future__ import annotations

from pytest_ibkr.wire.protobuf.tables import (
    account,
    config,
    contracts,
    history,
    market_data,
    news,
    orders,
    session,
)

_FAMILIES = (account, config, contracts, history, market_data, news, orders, session)
ROWS: dict[str, str] = {name: row for each in _FAMILIES for name, row in each.BODIES.items()}
