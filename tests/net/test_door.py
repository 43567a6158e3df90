"""The port: open, refusing, open again, and nobody else's meanwhile."""

from __future__ import annotations

import asyncio
import socket

import pytest

from pytest_ibkr.net.door import Door, bound_socket


class Hello(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"hello")
        transport.close()


async def ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    data = await reader.read()
    writer.close()
    await writer.wait_closed()
    return data


def test_it_refuses_while_it_is_shut_and_keeps_its_port() -> None:
    async def scene() -> None:
        listener = bound_socket("127.0.0.1", 0)
        port = listener.getsockname()[1]
        door = Door(listener, Hello)
        await door.serve()
        loop = asyncio.get_running_loop()
        for _time in range(3):
            assert await ask(port) == b"hello"
            door.shut()
            door.shut()
            with pytest.raises(ConnectionRefusedError):
                await ask(port)
            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind(("127.0.0.1", port))
            door.open(loop)
            door.open(loop)
        assert await ask(port) == b"hello"
        door.close()

    asyncio.run(scene())


def test_a_connection_made_right_after_it_opened_is_served() -> None:
    async def scene() -> None:
        listener = bound_socket("127.0.0.1", 0)
        door = Door(listener, Hello)
        await door.serve()
        door.shut()
        door.open(asyncio.get_running_loop())
        with socket.create_connection(listener_address(door), timeout=5) as client:
            client.setblocking(False)
            heard = await asyncio.get_running_loop().sock_recv(client, 5)
        assert heard == b"hello"
        door.close()

    asyncio.run(scene())


def test_it_may_be_shut_before_it_is_open_again() -> None:
    async def scene() -> None:
        door = Door(bound_socket("127.0.0.1", 0), Hello)
        await door.serve()
        address = listener_address(door)
        door.shut()
        door.open(asyncio.get_running_loop())
        door.shut()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(ConnectionRefusedError):
            await ask(address[1])
        door.close()

    asyncio.run(scene())


def listener_address(door: Door) -> tuple[str, int]:
    return door._host, door._port
