"""The command line's words: commands, options, and which values they take."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pytest_ibkr import limits
from pytest_ibkr.cli.capture import add_capture
from pytest_ibkr.cli.check import check as check_gateway
from pytest_ibkr.cli.close_positions import add_close_positions
from pytest_ibkr.cli.diff import add_diff
from pytest_ibkr.cli.logs import import_file
from pytest_ibkr.cli.serve import serve
from pytest_ibkr.cli.snapshot_days import add_days
from pytest_ibkr.cli.snapshot_import import add_import
from pytest_ibkr.cli.snapshots import check, listing
from pytest_ibkr.errors import UsageError
from pytest_ibkr.settings import DEFAULT_SNAPSHOT_DIR

if TYPE_CHECKING:
    from pytest_ibkr.sim.weather.base import Weather

T = TypeVar("T")
_MOST_SEED = 2**31 - 1


def parser() -> argparse.ArgumentParser:
    """The parser; its result has ``run``, which takes the options and the stop event."""
    made = argparse.ArgumentParser(
        prog="pytest-ibkr",
        description="The simulated gateway as a program of its own, and a look at snapshots."
        " Results go to standard output, everything for people to standard error."
        " Exit codes: 0 done, 1 failed, 2 usage, 3 incomplete.",
    )
    made.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = made.add_subparsers(required=True, metavar="COMMAND")
    _add_serve(commands.add_parser("serve", help="run the simulated gateway until stopped"))
    ready = commands.add_parser("check", help="is the paper gateway ready? No order is sent")
    ready.set_defaults(run=check_gateway)
    add_close_positions(commands.add_parser("close-positions", help="flatten a paper account"))
    add_capture(commands.add_parser("capture", help="record a snapshot from a paper gateway"))
    snapshot = commands.add_parser("snapshot", help="look at market snapshots")
    kinds = snapshot.add_subparsers(required=True, metavar="COMMAND")
    listed = kinds.add_parser("list", help="list the snapshots of a directory")
    listed.add_argument("--dir", type=Path, help=f"default: {DEFAULT_SNAPSHOT_DIR}")
    listed.set_defaults(run=listing)
    checked = kinds.add_parser("check", help="is a snapshot readable and complete?")
    checked.add_argument("file", metavar="NAME_OR_FILE")
    checked.set_defaults(run=check)
    add_import(kinds.add_parser("import", help="make a snapshot of your own tables"))
    add_days(kinds.add_parser("days", help="what a market of many days is made of"))
    _add_log(commands.add_parser("log", help="use a gateway's own message log"))
    add_diff(commands.add_parser("diff", help="is a recorded gateway answered alike?"))
    return made


def _add_log(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(required=True, metavar="COMMAND")
    imported = kinds.add_parser("import", help="make a masked, replayable recording of it")
    add = imported.add_argument
    add("file", type=Path, metavar="FILE")
    add("--output", type=Path, metavar="FILE", help="default: FILE's name, .recording.jsonl")
    add("--server-version", type=_version, metavar="N", help="default: the newest that fits")
    add("--date", type=_date, metavar="YYYY-MM-DD", help="its day: logs have times only")
    imported.set_defaults(run=import_file)


class _Version(argparse.Action):
    """Asks for the version only when it is wanted: reading the metadata takes a while."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("pytest-ibkr")
        except PackageNotFoundError:
            number = "(not installed)"
        print(f"pytest-ibkr {number}")
        parser.exit()


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Runs the simulated gateway on 127.0.0.1. Once it accepts connections, one line of JSON"
        " on standard output names host, port, account, server_version, snapshot and pid."
        " SIGINT and SIGTERM stop it."
    )
    add = parser.add_argument
    add("--port", type=_port, default=0, metavar="N", help="default: any free one")
    add("--snapshot", metavar="NAME_OR_PATH", help="the market")
    add("--scenario", metavar="NAME", help="the newest snapshot of a scenario")
    add(
        *("--account",),
        type=_checked(limits.account),
        default="DU0000001",
        metavar="ID",
        help="DU0000001 to DU0000999",
    )
    add("--server-version", type=_version, metavar="N", help="default: newest")
    add("--speed", type=_speed, default=1.0, metavar="X", help="virtual seconds per second")
    add(
        *("--clock",),
        choices=("session", "wall"),
        default="session",
        help="session (default): begin at 10:00 exchange time of the snapshot's day, whatever"
        " the hour is here; wall: begin now",
    )
    add("--recording", type=Path, metavar="FILE", help="answer from a recording")
    add("--seed", type=_seed, metavar="N", help="default: the snapshot's own")
    add(
        *("--add",),
        type=_names,
        default=(),
        metavar="NAME,…",
        help="synthetic instruments beside the snapshot's: ES, MES, SPX, EUR.USD, US-T, SPY.CFD",
    )
    add(
        *("--weather",),
        type=_weathers,
        default=(),
        metavar="NAME,…",
        help="weather in force from the start, parameters as NAME:PARAMETER=VALUE:…",
    )
    add("--json", action="store_true", help="nothing but the line of JSON, no text for people")
    parser.set_defaults(run=serve)


# -- values ------------------------------------------------------------------------------


def _checked(check: Callable[[str], T]) -> Callable[[str], T]:
    """A check as argparse wants it: it prints the text with the option before it."""

    def convert(text: str) -> T:
        try:
            return check(text)
        except UsageError as exc:
            raise argparse.ArgumentTypeError(str(exc)) from None

    return convert


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a whole number") from None


@_checked
def _port(text: str) -> int:
    return limits.port(_whole(text))


@_checked
def _version(text: str) -> int:
    from pytest_ibkr.wire.versions import NEWEST, OLDEST

    return limits.whole("a server version", _whole(text), OLDEST, NEWEST)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


@_checked
def _weathers(text: str) -> tuple[Weather, ...]:
    from pytest_ibkr.session.weather import read

    return tuple(read(name) for name in _names(text))


@_checked
def _seed(text: str) -> int:
    return limits.whole("a seed", _whole(text), -_MOST_SEED, _MOST_SEED)


@_checked
def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise UsageError(f"{text!r} is no date like 2026-01-02") from None


@_checked
def _speed(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a number") from None
    return limits.speed(number)
