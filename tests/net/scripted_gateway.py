"""A gateway in the test's own event loop that answers as a function says and keeps a diary."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

from pytest_ibkr.net.link import Link
from pytest_ibkr.wire.codec import decode_request, encode_frame
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.framing import frame
from pytest_ibkr.wire.messages.session import ManagedAccounts, NextValidId, StartApi

ACCOUNT = "DU0000001"


class ScriptedGateway:
    """One connection; ``heard`` has every request with the loop's time it came at."""

    def __init__(self, version: int, answer) -> None:
        self.version = version
        self.heard: list[tuple[float, Message]] = []
        self._answer: Callable[[ScriptedGateway, Message], Awaitable[None] | None] = answer
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Greet, then answer until the client is gone."""
        self._writer = writer
        await reader.readexactly(4)
        await self._frame(reader)
        writer.write(frame(b"%d\x0020260710 10:00:00 EST\0" % self.version))
        try:
            while True:
                message = decode_request(await self._frame(reader), self.version)
                self.heard.append((asyncio.get_running_loop().time(), message))
                if isinstance(message, StartApi):
                    self.send(ManagedAccounts(accounts=ACCOUNT), NextValidId(order_id=1))
                elif (work := self._answer(self, message)) is not None:
                    task = asyncio.ensure_future(work)
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def send(self, *messages: Message) -> None:
        """Say something."""
        for message in messages:
            self._writer.write(encode_frame(message, self.version))

    def send_raw(self, payload: bytes) -> None:
        """Say something that no encoder of ours would."""
        self._writer.write(frame(payload))

    def hang_up(self) -> None:
        """Close the connection."""
        self._writer.close()

    def times(self, kind: type[Message]) -> list[float]:
        """When requests of a kind came."""
        return [at_s for at_s, message in self.heard if isinstance(message, kind)]

    def of(self, kind: type[Message]) -> list[Message]:
        """Requests of a kind."""
        return [message for _at_s, message in self.heard if isinstance(message, kind)]

    @staticmethod
    async def _frame(reader: asyncio.StreamReader) -> bytes:
        return await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))


@asynccontextmanager
async def linked(answer, *, version: int = 200):
    """A scripted gateway and a link to it."""
    gateway = ScriptedGateway(version, answer)
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with await Link.open(
            "127.0.0.1", port, client_id=7001, newest_version=version, messages_per_s=None
        ) as link:
            yield gateway, link
    finally:
        server.close()
        await server.wait_closed()
