"""A run that places an order and is then ended in some way; started by test_endings.

    python -m tests.net.relay.harness_program SPEC_JSON HOW

Prints the relay's process number once the order works. HOW: ``wait`` for being killed, ``fork`` a
child that holds the relay's pipe and wait, ``exit`` with os._exit, ``close`` the pipe.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading

from pytest_ibkr.net.relay.spec import RelaySpec
from pytest_ibkr.net.relay_handle import RelayHandle
from pytest_ibkr.wire.messages.order import OrderStatus
from tests.net.raw_client import RawClient
from tests.net.relay.trading import SESSION, order


def main() -> None:
    spec, how = RelaySpec.from_json(sys.argv[1]), sys.argv[2]
    relay = RelayHandle.start(spec)
    relay.begin_test("test_order", places_orders=True, market=[SESSION])
    client = RawClient(relay).start(7100)
    client.send(order(1))
    client.wait_for(OrderStatus, lambda said: said.status in ("PreSubmitted", "Submitted"))
    child = 0
    if how == "fork":
        stdin = relay._process._child.stdin
        sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
        child = subprocess.Popen(sleeper, pass_fds=[stdin.fileno()]).pid
    sys.stdout.write(f"{relay.pid} {child}\n")
    sys.stdout.flush()
    if how == "exit":
        os._exit(0)
    threading.Event().wait()


if __name__ == "__main__":
    main()
