"""results.json: what is written is read back; what is not ours is refused."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from pytest_ibkr.report.model import ResultsUnreadable, from_json, json_schema, to_json
from tests.report.build import eventful, results

PUBLISHED = Path(__file__).parents[2] / "docs/reference/results.schema.json"


def test_a_document_survives_writing_and_reading() -> None:
    document = eventful()
    assert from_json(to_json(document)) == document


def test_the_published_schema_is_the_one_in_use() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == json_schema()


@pytest.mark.parametrize("document", [eventful(), results([])], ids=["eventful", "empty"])
def test_documents_satisfy_the_published_schema(document: object) -> None:
    jsonschema.validate(json.loads(to_json(document)), json.loads(PUBLISHED.read_text()))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "not a results.json"),
        (b"[]", "not a results.json"),
        (b"{}", "not a results.json"),
        (b'{"schema_version": 99}', "schema version 99"),
        (b'{"schema_version": 1}', "damaged"),
    ],
)
def test_what_is_not_a_document_is_refused_with_a_reason(content: bytes, complaint: str) -> None:
    with pytest.raises(ResultsUnreadable, match=complaint):
        from_json(content)
