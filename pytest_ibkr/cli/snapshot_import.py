"""``pytest-ibkr snapshot import``: people's own tables become a snapshot."""

from __future__ import annotations

import argparse
import sys
import threading
from datetime import datetime
from pathlib import Path

from pytest_ibkr.errors import UsageError

INCOMPLETE = 3


def add_import(parser: argparse.ArgumentParser) -> None:
    """Give the command its options."""
    parser.description = (
        "Makes a snapshot of option chains (CSV, .csv.gz or Parquet) and bars. A column map says"
        " what their columns are called; what they do not have is made up and labelled synthetic."
    )
    add = parser.add_argument
    add("--chains", type=Path, nargs="+", required=True, metavar="FILE")
    add("--bars", type=Path, nargs="+", required=True, metavar="FILE", help="one size per file")
    add("--column-map", type=Path, metavar="YAML", help="default: our own column names")
    add(
        *("--at",),
        type=_moment,
        required=True,
        metavar="TIME",
        help="the instant of the chains: 2026-07-10T16:00, New York time unless it says an offset",
    )
    add("--scenario", default="imported", metavar="NAME", help="default: imported")
    add("--symbols", metavar="SPY,QQQ", help="default: all of the tables")
    add("--output", type=Path, metavar="DIR", help="default: the snapshot directory")
    add("--compress", action="store_true", help="write .json.gz")
    parser.set_defaults(run=import_tables)


def import_tables(options: argparse.Namespace, _stop: threading.Event) -> int:
    """Write the snapshot, print its path; return the exit code."""
    from pytest_ibkr.cli.told import settings_of
    from pytest_ibkr.snapshot.atomic import write_new
    from pytest_ibkr.snapshot.column_map import read_map
    from pytest_ibkr.snapshot.importing import Tables, import_market
    from pytest_ibkr.snapshot.store import encoded

    words = (options.symbols or "").split(",")
    found = Tables(
        chains=options.chains,
        bars=options.bars,
        columns=read_map(options.column_map),
        symbols=tuple(word.strip() for word in words if word.strip()),
    )
    made = import_market(found, captured_at=options.at, scenario=options.scenario)
    directory: Path = options.output or settings_of(options).snapshot_dir
    target = directory / f"{made.name}.json{'.gz' if options.compress else ''}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        write_new(target, encoded(made, compress=options.compress))
    except FileExistsError:
        raise UsageError(
            f"{target} is there already: nothing was written\n"
            "  fix:   another --scenario, or --output DIR"
        ) from None
    except OSError as exc:
        raise UsageError(f"{target} cannot be written: {exc.strerror or exc}") from None
    for symbol, block in made.symbols.items():
        bars = ", ".join(f"{len(rows)} bars of {size}" for size, rows in block.bars.items())
        told = f"{symbol}: price {block.price}, {len(block.option_chain)} options, {bars}"
        print(told, file=sys.stderr)
    print(*made.issues, sep="\n", file=sys.stderr)
    print(target)
    return 0 if made.complete else INCOMPLETE


def _moment(text: str) -> datetime:
    from pytest_ibkr.snapshot.model import EXCHANGE_ZONE

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time like 2026-07-10T16:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=EXCHANGE_ZONE)
