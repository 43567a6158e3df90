"""Finishes the ledgers that earlier runs left open: at the next start, or when told to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from pytest_ibkr.errors import UsageError
from pytest_ibkr.net.relay.cleanup import Cleaned, Upstream, clean_up
from pytest_ibkr.net.relay.ledger import Ledger, unfinished
from pytest_ibkr.net.relay.ledger_lines import LedgerBroken
from pytest_ibkr.net.relay.state_dir import account_key
from pytest_ibkr.snapshot.redact import mask_accounts


async def finish_leftovers(
    upstream: Upstream,
    directory: Path,
    *,
    paths: Iterable[Path] | None = None,
    attended: bool = False,
    note: Callable[[str], None] = lambda _text: None,
) -> dict[Path, Cleaned]:
    """Clean up after earlier runs of this account, oldest first; never raises for one of them.

    The caller holds the account's lock and has verified it. New orders are blocked for as long
    as ``unfinished(directory, account)`` names anything afterwards.

    Args:
        paths: which ledgers; default every open one of the account.
        attended: whether a person reads what is reported, see ``clean_up``.

    Raises:
        UsageError: a ledger that was named belongs to another account, or is closed.
    """
    found = unfinished(directory, upstream.account)
    wanted = found if paths is None else [_of_account(path, found, directory) for path in paths]
    done: dict[Path, Cleaned] = {}
    for path in wanted:
        try:
            ledger = Ledger.resume(path)
        except (LedgerBroken, OSError) as exc:
            done[path] = Cleaned(failed=[mask_accounts(str(exc))])
            continue
        if ledger.content.header.account_key != account_key(directory, upstream.account):
            ledger.release()
            done[path] = Cleaned(failed=[f"{path} is about another account: left as it is"])
            continue
        note(f"finishing {ledger.content.header.name!r} of {ledger.content.header.opened_at}")
        done[path] = await clean_up(upstream, ledger, attended=attended, note=note)
    return done


def _of_account(path: Path, found: list[Path], directory: Path) -> Path:
    resolved = path.resolve()
    for each in found:
        if each.resolve() == resolved:
            return each
    names = "\n         ".join(map(str, found)) or "none"
    raise UsageError(
        f"{path} is no open ledger of this account under {directory}"
        "\n  state: nothing was cancelled or closed"
        f"\n  fix:   open ones are: {names}"
    )
