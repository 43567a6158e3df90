"""Refuses connections that go past the relay: an audit hook over this process's sockets.

A seat belt, not a wall: child processes, uvloop and other native code connect unseen. What they
did on the account is found by the relay's comparison afterwards.

Ports decide, not hosts: a gateway is refused however its address is spelled, and whatever a name
resolves to. An audit hook cannot be removed, so it stays, and without a belt refuses nothing.
"""

from __future__ import annotations

import operator
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from pytest_ibkr.errors import UsageError
from pytest_ibkr.limits import LIVE_PORTS

PAPER_PORTS: Final = frozenset({4002, 7497})
_EVENTS: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_FAMILIES: Final = frozenset({socket.AF_INET, socket.AF_INET6})
# Of this process, not of this module: a test that runs pytest inside pytest loads modules again,
# and every audit hook costs every audited event from then on.
_PLACE: Final = "_pytest_ibkr_seatbelt"


@dataclass(eq=False, slots=True)
class Belt:
    """Ports that one run does not connect to; in force until it is released."""

    ports: frozenset[int]
    live: bool

    def release(self) -> None:
        """Refuse nothing any more; twice is once."""
        if self in (belts := _state().belts):
            belts.remove(self)


class _State:
    """What the one hook of this process looks at."""

    def __init__(self) -> None:
        self.belts: list[Belt] = []
        self.own: list[tuple[str, int]] = []  # where simulated gateways of this process listen

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        if event not in _EVENTS or not self.belts:
            return
        place = _inet(args[0], args[1])
        if place is None or place in self.own:
            return
        for belt in tuple(self.belts):
            if place[1] in belt.ports:
                raise UsageError(_text(place, live=belt.live))


def fasten(configured: Iterable[int], *, live: bool) -> Belt:
    """Refuse connections of this process to gateways, from now on.

    Args:
        configured: ports of the configuration file's gateway.
        live: whether a relay runs, which everything goes through; offline the two usual paper
            ports are refused too.

    Returns:
        To be released when the run is over.
    """
    ports = LIVE_PORTS | frozenset(configured) | (frozenset() if live else PAPER_PORTS)
    belt = Belt(ports, live)
    _state().belts.append(belt)
    return belt


def listens(host: str, port: int) -> None:
    """Except a simulated gateway of this process, at exactly this address."""
    _state().own.append((host, port))


def ended(host: str, port: int) -> None:
    """Take an exception back."""
    if (place := (host, port)) in (own := _state().own):
        own.remove(place)


def _state() -> _State:
    state: _State | None = sys.__dict__.get(_PLACE)
    if state is None:
        state = sys.__dict__[_PLACE] = _State()
        sys.addaudithook(state.hook)
    return state


def _inet(sock: Any, address: Any) -> tuple[str, int] | None:
    """Host, as it was spelled, and port of an internet address; None for any other."""
    if getattr(sock, "family", None) not in _FAMILIES or not isinstance(address, tuple):
        return None
    try:
        host, port = address[0], operator.index(address[1])
    except (IndexError, TypeError):  # the socket module will say what is wrong with it
        return None
    return host if isinstance(host, str) else repr(host), port


def _text(place: tuple[str, int], *, live: bool) -> str:
    host, port = place
    kind = "a live gateway's port" if port in LIVE_PORTS else "a paper gateway's port"
    way = (
        "tests of a live run reach it through the relay: live_gateway.host and .port, or ibkr's"
        if live
        else "give the program under test ibkr.host and ibkr.port, the simulated gateway"
    )
    return (
        f"connecting to {host}:{port} is refused: it is {kind}\n"
        f"  state: nothing was sent; {'a relay runs' if live else 'this run is offline'}\n"
        f"  fix:   {way}"
    )
