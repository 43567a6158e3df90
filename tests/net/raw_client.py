"""A plain socket that speaks the protocol through our own wire package, for tests of the server."""

from __future__ import annotations

import socket
from typing import Any

from pytest_ibkr.wire.codec import Raw, decode_response, encode_frame
from pytest_ibkr.wire.connection import ClientConnection, Ended, FrameReceived, VersionChosen
from pytest_ibkr.wire.messages.session import NextValidId, StartApi
from pytest_ibkr.wire.versions import NEWEST


class RawClient:
    """Connects on construction; ``start`` opens the API session."""

    def __init__(
        self, gateway, *, lowest: int = 100, highest: int = NEWEST, options: str = ""
    ) -> None:
        self.socket = socket.create_connection((gateway.host, gateway.port), timeout=5)
        self._machine = ClientConnection()
        self.received: list[Any] = []
        self.version = 0
        self.ended = False
        self.socket.sendall(ClientConnection.greeting(lowest, highest, options=options))

    def __enter__(self):
        return self

    def __exit__(self, *_exc) -> None:
        self.socket.close()

    def start(self, client_id: int = 1):
        """Open the session and wait for the order id."""
        self.wait_version()
        self.send(StartApi(client_id=client_id))
        self.wait_for(NextValidId)
        return self

    def send(self, *messages) -> None:
        """Send requests in one write."""
        self.socket.sendall(b"".join(encode_frame(m, self.version) for m in messages))

    def wait_version(self) -> int:
        """Read until the gateway chose a version."""
        while not self.version and not self.ended:
            self.read()
        return self.version

    def wait_for(self, kind, matches=lambda _message: True):
        """Return the first received message of a class, reading as long as needed (5 s)."""
        while True:
            for message in self.received:
                if isinstance(message, kind) and matches(message):
                    return message
            assert not self.ended, f"closed before {kind.__name__} came: {self.received[-5:]}"
            self.read()

    def of(self, kind) -> list[Any]:
        """Everything received so far of a class."""
        return [message for message in self.received if isinstance(message, kind)]

    def read_to_end(self) -> None:
        """Read until the gateway closes."""
        while not self.ended:
            self.read()

    def read(self) -> None:
        """Read once."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        for event in self._machine.receive(data):
            if isinstance(event, VersionChosen):
                self.version = event.version
            elif isinstance(event, FrameReceived):
                message = decode_response(event.payload, self.version)
                assert not isinstance(message, Raw), message
                self.received.append(message)
            elif isinstance(event, Ended):
                self.ended = True
