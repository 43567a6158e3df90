"""Keeps what belongs to a session that is over from acting on the gateway of the next one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.server import GatewayServer


def while_open(server: GatewayServer, name: str, is_over: Callable[[], bool]) -> GatewayServer:
    """Return a server that raises ``UsageError`` on every use once a session is over.

    Args:
        server: the gateway's, which serves one session after the other.
        name: of the session.
        is_over: whether the session was closed.
    """
    return cast(GatewayServer, _WhileOpen(server, name, is_over))


class _WhileOpen:
    """Stands between the parts of one session and the server."""

    def __init__(self, server: GatewayServer, name: str, is_over: Callable[[], bool]) -> None:
        self._server, self._name, self._is_over = server, name, is_over

    def __getattr__(self, attribute: str) -> Any:
        refuse_when_over(self._name, over=self._is_over())
        return getattr(self._server, attribute)


def refuse_when_over(name: str, *, over: bool) -> None:
    """Raise when a session is over.

    Raises:
        UsageError: it is.
    """
    if over:
        raise UsageError(
            f"the session of {name} is over: its market, orders and account are no more\n"
            "  state: nothing was done; its journal can still be read\n"
            "  fix:   use the session of the present test (the fixture ibkr gives each its own)"
        )
