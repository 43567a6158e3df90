"""What every test runs under: loopback only, a far time zone, bounded Hypothesis profiles."""

from __future__ import annotations

import ipaddress
import os
import sys
import time
from typing import Any

from hypothesis import HealthCheck, settings

pytest_plugins = ("pytester", "tests.meta.trace_plugin")

# A zone that is neither UTC nor the exchange's: code that forgets to say which one shows.
os.environ["TZ"] = "Asia/Kolkata"
if hasattr(time, "tzset"):
    time.tzset()

_BASE = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("test", _BASE, max_examples=40, derandomize=True)
settings.register_profile("ci", _BASE, max_examples=200, print_blob=True)
settings.register_profile("proof", _BASE, max_examples=5_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))


def _is_loopback(host: object) -> bool:
    """Whether a host, as the socket module was given it, is this machine (``None`` is)."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(name))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # ::ffff:127.0.0.1
    return (mapped or address).is_loopback


def _refuse_the_network(event: str, args: tuple[Any, ...]) -> None:
    """Audit hook: tests reach loopback and nothing else, not even a name server."""
    if event in ("socket.connect", "socket.sendto", "socket.bind"):
        address = args[1]
        host = address[0] if isinstance(address, tuple) else None  # a Unix socket has no host
        if event == "socket.bind" and host == "":
            host = "0.0.0.0"  # what the operating system makes of it
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0]
    else:
        return
    if not _is_loopback(host):
        raise RuntimeError(
            f"{event} {host!r} refused: tests of this repository use loopback only."
            " Let the code under test meet the simulated gateway."
        )


sys.addaudithook(_refuse_the_network)
