"""Programs that go around the relay: in the same process they are stopped, elsewhere found out.

An order that never met the relay cannot be refused by it; the account tells afterwards.
"""

from __future__ import annotations

import pytest

from tests.system.live.paper_gateway import paper_gateway
from tests.system.live.project import LiveProject
from tests.system.live.trading import the_user

pytestmark = [pytest.mark.ci, pytest.mark.timeout(240)]

BESIDE = """
import os, sys
from tests.system.live.careless import careless
from tests.system.live.trading import buy, rest
with careless("127.0.0.1", {port}) as client:
    client.start(33)
    {act}
"""
ACTS = [
    pytest.param("rest(client, 1)", id="a working order"),
    pytest.param("buy(client, 1, 2)", id="an execution"),
]
SPELLINGS = ["127.0.0.1", "localhost", "::ffff:127.0.0.1", "127.0.0.2", "0.0.0.0", "127.1"]

CTYPES = """
import ctypes, socket, struct
libc = ctypes.CDLL(None, use_errno=True)
number = libc.socket(2, 1, 0)
address = struct.pack("=H", 2) + struct.pack(">H", {port}) + bytes([127, 0, 0, 1]) + bytes(8)
assert libc.connect(number, address, 16) == 0, "the hook saw it after all"
client = Careless.over(socket.socket(fileno=number))
client.start(33)
rest(client, 1)
client.close()
"""


@pytest.fixture
def gateway():
    with paper_gateway() as running:
        yield running


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_socket_of_the_test_process_does_not_get_to_the_gateway(host, gateway, tmp_path):
    project = LiveProject(tmp_path, gateway)
    family = "socket.AF_INET6" if ":" in host else "socket.AF_INET"
    project.test(
        f"""
        import socket
        with socket.socket({family}) as direct, pytest.raises(Exception) as told:
            direct.connect(({host!r}, {gateway.port}))
        assert not isinstance(told.value, OSError), told.value
        Path("stopped").touch()
        """
    )
    before = len(gateway.requests())
    done = project.run()
    assert project.said("stopped"), done.text
    assert not gateway.order_requests()
    assert len(gateway.requests()) >= before


def test_asyncio_of_the_test_process_does_not_get_to_the_gateway(gateway, tmp_path):
    project = LiveProject(tmp_path, gateway)
    project.test(
        f"""
        import asyncio
        with pytest.raises(Exception) as told:
            asyncio.run(asyncio.wait_for(asyncio.open_connection("127.0.0.1", {gateway.port}), 5))
        assert not isinstance(told.value, (OSError, TimeoutError)), told.value
        Path("stopped").touch()
        """
    )
    done = project.run()
    assert project.said("stopped"), done.text


@pytest.mark.parametrize("act", ACTS)
def test_a_child_process_that_goes_around_is_found_out(act, gateway, tmp_path):
    project = LiveProject(tmp_path, gateway)
    child = BESIDE.format(port=gateway.port, act=act)
    project.test(f"subprocess.run([sys.executable, '-c', {child!r}], check=True)")
    with the_user(gateway) as theirs:
        done = project.run()
        assert done.code == 1, done.text
        assert "bypassed the relay" in done.text
        assert set(theirs) <= set(gateway.working())
        assert not [r for r in gateway.order_requests() if r["name"] != "placeOrder"]


def test_a_child_process_is_found_out_in_a_test_that_says_nothing_of_orders(gateway, tmp_path):
    project = LiveProject(tmp_path, gateway)
    child = BESIDE.format(port=gateway.port, act="buy(client, 1, 2)")
    project.test(f"subprocess.run([sys.executable, '-c', {child!r}], check=True)", marks="live")
    done = project.run()
    assert done.code == 1, done.text
    assert "bypassed the relay" in done.text


def test_native_code_that_goes_around_is_found_out(gateway, tmp_path):
    project = LiveProject(tmp_path, gateway)
    project.test(
        "from tests.system.live.careless import Careless\n" + CTYPES.format(port=gateway.port)
    )
    done = project.run()
    assert done.code == 1, done.text
    assert "bypassed the relay" in done.text


def test_uvloop_that_goes_around_is_found_out(gateway, tmp_path):
    pytest.importorskip("uvloop", reason="uvloop is not installed: the ctypes row stands for it")
    project = LiveProject(tmp_path, gateway)
    project.test(
        f"""
        import asyncio, uvloop
        from tests.system.live.careless import framed, encode, VERSION
        from pytest_ibkr.wire.messages.session import StartApi
        async def go():
            reader, writer = await asyncio.open_connection("127.0.0.1", {gateway.port})
            writer.write(b"API\\0" + framed(b"v157..178"))
            await reader.readexactly(8)
            writer.write(framed(encode(StartApi(client_id=33), VERSION)))
            writer.write(framed(encode(order(1), VERSION)))
            await reader.readuntil(b"Submitted")
        uvloop.run(go())
        """
    )
    done = project.run()
    assert done.code == 1, done.text
    assert "bypassed the relay" in done.text


def test_what_the_user_did_before_the_run_is_no_bypass(gateway, tmp_path):
    project = LiveProject(tmp_path, gateway)
    project.test("with joined(ibkr) as client:\n    buy(client, 1, 2)\n    rest(client, 2)")
    with the_user(gateway) as theirs:
        done = project.run()
        assert done.code == 0, done.text
        assert sorted(gateway.working()) == sorted(theirs)
        assert gateway.position("SPY") == 7
