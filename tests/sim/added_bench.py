"""The committed market with made-up instruments in it, and clients of it."""

from __future__ import annotations

from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.presets import PRESETS
from pytest_ibkr.sim.world import World
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.versions import NEWEST
from tests.sim.data_bench import TEN, Peer, normal_world, peer

ES = Contract(symbol="ES", sec_type="FUT", exchange="CME", currency="USD", expiry="202609")
SPX = Contract(symbol="SPX", sec_type="IND", exchange="CBOE", currency="USD")
EURO = Contract(symbol="EUR", sec_type="CASH", exchange="IDEALPRO", currency="USD")


def world_with(*names: str) -> World:
    """The committed market with presets."""
    world = normal_world()
    for name in names:
        world = world.extended(PRESETS[name]("20260710"))
    return world


def listed(name: str, local_symbol: str = "") -> Instrument:
    """One instrument of a preset."""
    found = world_with(name).book.by_symbol(local_symbol or name)
    assert found is not None
    return found


def added_peer(*names: str, at_s: float = TEN, version: int = NEWEST) -> Peer:
    """A client of a market with presets."""
    return peer(engine=Engine(world_with(*names), start_s=at_s), version=version)
