"""A relay in which one thing breaks; run as a module by its test."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from pytest_ibkr.net.relay import dealings, own_session
from pytest_ibkr.net.relay.gateway_side import GatewaySide
from pytest_ibkr.net.relay.process import main
from pytest_ibkr.wire.messages.place_order import PlaceOrder

forward = GatewaySide.forward


async def no_comparison(*_asked, **_options):
    """The proof meets an answer nobody thought of."""
    raise ValueError("nonsense")


async def no_watch(*_asked, **_options):
    """The watch breaks once the run has sent an order."""
    ledgers = Path(os.environ["BROKEN_STATE"]) / "ledgers"
    while not list(ledgers.glob("*/*.jsonl")):
        await asyncio.sleep(0.01)
    raise KeyError("nonsense of U" + "1234567")


def full_disk(self, allowed) -> int:
    """The disk of the audit log is full from the first order on."""
    if isinstance(allowed.message, PlaceOrder):
        self._listener.relay.log._file = open("/dev/full", "a", encoding="utf-8")  # noqa: SIM115
    return forward(self, allowed)


if __name__ == "__main__":
    match os.environ["BROKEN"]:
        case "proof":
            dealings.compare = no_comparison
        case "watch":
            own_session.keep_watch = no_watch
        case "log":
            GatewaySide.forward = full_disk
    main()
