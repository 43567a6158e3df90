"""How somebody's tables are to be read: which column is what, and how it is written there.

A column map is YAML; every part may be left out where the tables use our own names
(:mod:`pytest_ibkr.snapshot.tables`). Imports this package only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pytest_ibkr.errors import UsageError

CHAIN_COLUMNS: Final = (
    *("underlying", "underlying_price", "expiry", "strike", "right", "bid", "ask", "last"),
    *("volume", "open_interest", "implied_vol", "delta", "gamma", "theta", "vega"),
)
BAR_COLUMNS: Final = ("symbol", "start", "open", "high", "low", "close", "volume")
_NEEDED: Final = frozenset({"underlying", "expiry", "strike", "right", *BAR_COLUMNS} - {"volume"})
_WHOLE: Final = frozenset({"volume", "open_interest"})
_SIGNED: Final = frozenset({"delta", "gamma", "theta", "vega"})
_TEXT: Final = frozenset({"underlying", "symbol", "right", "expiry", "start"})
_UNKNOWN: Final = frozenset({"", "nan", "null", "none", "na", "n/a", "-"})
_RIGHTS: Final = {"c": "C", "call": "C", "p": "P", "put": "P"}
_MOST_BYTES: Final = 1024 * 1024
Row = dict[str, str]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChainMap(_Part):
    """Of option chains: column names, date format, and what is given in percent."""

    columns: dict[str, str] = Field(default_factory=dict)
    constant: dict[str, str] = Field(default_factory=dict)
    expiry_format: str = ""
    rights: dict[str, Literal["C", "P"]] = Field(default_factory=dict)
    percent: list[str] = Field(default_factory=list)


class BarMap(_Part):
    """Of bars: column names, and the zone of times that say none."""

    columns: dict[str, str] = Field(default_factory=dict)
    constant: dict[str, str] = Field(default_factory=dict)
    start_format: str = ""
    zone: str = "America/New_York"


class SymbolFacts(_Part):
    """What contract details say of an underlying."""

    sec_type: Literal["STK", "IND"] = "STK"
    con_id: Annotated[int, Field(gt=0, lt=2**31)] | None = None
    exchange: str = ""
    primary_exchange: str = ""
    trading_class: str = ""
    long_name: str = ""
    stock_type: str = "COMMON"
    isin: str | None = None
    min_tick: Annotated[float, Field(gt=0)] = 0.01
    time_zone: str = "America/New_York"


class ColumnMap(_Part):
    """The whole map."""

    chains: ChainMap = Field(default_factory=ChainMap)
    bars: BarMap = Field(default_factory=BarMap)
    symbols: dict[str, SymbolFacts] = Field(default_factory=dict)

    def chain_row(self, row: Mapping[str, Any], *, place: str) -> Row:
        """One row of a chain in our own columns and forms; unknown is "".

        Raises:
            UsageError: a column is missing, or a value is not what the column is for.
        """
        part = self.chains
        found = _renamed(row, CHAIN_COLUMNS, part.columns, constant=part.constant, place=place)
        rights = {**_RIGHTS, **{key.lower(): right for key, right in part.rights.items()}}
        for name in part.percent:
            if found.get(name):
                found[name] = repr(float(found[name]) / 100)
        _convert(found, "right", lambda text: rights[text.lower()], place=place)
        _convert(found, "expiry", lambda text: _expiry(text, part.expiry_format), place=place)
        return found

    def bar_row(self, row: Mapping[str, Any], *, place: str) -> Row:
        """One bar in our own columns; its start gets an offset. Errors as above."""
        part = self.bars
        found = _renamed(row, BAR_COLUMNS, part.columns, constant=part.constant, place=place)
        zone = ZoneInfo(part.zone)
        _convert(found, "start", lambda text: _start(text, part.start_format, zone), place=place)
        return found


def read_map(path: Path | None) -> ColumnMap:
    """Read a column map; without one the tables have our own column names.

    Raises:
        UsageError: no such file, no YAML, or a key or value nobody knows; says which.
    """
    if path is None:
        return ColumnMap()
    import yaml

    try:
        if path.stat().st_size > _MOST_BYTES:
            raise UsageError(f"{path.name} is no column map: it has more than 1 MiB")
        content = yaml.safe_load(path.read_text("utf-8")) or {}
        made = ColumnMap.model_validate(content)
        for name in {made.bars.zone, *(facts.time_zone for facts in made.symbols.values())}:
            ZoneInfo(name)
    except OSError as exc:
        raise UsageError(f"{path} cannot be read: {exc.strerror or exc}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as exc:
        raise UsageError(f"{path.name} is no YAML: {exc}") from None
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise UsageError(f"{path.name}: {_first(exc)}") from None
    _check_names(path, made)
    return made


def _check_names(path: Path, made: ColumnMap) -> None:
    known = {"chains": CHAIN_COLUMNS, "bars": BAR_COLUMNS}
    for part, columns in known.items():
        section: ChainMap | BarMap = getattr(made, part)
        for name in (*section.columns, *section.constant, *getattr(section, "percent", ())):
            if name not in columns:
                raise UsageError(
                    f"{path.name}: {part} has no column {name!r}; known: {', '.join(columns)}"
                )


def _first(exc: Exception) -> str:
    if isinstance(exc, ValidationError):
        error = exc.errors()[0]
        return f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
    return str(exc)


def _renamed(
    row: Mapping[str, Any],
    columns: tuple[str, ...],
    names: Mapping[str, str],
    *,
    constant: Mapping[str, str],
    place: str,
) -> Row:
    found: Row = {}
    for column in columns:
        name = names.get(column, column)
        if column in constant:
            text = constant[column]
        elif name in row:
            text = _text_of(row[name])
        elif column in _NEEDED:
            raise UsageError(
                f"{place}: there is no column {name!r} for {column}\n"
                f"  state: it has {', '.join(map(str, row))}\n"
                "  fix:   name it in the column map"
            )
        else:
            text = ""
        found[column] = text if column in _TEXT else _number(text, column, place)
        if not found[column] and column in _NEEDED:
            raise UsageError(f"{place}: {name!r} is empty, and {column} is needed")
    return found


def _text_of(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value).strip()


def _number(text: str, column: str, place: str) -> str:
    if text.lower() in _UNKNOWN:
        return ""
    try:
        number = float(text.replace(",", ""))
    except ValueError:
        raise UsageError(f"{place}: {text!r} is no number for {column}") from None
    if math.isnan(number):
        return ""
    if math.isinf(number):
        raise UsageError(f"{place}: {text!r} is no number for {column}")
    if number < 0 and column not in _SIGNED:
        raise UsageError(f"{place}: {text!r} cannot be: {column} is never below 0")
    return str(round(number)) if column in _WHOLE else repr(number)


def _convert(row: Row, column: str, convert: Callable[[str], str], *, place: str) -> None:
    try:
        row[column] = convert(row[column])
    except (ValueError, KeyError):
        raise UsageError(
            f"{place}: {row[column]!r} cannot be read as {column}\n"
            "  fix:   say in the column map how it is written (expiry_format, start_format, rights)"
        ) from None


def _expiry(text: str, form: str) -> str:
    if form:
        return f"{datetime.strptime(text, form):%Y%m%d}"  # noqa: DTZ007 - a date
    digits = text[:10].replace("-", "")
    return f"{datetime.strptime(digits[:8], '%Y%m%d'):%Y%m%d}"  # noqa: DTZ007 - a date


def _start(text: str, form: str, zone: ZoneInfo) -> str:
    read = datetime.strptime if form else lambda given, _form: datetime.fromisoformat(given)
    moment = read(text, form)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()
