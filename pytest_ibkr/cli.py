"""``pytest-ibkr``: the simulated gateway as a program of its own, and a look at snapshots.

Results go to standard output, everything for people to standard error. Exit codes: 0 done,
1 failed, 2 usage, 3 incomplete.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.errors import IbkrError, SnapshotError
from pytest_ibkr.settings import DEFAULT_SNAPSHOT_DIR, Settings, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_ibkr.gateway import Gateway
    from pytest_ibkr.session.session import Session
    from pytest_ibkr.snapshot.model import Snapshot

DONE, FAILED, USAGE, INCOMPLETE = 0, 1, 2, 3
LIVE_PORTS: Final = (4001, 7496, 4003, 7498)
_SIMULATED_ACCOUNT: Final = re.compile(r"DU0000(?!000)[0-9]{3}", re.ASCII)
_SPEEDS: Final = (0.01, 1000.0)
_JOURNAL_MOST: Final = 100_000  # entries beside ticks; a server may run for days
_WAKE_S: Final = 0.5  # Windows delivers Ctrl-C only between waits

logger = logging.getLogger("pytest_ibkr")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except IbkrError as exc:
        print(f"pytest-ibkr: {exc}", file=sys.stderr)
        return FAILED
    except ValueError as exc:  # from settings: an option or variable is not acceptable
        print(f"pytest-ibkr: {exc}", file=sys.stderr)
        return USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pytest-ibkr", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_serve(commands.add_parser("serve", help="run the simulated gateway until stopped"))
    snapshot = commands.add_parser("snapshot", help="look at market snapshots")
    kinds = snapshot.add_subparsers(required=True, metavar="COMMAND")
    listed = kinds.add_parser("list", help="list the snapshots of a directory")
    listed.add_argument("--dir", type=Path, help=f"default: {DEFAULT_SNAPSHOT_DIR}")
    listed.set_defaults(run=_list)
    checked = kinds.add_parser("check", help="is a snapshot readable and complete?")
    checked.add_argument("file", type=Path, metavar="FILE")
    checked.set_defaults(run=_check)
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Runs the simulated gateway on 127.0.0.1. Once it accepts connections, one line of JSON"
        " on standard output names host, port, account, server_version, snapshot and pid."
        " SIGINT and SIGTERM stop it."
    )
    parser.add_argument("--port", type=_port, default=0, help="default: any free one")
    parser.add_argument("--snapshot", metavar="NAME_OR_PATH", help="the market")
    parser.add_argument("--scenario", metavar="NAME", help="the newest snapshot of a scenario")
    parser.add_argument(
        "--account", type=_account, default="DU0000001", help="DU0000001 to DU0000999"
    )
    parser.add_argument("--server-version", type=_version, metavar="N", help="default: newest")
    parser.add_argument(
        "--speed", type=_speed, default=1.0, metavar="X", help="virtual seconds per second"
    )
    parser.add_argument(
        "--clock",
        choices=("session", "wall"),
        default="session",
        help="session (default): begin at 10:00 exchange time of the snapshot's day, whatever"
        " the hour is here; wall: begin now",
    )
    parser.add_argument("--seed", type=_whole, help="default: the snapshot's own")
    parser.add_argument(
        "--json", action="store_true", help="nothing but the line of JSON, no text for people"
    )
    parser.set_defaults(run=_serve)


# -- values ------------------------------------------------------------------------------


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _port(text: str) -> int:
    port = _whole(text)
    if port in LIVE_PORTS:
        raise argparse.ArgumentTypeError(
            f"{port} is a live port: a bot that finds a simulator there learns to dial it;"
            " take 0 (any free one), 4002 or 7497"
        )
    if not 0 <= port <= 65_535:
        raise argparse.ArgumentTypeError(f"{port} is not in 0 to 65535")
    return port


def _account(text: str) -> str:
    if not _SIMULATED_ACCOUNT.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not one of the simulator's accounts, DU0000001 to DU0000999,"
            " which no real account can have"
        )
    return text


def _version(text: str) -> int:
    from pytest_ibkr.wire.versions import NEWEST, OLDEST

    version = _whole(text)
    if not OLDEST <= version <= NEWEST:
        raise argparse.ArgumentTypeError(f"{version} is not in {OLDEST} to {NEWEST}")
    return version


def _speed(text: str) -> float:
    least, most = _SPEEDS
    try:
        speed = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not least <= speed <= most:
        raise argparse.ArgumentTypeError(f"{text} is not in {least:g} to {most:g}")
    return speed


# -- serve -------------------------------------------------------------------------------


def _serve(options: argparse.Namespace) -> int:
    from pytest_ibkr.gateway import open_gateway
    from pytest_ibkr.snapshot_choice import chosen
    from pytest_ibkr.wire.versions import NEWEST

    settings = _settings(options)
    snapshot = chosen(settings).snapshot
    version = options.server_version or settings.server_version or NEWEST
    level = logging.CRITICAL if options.json else logging.INFO
    logging.basicConfig(level=level, stream=sys.stderr, format="%(asctime)s %(message)s")
    gateway = open_gateway(
        snapshot,
        account=options.account,
        server_version=version,
        port=options.port,
        seed=options.seed,
        jumps=False,  # the clocks of other processes cannot follow a jump
        speed=options.speed,
        journal_most=_JOURNAL_MOST,
    )
    with _stop_signals() as stop, gateway:
        session = gateway.new_session(
            "serve", start_at=_start(options, settings, snapshot), wall_clock=False
        )
        print(json.dumps(_facts(gateway, snapshot)), flush=True)
        logger.info("serving %s on %s:%d", snapshot.name, gateway.host, gateway.port)
        was_open = True
        while not stop.wait(_WAKE_S):
            was_open = _say_when_over(session, was_open=was_open)
    logger.info("stopped")
    return DONE


def _say_when_over(session: Session, *, was_open: bool) -> bool:
    """Log once that the replayed session has closed; return whether it is open."""
    engine = session.engine
    is_open = engine.world.market.is_open(session.clock.epoch_s())
    if was_open and not is_open:
        logger.warning("the replayed market is closed now; start serve again for an open one")
    return is_open


def _start(options: argparse.Namespace, settings: Settings, snapshot: Snapshot) -> datetime:
    from pytest_ibkr.markers import Plan, start_of

    if options.clock == "wall":
        return datetime.now(UTC)
    return start_of(Plan(in_session=True), snapshot, usual=settings.clock_start)


def _facts(gateway: Gateway, snapshot: Snapshot) -> dict[str, Any]:
    return {
        "host": gateway.host,
        "port": gateway.port,
        "account": gateway.account,
        "server_version": gateway.newest_version,
        "snapshot": snapshot.name,
        "pid": os.getpid(),
    }


@contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; what was there before comes back."""
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


# -- snapshot ----------------------------------------------------------------------------


def _list(options: argparse.Namespace) -> int:
    from pytest_ibkr.snapshot import store
    from pytest_ibkr.snapshot_choice import PACKAGED

    own = options.dir or _settings(options).snapshot_dir
    for directory in dict.fromkeys((own, PACKAGED)):
        for stored in store.available(directory):
            place = "packaged" if directory == PACKAGED else str(stored.path)
            print(f"{stored.name}  {stored.kind}  {place}")
    return DONE


def _check(options: argparse.Namespace) -> int:
    from pytest_ibkr.snapshot import store
    from pytest_ibkr.snapshot.check import check

    try:
        snapshot = store.load(options.file, directory=Path.cwd())
    except SnapshotError as exc:
        print(f"pytest-ibkr: {exc}", file=sys.stderr)
        return FAILED
    issues = check(snapshot)
    for issue in issues:
        print(f"{issue.severity}: {issue.place}: {issue.text}")
    if issues:
        return INCOMPLETE
    print(f"{snapshot.name}: complete, {', '.join(snapshot.symbols)}")
    return DONE


def _settings(options: argparse.Namespace) -> Settings:
    """Options and environment; a command reads no ini file."""
    names = ("snapshot", "scenario")
    here = Path.cwd()
    given = {name: getattr(options, name, None) for name in names}
    return resolve(cli=given, environ=os.environ, ini={}, rootdir=here, cwd=here)


if __name__ == "__main__":
    sys.exit(main())
