"""Where a gateway may be: paper ports only, IP literals only, loopback unless listed."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from typing import Final

from pytest_ibkr.guard.decision import Refuse

LIVE_PORTS: Final = frozenset({4001, 4003, 7496, 7498})
PAPER_PORTS: Final = frozenset({4002, 7497})
_HIGHEST_PORT: Final = 65_535


def judge(
    host: str,
    port: int,
    *,
    extra_paper_ports: Collection[int],
    listed_hosts: Collection[str],
    account: str | None,
) -> Refuse | None:
    """Why nothing may be dialled there; None when it may.

    Args:
        host: where the gateway is, as written in the config file.
        port: its port.
        extra_paper_ports: ``gateway.extra_paper_ports`` of the config file.
        listed_hosts: hosts beside loopback that the config file lists.
        account: the expected account id; None without one.
    """
    return _port(port, extra_paper_ports) or _host(host, listed_hosts, account)


def _port(port: int, extra: Collection[int]) -> Refuse | None:
    if port in LIVE_PORTS:
        return Refuse(
            "endpoint.live-port",
            f"{port} is a port of live gateways",
            "name the port of the paper gateway: 4002 (Gateway) or 7497 (TWS)",
        )
    if port not in PAPER_PORTS and (port not in extra or not 0 < port <= _HIGHEST_PORT):
        return Refuse(
            "endpoint.port",
            f"{port} is not known as a port of paper gateways",
            "name 4002 (Gateway) or 7497 (TWS), or list it in gateway.extra_paper_ports",
        )
    return None


def _host(host: str, listed: Collection[str], account: str | None) -> Refuse | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return Refuse(
            "endpoint.name",
            f"{host!r} is no IP address, and names are not resolved: they can lead elsewhere",
            "write 127.0.0.1",
        )
    # ::ffff:127.0.0.1 and scoped addresses are second spellings of other addresses.
    plain = isinstance(address, ipaddress.IPv4Address) or (
        address.ipv4_mapped is None and address.scope_id is None
    )
    if plain and address.is_loopback:
        return None
    if not plain or address.is_unspecified or address.is_multicast or host not in listed:
        return Refuse(
            "endpoint.host",
            f"{host} is neither this machine nor a listed host",
            "write 127.0.0.1, or list the host's own address together with the account id",
        )
    if account is None:
        return Refuse(
            "endpoint.account",
            f"{host} is another machine, and no account id says whose gateway is expected there",
            "set paper_trading.account or IBKR_PAPER_ACCOUNT to the paper account's id",
        )
    return None
