"""The file's shape: the published schema and page are current, and really describe it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from fixtures.build_schema import PAGE, SCHEMA, page_text, schema_text
from pytest_ibkr.snapshot import store
from pytest_ibkr.snapshot.layout import SnapshotFile, SymbolEntry
from tests.snapshot.samples import FIXTURES, NORMAL, small


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.req("SC-031")
def test_the_published_schema_is_current() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), (
        "run: python fixtures/build_schema.py"
    )


def test_the_reference_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page_text(), "run: python fixtures/build_schema.py"


@pytest.mark.req("SC-031")
def test_the_committed_snapshot_follows_the_published_schema(
    validator: jsonschema.Draft202012Validator,
) -> None:
    # One row of each kind: a validator in Python takes half a minute for all of them.
    document = json.loads(NORMAL.read_text(encoding="utf-8"))
    for block in document["symbols"].values():
        block["optionChain"] = block["optionChain"][::100]
        block["bars"] = {size: rows[::50] for size, rows in block["bars"].items()}
    assert [error.message for error in validator.iter_errors(document)] == []


@pytest.mark.req("SC-031")
def test_the_schema_refuses_what_reading_refuses(
    validator: jsonschema.Draft202012Validator,
) -> None:
    document = small().to_dict()
    assert validator.is_valid(document)
    wrong: list[dict[str, Any]] = [
        {**document, "schemaVersion": 1},
        {**document, "vix": "16"},
        {**document, "more": 1},
        {key: value for key, value in document.items() if key != "sessions"},
    ]
    assert [validator.is_valid(each) for each in wrong] == [False] * len(wrong)


@pytest.mark.req("SC-031")
def test_every_key_of_the_source_format_is_kept() -> None:
    loaded = store.load(NORMAL, directory=FIXTURES)
    assert {"scenario", "timestamp", "symbols"} <= set(loaded)
    block = loaded["symbols"]["SPY"]
    assert {"currentPrice", "historicalBars", "optionChain"} <= set(block)
    assert list(block["historicalBars"][0]) == [
        "date", "open", "high", "low", "close", "volume", "wap", "barCount",
    ]  # fmt: skip
    row = block["optionChain"][0]
    assert {"symbol", "right", "strike", "expiry"} <= set(row["contract"])
    assert {
        "bid", "ask", "last", "high", "low", "close", "bidSize", "askSize", "lastSize", "volume",
    } <= set(row["marketData"])  # fmt: skip
    assert {
        "impliedVolatility", "delta", "gamma", "vega", "theta", "optionPrice", "underlyingPrice",
    } == set(row["greeks"])  # fmt: skip


def test_every_class_of_the_layout_says_what_it_is() -> None:
    schema = json.loads(schema_text())
    assert all(part.get("description") for part in schema["$defs"].values())
    assert set(schema["properties"]) == set(SnapshotFile.__annotations__)
    assert set(schema["$defs"]["SymbolEntry"]["properties"]) == set(SymbolEntry.__annotations__)
