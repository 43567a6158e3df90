"""Tables on disk as rows: CSV (plain or gzip) and Parquet; Parquet needs the extra ``parquet``."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from pytest_ibkr.errors import UsageError

_BATCH = 50_000
MOST_ROWS = 20_000_000  # a year of every listed option of one underlying; a gzip bomb has more


def read_rows(path: Path, *, wanted: Mapping[str, frozenset[str]]) -> Iterator[tuple[str, Any]]:
    """The rows of a table, each with its place for error messages.

    Args:
        path: ``.csv``, ``.csv.gz`` or ``.parquet``.
        wanted: values a row must have in a column; other rows are left out.

    Raises:
        UsageError: the file is missing, broken, of another kind, or has over ``MOST_ROWS`` rows.
    """
    parquet = path.suffix in (".parquet", ".pq")
    rows = _parquet(path, wanted) if parquet else _csv(path)
    for number, (place, row) in enumerate(rows):
        if number >= MOST_ROWS:
            raise UsageError(
                f"{path.name} has more than {MOST_ROWS} rows: nothing was imported\n"
                "  fix:   hand over a file with the rows of this market only"
            )
        if all(str(row.get(column, "")).strip() in values for column, values in wanted.items()):
            yield place, row


def _csv(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    opened: Callable[..., IO[str]] = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            for row in reader:
                place = f"{path.name}, line {reader.line_num}"
                if None in row or None in row.values():
                    raise UsageError(f"{place}: not as many fields as columns")
                yield place, row
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as exc:
        raise UsageError(f"{path} cannot be read as a table: {exc}") from None


def _parquet(
    path: Path, wanted: Mapping[str, frozenset[str]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        raise UsageError(
            f"{path.name} is a Parquet file, and nothing here reads one\n"
            "  fix:   pip install 'pytest-ibkr[parquet]', or hand it over as CSV"
        ) from None
    try:
        filters = [(column, "in", sorted(values)) for column, values in wanted.items()] or None
        number = 0
        for batch in parquet.read_table(path, filters=filters).to_batches(_BATCH):
            for row in batch.to_pylist():
                number += 1
                yield f"{path.name}, row {number}", row
    except (ArrowException, OSError) as exc:
        raise UsageError(f"{path} cannot be read as a table: {exc}") from None
