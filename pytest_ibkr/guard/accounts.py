"""Which accounts a gateway serves, and whether every one of them is a paper account."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pytest_ibkr.guard.decision import Refuse
from pytest_ibkr.snapshot.redact import mask_account

# Paper ids begin with D; neither port nor AccountType tells (gateway-behaviour.md 4.1).
PAPER_ID: Final = re.compile(r"D[A-Z]{1,3}[0-9]{5,9}", re.ASCII)
REHEARSAL_ID: Final = re.compile(r"DU0000(?!000)[0-9]{3}", re.ASCII)  # the simulator's range
_MASTERS: Final = ("DF", "DI")  # paper advisors and brokers: their orders are spread over others

_FIX: Final = (
    "log the gateway in with its paper user, and name the paper port (Gateway 4002, TWS 7497)"
)


@dataclass(frozen=True, slots=True)
class PaperAccounts:
    """The ids a gateway serves, all of them paper, in its order."""

    ids: tuple[str, ...]

    @property
    def reading_only(self) -> str | None:
        """Why there can be no orders; None when there can."""
        if len(self.ids) > 1:
            return f"the gateway serves {len(self.ids)} accounts"
        if self.ids[0].startswith(_MASTERS):
            return f"{mask_account(self.ids[0])} is an advisor's or a broker's account"
        return None

    @property
    def rehearsal(self) -> bool:
        """Whether a simulator serves them: no real account is in its range."""
        return any(REHEARSAL_ID.fullmatch(account) for account in self.ids)


def judge(text: str) -> PaperAccounts | Refuse:
    """Read managedAccounts as a gateway sends it: ids joined by commas, one may trail."""
    ids = tuple(text.removesuffix(",").split(","))
    if ids == ("",):
        return Refuse("account.none", "the gateway serves no account", _FIX)
    for account in ids:
        if not PAPER_ID.fullmatch(account):
            shown = mask_account(account) if account.isprintable() else "what it serves"
            return Refuse("account.live", f"{shown!r} is no paper account", _FIX)
    return PaperAccounts(ids)
