"""Paper only: which ports and account ids the bot refuses, in every mode. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.broker.errors import LiveAccountRefusedError

LIVE_PORTS = frozenset({4001, 7496, 4003, 7498})
_PAPER_ID = re.compile(r"D[A-Z]{1,3}[0-9]{5,9}", re.ASCII)


def mask(account_id: str) -> str:
    """``DU0000001`` as ``DU*****01``: enough to recognise, too little to use."""
    return account_id[:2] + "*" * max(len(account_id) - 4, 1) + account_id[-2:]


def split_accounts(text: str) -> tuple[str, ...]:
    """The ids of a managedAccounts message; one trailing comma is tolerated."""
    return tuple(part.strip() for part in text.removesuffix(",").split(","))


def refuse_live_port(port: int) -> None:
    """Raise LiveAccountRefusedError for the four ports that live gateways use."""
    if port in LIVE_PORTS:
        raise LiveAccountRefusedError(
            f"refusing port {port}: it is a live-trading port\n"
            "  state: nothing was dialled\n"
            "  fix:   use the paper port (Gateway 4002, TWS 7497); there is no way to allow"
            " this one"
        )


def refuse_live_accounts(accounts: Sequence[str]) -> None:
    """Raise LiveAccountRefusedError unless there is an id and every id is a paper id."""
    live = [account for account in accounts if not _PAPER_ID.fullmatch(account)]
    if accounts and not live:
        return
    shown = ", ".join(mask(account) if account else '""' for account in live) or "no account"
    raise LiveAccountRefusedError(
        f"refusing the gateway: it serves {shown}, not only paper accounts (ids like DU0000001)\n"
        "  state: disconnected; no request or order was sent\n"
        "  fix:   log the gateway in with the paper user"
    )
