"""The published form of days.json and its surface, and the committed days against it."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean
from typing import Literal

import pytest

from fixtures.build_days_schema import KINDS, PAGE, REFERENCE, page_text, schema_text
from pytest_ibkr.sim import pricing, surface_fit
from pytest_ibkr.snapshot import Snapshot, store
from pytest_ibkr.snapshot.day_plan import DayPlan
from pytest_ibkr.snapshot.rows import OptionRow
from pytest_ibkr.snapshot.surface import Knot, Slice, Surface
from tests.snapshot.days_samples import SUMMER

RUN = "run: python -m fixtures.build_days_schema"
STORED = "20260710"


@pytest.mark.parametrize("of", KINDS)
def test_the_published_schemas_are_current(of: Literal["days", "surface"]) -> None:
    assert (REFERENCE / f"{of}.schema.json").read_text("utf-8") == schema_text(of), RUN


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == page_text(), RUN


def test_the_committed_days_are_small_and_listed_by_name() -> None:
    files = [path for path in SUMMER.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 1_500_000
    ignored = (Path(__file__).parents[2] / ".gitignore").read_text("utf-8").splitlines()
    for path in files:
        assert f"!/fixtures/ibkr_snapshots/{SUMMER.name}/{path.name}" in ignored


def test_the_committed_days_say_where_every_table_comes_from() -> None:
    document = json.loads((SUMMER / "days.json").read_text("utf-8"))
    made_up = {row["file"] for row in document["bars"] if row["origin"] == "synthetic"}
    assert made_up == {
        *("bars_1d_iwm_following.csv.gz", "bars_5m_iwm_anchored.csv.gz"),
        "bars_5m_iwm_following.csv.gz",
    }
    assert all(row["detail"] for row in document["bars"])


@pytest.fixture(scope="module")
def plan() -> DayPlan:
    return DayPlan(SUMMER / "days.json")


@pytest.fixture(scope="module")
def stored() -> Snapshot:
    return store.load("normal", directory=SUMMER)


@pytest.mark.parametrize(("symbol", "most"), [("SPY", 0.25), ("QQQ", 0.25), ("IWM", 0.35)])
def test_the_committed_surface_meets_the_real_chain(
    symbol: str, most: float, plan: DayPlan, stored: Snapshot
) -> None:
    assert plan.surface is not None
    block = stored.symbols[symbol]
    assert block.price is not None
    rows = plan.surface["symbols"][symbol]["fitted"][STORED]["knots"]
    surface = Surface([Knot(r["days"], Slice(r["theta"], r["right"], r["left"])) for r in rows])
    chains: dict[str, list[OptionRow]] = {}
    for row in block.option_chain:
        chains.setdefault(row.expiry, []).append(row)
    errors = []
    for expiry, chain in chains.items():
        length = plan.calendar.close(expiry) - plan.calendar.close(STORED)
        found = surface_fit.smile(
            chain,
            spot=block.price,
            days=plan.calendar.maturity(STORED, expiry),
            years=length.total_seconds() / pricing.YEAR_S,
            rate=plan.surface["discountRate"],
        )
        if found is not None:
            errors.append(surface_fit.misfit(found, surface.at(found.days)).mean_vol)
    assert len(errors) >= 12
    assert fmean(errors) < most
