"""The seat belt: no connection of this process to a gateway's port, however it is spelled."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.net import seatbelt
from pytest_ibkr.net.seatbelt import Belt, fasten


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Somebody who would answer: a refusal is ours, not the machine's."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def port(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


@pytest.fixture
def belt(port: int) -> Iterator[Belt]:
    belt = fasten([port], live=True)
    yield belt
    belt.release()


def plain(address: tuple[object, ...], *, family: int = socket.AF_INET) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(2)
        sock.connect(address)


def connect_ex(address: tuple[object, ...]) -> None:
    with socket.socket() as sock:
        sock.settimeout(2)
        sock.connect_ex(address)


def non_blocking(address: tuple[object, ...]) -> None:
    with socket.socket() as sock:
        sock.setblocking(False)
        sock.connect_ex(address)


def fast_open(address: tuple[object, ...]) -> None:
    with socket.socket() as sock:
        sock.sendto(b"API\0", getattr(socket, "MSG_FASTOPEN", 0), address)


def streams(address: tuple[object, ...]) -> None:
    asyncio.run(asyncio.open_connection(*address))


def loop_sock_connect(address: tuple[object, ...]) -> None:
    async def main() -> None:
        with socket.socket() as sock:
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, address)

    asyncio.run(main())


class Numberlike:
    """What sockets take for a number, and is none."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __index__(self) -> int:
        return self._number


WAYS = [plain, connect_ex, non_blocking, fast_open, streams, loop_sock_connect]
SPELLINGS = ["127.0.0.1", "localhost", "127.0.0.2", ""]
# In a process of its own: this one's suite refuses what is not plainly this machine.
ODD_SPELLINGS = """
import socket, sys
from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.seatbelt import fasten

port = int(sys.argv[1])
fasten([port], live=True)
for host in ("127.1", "2130706433", "0x7f000001", "0177.0.0.1", b"127.0.0.1", "0.0.0.0"):
    try:
        socket.create_connection((host, port), timeout=2)
    except UsageError as refused:
        assert f":{port} is refused" in str(refused)
    else:
        raise AssertionError(f"{host!r} came through")
"""


@pytest.mark.usefixtures("belt")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_every_way_to_connect_is_refused(way: Callable[..., None], port: int) -> None:
    with pytest.raises(UsageError, match=f"connecting to 127.0.0.1:{port} is refused: it is a pap"):
        way(("127.0.0.1", port))


@pytest.mark.usefixtures("belt")
@pytest.mark.parametrize("host", SPELLINGS)
def test_every_spelling_of_the_host_is_refused(host: str, port: int) -> None:
    with pytest.raises(UsageError, match="is refused"):
        plain((host, port))


def test_odd_spellings_are_refused_too(port: int) -> None:
    command = [sys.executable, "-c", ODD_SPELLINGS, str(port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("belt")
@pytest.mark.parametrize("host", ["::ffff:127.0.0.1", "::1"])
def test_every_family_is_refused(host: str, port: int) -> None:
    if not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with pytest.raises(UsageError, match="is refused"):
        plain((host, port, 0, 0), family=socket.AF_INET6)


@pytest.mark.usefixtures("belt")
def test_a_port_that_only_behaves_like_a_number_is_refused(port: int) -> None:
    with pytest.raises(UsageError, match="is refused"):
        plain(("127.0.0.1", Numberlike(port)))


@pytest.mark.parametrize("number", [4001, 4003, 7496, 7498])
@pytest.mark.parametrize("live", [True, False])
def test_live_ports_are_refused_in_every_run(number: int, live: bool) -> None:
    belt = fasten([], live=live)
    try:
        with pytest.raises(UsageError, match="it is a live gateway's port"):
            plain(("127.0.0.1", number))
    finally:
        belt.release()


@pytest.mark.parametrize("number", [4002, 7497])
def test_offline_paper_ports_are_refused_too(number: int) -> None:
    belt = fasten([], live=False)
    try:
        with pytest.raises(UsageError) as caught:
            plain(("127.0.0.1", number))
    finally:
        belt.release()
    text = str(caught.value)
    assert "it is a paper gateway's port" in text
    assert "this run is offline" in text
    assert "give the program under test ibkr.host and ibkr.port" in text


def test_other_ports_and_other_families_pass(tmp_path) -> None:
    belt = fasten([4002], live=True)
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            plain(server.getsockname())
        if hasattr(socket, "AF_UNIX"):
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(tmp_path / "unix"))
                server.listen()
                plain(str(tmp_path / "unix"), family=socket.AF_UNIX)  # type: ignore[arg-type]
    finally:
        belt.release()


def test_a_simulated_gateway_of_this_process_is_reached_by_its_exact_address(port: int) -> None:
    belt = fasten([port], live=False)
    seatbelt.listens("127.0.0.1", port)
    try:
        plain(("127.0.0.1", port))
        with pytest.raises(UsageError, match="is refused"):
            plain(("127.0.0.2", port))
    finally:
        seatbelt.ended("127.0.0.1", port)
        belt.release()


def test_released_it_refuses_nothing(port: int) -> None:
    belt = fasten([port], live=True)
    belt.release()
    belt.release()
    plain(("127.0.0.1", port))


def test_of_two_belts_each_counts_until_it_is_released(port: int) -> None:
    outer, inner = fasten([port], live=True), fasten([], live=False)
    inner.release()
    try:
        with pytest.raises(UsageError, match="is refused"):
            plain(("127.0.0.1", port))
    finally:
        outer.release()


def test_a_malformed_address_is_left_to_the_socket_module() -> None:
    belt = fasten([], live=True)
    try:
        with pytest.raises(TypeError):
            plain(("127.0.0.1",))
    finally:
        belt.release()
