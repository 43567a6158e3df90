"""The gateway check with a connection of its own instead of the relay's: broken on purpose."""

from __future__ import annotations

import sys
from typing import Any, Self

from pytest_ibkr.cli.check import main
from pytest_ibkr.net.relay.spec import RelayFacts, RelaySpec
from pytest_ibkr.net.relay_handle import RelayHandle


class Direct:
    """Where a handle has the relay's port, this one has the gateway's; nobody looks at accounts."""

    def __init__(self, spec: RelaySpec) -> None:
        self.host, self.port, self.facts = spec.host, spec.port, RelayFacts()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None: ...


def start(spec: RelaySpec, **_more: Any) -> Direct:
    """Stand in for ``RelayHandle.start``."""
    return Direct(spec)


if __name__ == "__main__":
    RelayHandle.start = start  # type: ignore[assignment, method-assign]
    sys.exit(main([]))
