"""The shape of ``days.json`` and of the surface it names, key by key, for validation.

Imports pydantic and the snapshot's own types; says what is wrong with a file, and where.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from pytest_ibkr.errors import UsageError
from pytest_ibkr.snapshot.layout import BarSize, ConId, Day, Text, Tick, TimeZone

DAYS_VERSION: Final = 1
DOCS: Final = "docs/reference/days.md"
_MOST_BYTES: Final = 8 * 1024 * 1024
_STRICT = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
_T = TypeVar("_T")

FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")]  # beside days.json
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=10)]
CONTRACT: Final = r"^[A-Z0-9.]{1,12} [0-9]{8} [CP] [0-9]+(\.[0-9]+)?$"
Symbol = Annotated[str, Field(pattern=r"^[A-Z0-9.]{1,12}$")]


@with_config(_STRICT)
class BarFile(TypedDict):
    """One table of bars of one size; ``origin`` holds for every row of it."""

    file: FileName
    size: BarSize
    origin: Literal["imported", "synthetic"]
    detail: Text


@with_config(_STRICT)
class SymbolFacts(TypedDict):
    """Who an underlying is, as contract details say it."""

    conId: ConId
    secType: Literal["STK", "IND"]
    exchange: Text
    primaryExchange: Text
    tradingClass: Text
    longName: Text
    stockType: Text
    isin: Text | None
    minTick: Tick
    timeZone: TimeZone


@with_config(_STRICT)
class DaysFile(TypedDict):
    """A market between ``first`` and ``last``; dates are ``YYYYMMDD``.

    ``closed`` are weekdays without trading, ``halfDays`` end at 13:00 New York time; both should
    reach as far as the last expiry. ``extendStored``: a stored day also gets the composed day's
    contracts that its file does not have, labelled synthetic. ``notListed``: contracts
    ``SPY 20260714 C 750`` that no composed day has, because their made-up id would be another's.
    """

    schemaVersion: Literal[1]
    name: Text
    first: Day
    last: Day
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    closed: list[Day]
    halfDays: list[Day]
    bars: list[BarFile]
    surface: FileName | None
    volatilityIndex: Symbol | None
    extendStored: bool
    notListed: list[Annotated[str, Field(pattern=CONTRACT)]]
    symbols: dict[Symbol, SymbolFacts]


@with_config(_STRICT)
class KnotRow(TypedDict):
    """A slice at a maturity in trading days; see ``snapshot.surface``."""

    days: Positive
    theta: Positive
    right: Share
    left: Share


@with_config(_STRICT)
class FittedDay(TypedDict):
    """The surface of a day that has a real chain, and the volatility index at its close."""

    index: Positive
    knots: Annotated[list[KnotRow], Field(min_length=1)]


@with_config(_STRICT)
class Response(TypedDict):
    """How volatility at a maturity follows the index: ``(22 / days) ** exponent``, limited."""

    exponent: Share
    least: Share
    most: Share


@with_config(_STRICT)
class Dividend(TypedDict):
    """Who holds the stock before ``exDate`` gets ``dollars`` a share."""

    exDate: Day
    dollars: Positive


@with_config(_STRICT)
class SpreadTable(TypedDict):
    """Ask minus bid: a row per maturity up to ``days``, a column per delta up to ``deltas``.

    The last row and the last column hold beyond the last limit too.
    """

    days: list[Positive]
    deltas: list[Positive]
    dollars: list[list[Positive]]


@with_config(_STRICT)
class StrikeGrid(TypedDict):
    """Strikes ``fine`` dollars apart up to ``fineShare`` around the price, else ``coarse``."""

    fine: Positive
    fineShare: Share
    coarse: Positive
    coarseShare: Share


@with_config(_STRICT)
class SymbolSurface(TypedDict):
    """One underlying: its base surface at ``index``, and the surfaces of the fitted days."""

    index: Positive
    knots: Annotated[list[KnotRow], Field(min_length=1)]
    fitted: dict[Day, FittedDay]
    response: Response
    noise: Share
    carryRate: float
    dividends: list[Dividend]
    spreads: SpreadTable
    strikes: StrikeGrid
    openInterest: Positive
    volume: Positive


@with_config(_STRICT)
class SurfaceFile(TypedDict):
    """Surfaces of all symbols; rates continuously compounded a year."""

    schemaVersion: Literal[1]
    detail: Text
    closedDayWeight: Share
    discountRate: float
    symbols: dict[Symbol, SymbolSurface]


DAYS: Final = TypeAdapter(DaysFile)
SURFACE: Final = TypeAdapter(SurfaceFile)


def json_schema(of: Literal["days", "surface"]) -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of one of the two files."""
    schema = (DAYS if of == "days" else SURFACE).json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"pytest-ibkr {of}, version {DAYS_VERSION}",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def read(path: Path, adapter: TypeAdapter[_T]) -> _T:
    """A validated file.

    Raises:
        UsageError: it cannot be read, is no JSON, or not of the published shape.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as exc:
        raise refused(path, [exc.strerror or str(exc)]) from None
    if len(content) > _MOST_BYTES:
        raise refused(path, ["more than 8 MiB"])
    try:
        found = adapter.validate_json(content)
    except ValidationError as exc:
        rows = exc.errors(include_url=False, include_context=False)
        raise refused(path, [f"{_place(row['loc'])}: {row['msg']}" for row in rows]) from None
    except RecursionError:
        raise refused(path, ["nested too deeply"]) from None
    problems = list(_contradictions(found))
    if problems:
        raise refused(path, problems)
    return found


def refused(path: Path, problems: list[str]) -> UsageError:
    """What is said of a file that cannot be used; the first few problems."""
    shown = [*problems[:8], *(["…"] if len(problems) > 8 else [])]
    listed = "\n         ".join(shown)
    return UsageError(
        f"{path} cannot be used:\n         {listed}\n"
        "  state: no day was composed\n"
        "  fix:   mend the file; pytest-ibkr snapshot days DIR looks at all of it\n"
        f"  docs:  {DOCS}"
    )


def _contradictions(document: Any) -> Iterator[str]:
    if "first" in document:
        yield from _days(document)
        return
    for symbol, surface in document["symbols"].items():
        days = [row["days"] for row in surface["knots"]]
        if any(a >= b for a, b in pairwise(days)):
            yield f"symbols.{symbol}.knots: days do not ascend"
        table = surface["spreads"]
        if len(table["dollars"]) != len(table["days"]) or any(
            len(row) != len(table["deltas"]) for row in table["dollars"]
        ):
            yield f"symbols.{symbol}.spreads: not a row per maturity and a column per delta"


def _days(document: Any) -> Iterator[str]:
    if document["first"] > document["last"]:
        yield "last: comes before first"
    index = document["volatilityIndex"]
    if index is not None and index not in document["symbols"]:
        yield f"volatilityIndex: {index} is not among the symbols"
    if document["surface"] is not None and index is None:
        yield "volatilityIndex: a surface needs one"
    if not any(facts["secType"] == "STK" for facts in document["symbols"].values()):
        yield "symbols: there is no stock"


def _place(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.removeprefix(".") or "document"
