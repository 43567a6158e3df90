"""A relay that kills itself at one point of an order's way; run as a module by its test."""

from __future__ import annotations

import os
import signal

from pytest_ibkr.net.relay.gateway_side import GatewaySide
from pytest_ibkr.net.relay.ledger import Ledger
from pytest_ibkr.net.relay.process import main
from pytest_ibkr.wire.messages.place_order import PlaceOrder


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def before_ledger(*_order, **_options) -> None:
    die()


write_order, forward = Ledger.order, GatewaySide.forward


def after_ledger(self, order, **options) -> None:
    write_order(self, order, **options)
    die()


def after_forward(self, allowed) -> int:
    sent = forward(self, allowed)
    if isinstance(allowed.message, PlaceOrder):
        die()
    return sent


if __name__ == "__main__":
    point = os.environ["KILLED_AT"]
    if point == "after_forward":
        GatewaySide.forward = after_forward
    else:
        Ledger.order = globals()[point]
    main()
