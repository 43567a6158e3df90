"""Which client libraries this interpreter has, and the gateway versions each is tried with."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

from pytest_ibkr.wire.versions import NEWEST
from tests.conformance.peers.model import Peer

NEWEST_9_81 = 157
_VERSIONS_10 = (176, 178, 187, 200, 201, 203, 207, 211, 213, 214, 225)


@dataclass(frozen=True, slots=True)
class Cell:
    """One client library against a gateway of one version."""

    library: str
    gateway_version: int
    version: int  # what the two agree on
    make: Callable[[], Peer]

    def __str__(self) -> str:
        return f"{self.library}@{self.version}"


def cells() -> list[Cell]:
    """Return every combination to test; ``ibapi`` is one of two generations."""
    found: list[Cell] = []
    if importlib.util.find_spec("ibapi") is not None:
        from ibapi.server_versions import MAX_CLIENT_VER

        if MAX_CLIENT_VER <= NEWEST_9_81:
            found += [
                _cell("ibapi-9.81", *pair) for pair in ((151, 151), (152, 152), (NEWEST, 157))
            ]
        else:
            found += [_cell("ibapi-10.46", version, version) for version in _VERSIONS_10]
    if importlib.util.find_spec("ib_async") is not None:
        found += [_cell("ib_async", *pair) for pair in ((157, 157), (176, 176), (NEWEST, 178))]
    return found


def _cell(library: str, gateway_version: int, version: int) -> Cell:
    return Cell(library, gateway_version, version, _async_peer if "_" in library else _official)


def _official() -> Peer:
    from tests.conformance.peers.official import OfficialPeer

    return OfficialPeer()


def _async_peer() -> Peer:
    from tests.conformance.peers.async_peer import AsyncPeer

    return AsyncPeer()
