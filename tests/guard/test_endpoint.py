"""Where a gateway may be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ibkr.guard import endpoint
from tests.guard.bench import ACCOUNT

LIVE = {4001, 4003, 7496, 7498}
PAPER = {4002, 7497}


def rule(
    host: str = "127.0.0.1",
    port: int = 4002,
    *,
    extra: tuple[int, ...] = (),
    listed: tuple[str, ...] = (),
    account: str | None = None,
) -> str | None:
    found = endpoint.judge(
        host, port, extra_paper_ports=extra, listed_hosts=listed, account=account
    )
    assert found is None or (found.reason and found.fix)
    return None if found is None else found.rule


def test_the_ports_are_the_specified_ones() -> None:
    assert endpoint.LIVE_PORTS == LIVE
    assert endpoint.PAPER_PORTS == PAPER


@pytest.mark.parametrize("port", sorted(LIVE))
def test_a_live_port_is_refused_also_when_it_is_listed(port: int) -> None:
    assert rule(port=port) == rule(port=port, extra=(port,)) == "endpoint.live-port"


@pytest.mark.parametrize("port", sorted(PAPER))
def test_a_paper_port_needs_no_listing(port: int) -> None:
    assert rule(port=port) is None


def test_any_other_port_must_be_listed() -> None:
    assert rule(port=40123) == "endpoint.port"
    assert rule(port=40123, extra=(40123,)) is None
    assert rule(port=1, extra=(1,)) is None
    assert rule(port=65535, extra=(65535,)) is None


@pytest.mark.parametrize("port", [0, -4002, 65536])
def test_a_number_that_is_no_port_is_refused_also_when_it_is_listed(port: int) -> None:
    assert rule(port=port, extra=(port,)) == "endpoint.port"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "127.255.255.254", "::1"])
def test_this_machine_needs_no_listing(host: str) -> None:
    assert rule(host) is None


@pytest.mark.parametrize(
    "host",
    ["localhost", "gateway.example", "", "127.1", "127.0.0.1 ", " 127.0.0.1", "0x7f000001",
     "2130706433", "127.0.0.01", "127.0.0.1\n", "[::1]", "127.0.0.1:4002", "１２７.0.0.1"],
)  # fmt: skip
def test_what_is_no_ip_literal_is_refused_also_when_it_is_listed(host: str) -> None:
    assert rule(host) == rule(host, listed=(host,), account=ACCOUNT) == "endpoint.name"


@pytest.mark.parametrize(
    "host",
    ["::ffff:127.0.0.1", "::ffff:7f00:1", "::1%eth0", "fe80::1%lo", "0.0.0.0", "::", "224.0.0.1",
     "ff02::1"],
)  # fmt: skip
def test_second_spellings_and_addresses_of_many_are_refused_also_when_listed(host: str) -> None:
    assert rule(host) == rule(host, listed=(host,), account=ACCOUNT) == "endpoint.host"


@pytest.mark.parametrize("host", ["10.0.0.7", "192.168.1.20", "8.8.8.8", "2001:db8::7"])
def test_another_machine_must_be_listed_together_with_the_account(host: str) -> None:
    assert rule(host) == "endpoint.host"
    assert rule(host, account=ACCOUNT) == "endpoint.host"
    assert rule(host, listed=("10.9.9.9",), account=ACCOUNT) == "endpoint.host"
    assert rule(host, listed=(host,)) == "endpoint.account"
    assert rule(host, listed=(host,), account=ACCOUNT) is None


def test_a_listed_host_does_not_open_live_ports() -> None:
    assert rule("10.0.0.7", 4001, listed=("10.0.0.7",), account=ACCOUNT) == "endpoint.live-port"


@given(st.text(), st.integers())
def test_whatever_is_written_something_is_said_and_live_ports_never_pass(
    host: str, port: int
) -> None:
    verdict = rule(host, port, extra=(port,), listed=(host,), account=ACCOUNT)
    assert verdict is not None or port not in LIVE
