"""The paper gateway behind live tests: configuration file to relay, relay to sessions.

Decides nothing about messages: that is the relay's guard.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final, Literal

from pytest_ibkr.config_file import ConfigFile, load_local, local_file_of
from pytest_ibkr.errors import SettingsError
from pytest_ibkr.net.live_clock import LiveClock
from pytest_ibkr.net.live_mirror import TapeReader
from pytest_ibkr.net.relay.spec import NEWEST_RELAYED, RelaySpec, RelaySummary
from pytest_ibkr.net.relay_handle import RelayHandle
from pytest_ibkr.session.live_session import LiveSession

ACCOUNT_VARIABLE: Final = "IBKR_PAPER_ACCOUNT"
LONGEST_START_S: Final = 30.0  # an unreachable gateway has failed by then
FIRST_CLIENT_ID, CLIENT_IDS = 7200, 800
_GIT_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class PaperAccount:
    """The account orders may be placed on.

    Attributes:
        id: None: none, so orders are refused.
        why_not: what to do about that; empty with an account.
    """

    id: str | None
    why_not: str = ""


def paper_account(config: ConfigFile, path: Path, environ: Mapping[str, str]) -> PaperAccount:
    """Find whose account it is: the variable, or a file that git does not track.

    Args:
        config: what ``path`` says.
        path: of the configuration file; the machine's own part is beside it.
        environ: all environment variables.

    Raises:
        SettingsError: two places name different accounts, or the machine's own part is not
            acceptable.
    """
    local = local_file_of(path)
    in_files: list[tuple[Path, str]] = []
    if local.is_file():
        in_files.append((local, load_local(local).paper_trading.account))
    if config.paper_trading.account:
        in_files.append((path, config.paper_trading.account))
    counts = [(str(place), given) for place, given in in_files if not may_be_tracked(place)]
    if given := environ.get(ACCOUNT_VARIABLE, ""):
        counts.insert(0, (ACCOUNT_VARIABLE, given))
    if len({account for _, account in counts}) > 1:
        raise SettingsError(
            f"{' and '.join(place for place, _ in counts)} name different paper accounts\n"
            "  state: nothing was connected\n"
            "  fix:   name one account, in one place"
        )
    if counts:
        return PaperAccount(counts[0][1])
    set_it = f"set {ACCOUNT_VARIABLE}, or write paper_trading.account into {local}"
    if in_files:
        place = in_files[0][0]
        untrack = (
            f"git rm --cached {place}, and put it into .gitignore" if place == local else set_it
        )
        return PaperAccount(
            None, f"{place} is, or may be, tracked by git and does not count; {untrack}"
        )
    return PaperAccount(None, f"no paper account is named; {set_it}")


def may_be_tracked(path: Path) -> bool:
    """Whether a file is in a git repository's index; True also when git cannot say so."""
    path = path.resolve()
    if not any((folder / ".git").exists() for folder in path.parents):
        return False
    asked = ["git", "-C", str(path.parent), "ls-files", "--error-unmatch", "--", path.name]
    try:
        done = subprocess.run(  # noqa: S603
            asked, env=_without_git(), capture_output=True, timeout=_GIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return True
    return done.returncode != 1  # 1: "did not match any file known to git"; 128: git itself failed


def _without_git() -> dict[str, str]:
    """This process's environment, in which nothing points git to another repository."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def relay_spec(
    config: ConfigFile,
    *,
    account: str | None,
    audit: Path | None,
    mode: Literal["tests", "read"] = "tests",
) -> RelaySpec:
    """What a relay is told for this configuration file.

    Args:
        config: endpoint, limits and cleanup; nothing else says where the gateway is.
        account: orders may be placed on; None: reading only.
        audit: file the audit log goes to; None: no file.
        mode: ``read`` lets no order pass: the account check before workers start.
    """
    gateway, cleanup = config.gateway, config.cleanup
    return RelaySpec(
        host=gateway.host,
        port=gateway.port,
        mode=mode,
        expected_account=account,
        extra_paper_ports=gateway.extra_paper_ports,
        listed_hosts=gateway.listed_hosts,
        limits=config.paper_trading.limits.model_dump(exclude_none=True),
        audit_path=None if audit is None else str(audit),
        newest_version=NEWEST_RELAYED,
        handshake_timeout_s=min(float(gateway.timeout), LONGEST_START_S),
        flatten=cleanup.close_all_positions_on_exit,
        cancel=cleanup.cancel_all_orders_on_exit,
        name="pytest",
    )


class LiveGateway:
    """A paper gateway behind its relay. :meth:`start` it; every test may have a session.

    Raises:
        LiveRefused: endpoint, account or lock is not acceptable.
        GatewayUnreachable: nothing answers there.
    """

    kind: Final = "live"
    session: Final = None  # tests share the wire; none of them owns it
    snapshot: Final = None

    def __init__(self, spec: RelaySpec) -> None:
        self.spec = spec
        self._reader = TapeReader(spec.newest_version)
        self.relay = RelayHandle.start(spec, listeners=[self._reader])
        self._reader.usual_version = min(spec.newest_version, self.newest_version)
        self.clock = LiveClock(lambda: self.relay.facts.offset_s)
        self._ids = count()

    @property
    def host(self) -> str:
        """The relay's address: where programs connect."""
        return self.relay.host

    @property
    def port(self) -> int:
        """The relay's port."""
        return self.relay.port

    @property
    def newest_version(self) -> int:
        """The gateway's server version."""
        return self.relay.facts.server_version

    @property
    def account(self) -> str:
        """The account served, unmasked; empty when there are several."""
        return self.relay.facts.account or ""

    def new_session(self, name: str, *, client_id: int | None = None) -> LiveSession:
        """Return a session that begins now; every other one goes on.

        Args:
            name: what it is called in reports.
            client_id: handed to the program under test; by default one that no earlier session
                of this run had.
        """
        if client_id is None:
            client_id = FIRST_CLIENT_ID + next(self._ids) % CLIENT_IDS
        return LiveSession(name, self.relay, self._reader, client_id=client_id, clock=self.clock)

    def stop(self) -> RelaySummary:
        """Let the relay prove, clean up and end; idempotent."""
        return self.relay.stop()
