"""``pytest-ibkr close-positions``: cancel every order and close every position of a paper account.

Through a relay, so the same guard decides as in tests. Host and port come from the configuration
file below the working directory, else they are 127.0.0.1:4002; no option changes them.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pytest_ibkr.errors import GatewayError, LiveRefused, UsageError

if TYPE_CHECKING:
    from pytest_ibkr.net.relay.spec import RelaySpec

DONE, FAILED, USAGE = 0, 1, 2
CONFIG_FILE: Final = Path("config/live_validation_config.yaml")
DESCRIPTION: Final = (
    "Cancels every open order and closes every position of a paper account with marketable limit"
    " orders, after it has listed them and asked. Exit codes: 0 flat, or declined; 1 something is"
    " left; 2 usage."
)
_SURE: Final = ("y", "yes")


def add_close_positions(parser: argparse.ArgumentParser) -> None:
    """Give the command its words."""
    parser.description = DESCRIPTION
    add = parser.add_argument
    add("--paper-trading", action="store_true", help="say that a paper account is meant: required")
    add(
        *("--session",),
        type=Path,
        metavar="LEDGER",
        help="only what the run of this order ledger left behind",
    )
    add("--ibkr-yes", action="store_true", help="do not ask: it was typed here")
    parser.set_defaults(run=_command)


def main(
    arguments: Sequence[str] | None = None,
    *,
    endpoint: tuple[str, int] | None = None,
    patience_s: float = 5.0,
) -> int:
    """Run the tool as a program and return its exit code.

    Args:
        arguments: words of the command line; None: the process's.
        endpoint: host and port instead of the configured ones; no option reaches it.
        patience_s: how long each of the prices is given to fill.
    """
    parser = argparse.ArgumentParser(prog="close_all_positions.py", allow_abbrev=False)
    add_close_positions(parser)
    options = parser.parse_args(arguments)
    try:
        return close_positions(options, endpoint=endpoint, patience_s=patience_s)
    except UsageError as exc:
        _tell(f"{parser.prog}: {exc}")
        return USAGE


def _command(options: argparse.Namespace, _stop: threading.Event) -> int:
    return close_positions(options)


def close_positions(
    options: argparse.Namespace,
    *,
    endpoint: tuple[str, int] | None = None,
    patience_s: float = 5.0,
) -> int:
    """List, ask, cancel, close, verify; return the exit code.

    Raises:
        UsageError: the flag is missing, nobody can be asked, or a file is not acceptable;
            nothing was connected.
    """
    _check(options)
    spec = _spec(endpoint)
    from pytest_ibkr.net.closing_run import ClosingRun

    run = ClosingRun(
        spec, say=_tell, sure=lambda: _sure(options), patience_s=patience_s, ledger=options.session
    )
    try:
        left = run.run()
    except (GatewayError, LiveRefused) as exc:
        _tell(f"close-positions: {exc}")
        return FAILED
    except KeyboardInterrupt:
        _tell("interrupted: what is left is listed when this is started again")
        return FAILED
    if left is None:
        _tell("declined: nothing was cancelled, nothing was closed")
        return DONE
    for each in left:
        _tell(f"LEFT: {each}")
    print("NOT FLAT: see what is left above" if left else run.flat)
    return FAILED if left else DONE


def _check(options: argparse.Namespace) -> None:
    if not options.paper_trading:
        raise UsageError(
            "--paper-trading is missing"
            "\n  state: nothing was connected, nothing was closed"
            "\n  fix:   say --paper-trading: it closes everything on the paper account"
        )
    if os.environ.get("CI"):
        raise UsageError(
            "orders are not sent with CI set"
            "\n  state: nothing was connected\n  fix:   run it by hand, at a terminal"
        )
    if not options.ibkr_yes and not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask at"
            "\n  state: nothing was connected\n  fix:   run it at a terminal, or type --ibkr-yes"
        )


def _sure(options: argparse.Namespace) -> bool:
    if options.ibkr_yes:
        return True
    _tell("Cancel and close all of this? Type yes: ", end="")
    try:
        return input().strip().lower() in _SURE
    except EOFError:
        return False


def _spec(endpoint: tuple[str, int] | None) -> RelaySpec:
    from pytest_ibkr.config_file import ConfigFile, load_config
    from pytest_ibkr.live_gateway import paper_account
    from pytest_ibkr.net.relay.spec import RelaySpec

    config = load_config(CONFIG_FILE) if CONFIG_FILE.is_file() else ConfigFile()
    account = paper_account(config, CONFIG_FILE, os.environ)
    if account.id is None:
        raise UsageError(
            "nobody says which account is meant"
            f"\n  state: nothing was connected\n  fix:   {account.why_not}"
        )
    gateway = config.gateway
    host, port = endpoint or (gateway.host, gateway.port)
    return RelaySpec(
        host=host,
        port=port,
        mode="close",
        expected_account=account.id,
        extra_paper_ports=(*gateway.extra_paper_ports, *((port,) if endpoint else ())),
        listed_hosts=gateway.listed_hosts,
        handshake_timeout_s=gateway.timeout,
        flatten=False,  # its own trades are the ones that are wanted
        name="close-positions",
    )


def _tell(text: str, *, end: str = "\n") -> None:
    from pytest_ibkr.snapshot.redact import mask_accounts

    print(mask_accounts(text), end=end, file=sys.stderr, flush=True)
