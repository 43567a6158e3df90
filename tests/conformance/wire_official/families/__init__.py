"""Tables by family: how clients hear each response and how they are made to ask each request.

Keys are message ids. Both tables of all families together are compared with the registries of
``pytest_ibkr.wire.declare`` by ``test_completeness.py``.
"""

from __future__ import annotations

from tests.conformance.wire_official.asking import Asked
from tests.conformance.wire_official.families import (
    account,
    contracts,
    history,
    market_data,
    news_and_scans,
    orders,
    session,
)
from tests.conformance.wire_official.reading import Heard

FAMILIES = (account, contracts, history, market_data, news_and_scans, orders, session)
RESPONSES: dict[int, Heard] = {}
REQUESTS: dict[int, Asked] = {}
for _family in FAMILIES:
    for _known, _more in ((RESPONSES, _family.RESPONSES), (REQUESTS, _family.REQUESTS)):
        assert not set(_known) & set(_more), f"{_family.__name__} repeats an id"
        _known |= _more  # type: ignore[arg-type]
