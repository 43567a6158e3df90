"""Whether the gateway still serves the accounts it was verified with.

Asked every 60 s, before the first order of each test and after every reconnect; whatever else
it says ends the run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from pytest_ibkr.errors import GatewayError
from pytest_ibkr.net.link import Link
from pytest_ibkr.net.link_errors import AnswerError, LinkTimeout
from pytest_ibkr.net.relay.probe import ClockReading, read_clock
from pytest_ibkr.wire.messages.session import ManagedAccounts, ReqManagedAccounts

EVERY_S: Final = 60.0


class AccountsChanged(GatewayError):
    """The gateway serves other accounts than were verified, or does not say any more."""


async def recheck(link: Link, verified: str, *, timeout_s: float = 10.0) -> None:
    """Ask for managedAccounts and compare them with the verified ones.

    Args:
        link: the relay's own client.
        verified: the text the guard accepted; order and one trailing comma do not matter.

    Raises:
        AccountsChanged: other ids came, or the gateway did not answer.
        LinkLost: the connection is gone; the next one is verified from scratch.
    """
    # What came unasked counts as well: an answer asked for later must not cover it up.
    _compare(link.accounts or "", verified)
    try:
        answer = await link.ask(ReqManagedAccounts(), until=ManagedAccounts, timeout_s=timeout_s)
    except (LinkTimeout, AnswerError) as silent:
        raise AccountsChanged(
            f"the gateway does not say any more which accounts it serves: {silent}"
            "\n  state: nothing is forwarded from here on"
            "\n  fix:   see that the gateway is logged in with its paper user; start again"
        ) from None
    for each in answer:
        if isinstance(each, ManagedAccounts):
            _compare(each.accounts, verified)


async def keep_watch(
    link: Link,
    verified: str,
    *,
    on_reading: Callable[[ClockReading], None],
    every_s: float = EVERY_S,
    timeout_s: float = 10.0,
) -> None:
    """Re-check, read the clock, wait; for as long as the task runs.

    Raises:
        AccountsChanged: the run ends.
        LinkLost: the relay's own connection is gone: open and verify a new one.
    """
    while True:
        await asyncio.sleep(every_s)
        await recheck(link, verified, timeout_s=timeout_s)
        on_reading(await read_clock(link, timeout_s=timeout_s))


def same_accounts(one: str, other: str) -> bool:
    """Whether two texts of managedAccounts name the same ids."""
    return _ids(one) == _ids(other)


def _ids(text: str) -> list[str]:
    return sorted(text.removesuffix(",").split(","))


def _compare(told: str, verified: str) -> None:
    if not same_accounts(told, verified):
        raise AccountsChanged(
            f"the gateway serves {_count(told)} now, not what was verified at the start"
            "\n  state: nothing is forwarded from here on"
            "\n  fix:   see who logged the gateway in, and with which user; start again"
        )


def _count(text: str) -> str:
    ids = [each for each in _ids(text) if each.strip()]
    return f"{len(ids)} account{'' if len(ids) == 1 else 's'}" if ids else "no account"
