"""The port of a gateway: open, or closed so that programs are refused, and open again.

A closed port stays bound, so that nobody else gets it meanwhile. Lives on the gateway's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable

_BACKLOG = 128


def bound_socket(host: str, port: int) -> socket.socket:
    """A TCP socket on an address, not listening yet.

    Raises:
        OSError: somebody else has the port.
    """
    # With the protocol named, asyncio sets TCP_NODELAY; without it answers stall for 40 ms.
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # a port that was just left can be taken again; else it waits a minute
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    return made


class Door:
    """Listens for a server; ``shut`` and ``open`` again as often as weather wants.

    Args:
        listener: a bound socket.
        make: a protocol for each connection.
    """

    def __init__(self, listener: socket.socket, make: Callable[[], asyncio.Protocol]) -> None:
        self._socket, self._make = listener, make
        self._host, self._port = listener.getsockname()[:2]
        self._server: asyncio.Server | None = None
        self._opening: asyncio.Task[None] | None = None
        self.is_shut = False

    async def serve(self) -> None:
        """Accept connections."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._make, sock=self._socket, backlog=_BACKLOG)
        self._opening = None
        if self.is_shut:
            self._leave()

    def shut(self) -> None:
        """Refuse connections; those that are open stay."""
        if self.is_shut:
            return
        self.is_shut = True
        if self._opening is None:  # else it is left as soon as it is open
            self._leave()

    def open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Accept connections again: one made after this call waits at most for the loop."""
        if not self.is_shut:
            return
        self.is_shut = False
        if self._opening is None:
            self._socket.listen(_BACKLOG)
            self._opening = loop.create_task(self.serve())

    def close(self) -> None:
        """Leave the port."""
        if self._opening is not None:
            self._opening.cancel()
        if self._server is not None:
            self._server.close()
        self._socket.close()

    def _leave(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        with contextlib.suppress(OSError):  # taken by another program: then it stays shut
            self._socket = bound_socket(self._host, self._port)
