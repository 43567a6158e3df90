"""The field tables and the codec of bodies against the official package and its runtime."""

from __future__ import annotations

import importlib
import random
import struct
from typing import Any

import pytest

from pytest_ibkr.wire.declare import REQUESTS
from pytest_ibkr.wire.protobuf import body, gates, kinds
from pytest_ibkr.wire.protobuf.tables import ROWS
from tests.conformance.wire_official import official

if not official.NEW:
    pytest.skip("ibapi 9.81 has no protobuf", allow_module_level=True)
SCALARS = {9: kinds.TEXT, 5: kinds.INT32, 3: kinds.INT64, 8: kinds.BOOL, 1: kinds.DOUBLE}
MESSAGES, FIELDS = 203, 917


def their(message: str) -> Any:
    """The official class of a message."""
    return getattr(importlib.import_module(f"ibapi.protobuf.{message}_pb2"), message)


def entry(field: Any) -> str:
    """A descriptor's field as a table has it."""
    nested = field.message_type
    if nested is None:
        kind = SCALARS[field.type]
    elif nested.GetOptions().map_entry:
        assert [part.type for part in nested.fields] == [9, 9]
        return f"{field.name}:{kinds.MAP}"
    else:
        kind = nested.name
    return f"{field.name}:{'*' if field.is_repeated else ''}{kind}"


@pytest.mark.parametrize("message", sorted(ROWS))
def test_a_table_is_the_official_descriptor(message: str) -> None:
    fields = sorted(their(message).DESCRIPTOR.fields, key=lambda field: field.number)

    assert [field.number for field in fields] == list(range(1, len(fields) + 1))
    assert ROWS[message].split() == [entry(field) for field in fields]
    assert all(f.has_presence or f.is_repeated for f in fields)
    packed = {f.name for f in fields if f.is_repeated and f.is_packed}
    assert packed == {f.name for f in kinds.fields_of(message).values() if f.packed}


def test_the_tables_are_all_there_is() -> None:
    package = importlib.import_module("ibapi.protobuf")
    modules = {path.stem for path in _files(package) if path.stem.endswith("_pb2")}

    assert {f"{message}_pb2" for message in ROWS} == modules
    assert (len(ROWS), sum(len(row.split()) for row in ROWS.values())) == (MESSAGES, FIELDS)


def test_the_gates_of_requests_are_the_official_clients() -> None:
    from ibapi.common import PROTOBUF_MSG_ID, PROTOBUF_MSG_IDS

    ours = {i: gates.gate_of(i, request=True) for i in gates.gated_ids(request=True)}
    assert PROTOBUF_MSG_ID == gates.BODY_IDS_FROM
    # The client sends these in no other form, so its table does not need them.
    bodies_only = {106, 107, 108, 109}
    assert {i: v for i, v in ours.items() if i not in bodies_only} == PROTOBUF_MSG_IDS
    assert set(PROTOBUF_MSG_IDS) <= set(REQUESTS)


def test_answers_with_bodies_are_those_the_official_client_handles() -> None:
    from ibapi.decoder import Decoder

    handled = set(Decoder(None, 225).msgId2handleInfoProtoBuf)
    assert set(gates.gated_ids(request=False)) == handled


@pytest.mark.parametrize("message", sorted(ROWS))
def test_bytes_equal_those_of_the_official_runtime(message: str) -> None:
    dice = random.Random(message)
    for share in (1.0, 0.5, 0.0):
        values = some(message, dice, share=share)
        ours, theirs = body.encode(message, values), their(message)()
        fill(theirs, values)
        assert ours == theirs.SerializeToString(deterministic=True)
        assert body.decode(message, ours) == values


def some(message: str, dice: random.Random, *, share: float) -> dict[str, Any]:
    """Values of a share of a message's fields; of a one-of at most one."""
    drawn: dict[str, Any] = {}
    one_ofs: set[str] = set()
    described = their(message).DESCRIPTOR.fields_by_name
    for field in kinds.fields_of(message).values():
        one_of = described[field.name].containing_oneof
        if dice.random() > share or (one_of is not None and one_of.name in one_ofs):
            continue
        if one_of is not None:
            one_ofs.add(one_of.name)
        if field.kind == kinds.MAP:
            drawn[field.name] = {"k": "é"}
        elif field.repeated:
            drawn[field.name] = [value(field.kind, dice, share) for _ in range(dice.randint(1, 3))]
        else:
            drawn[field.name] = value(field.kind, dice, share)
    return drawn


def value(kind: str, dice: random.Random, share: float) -> Any:
    """A value of a kind; zero, empty and the extremes are likely."""
    if kind == kinds.TEXT:
        return dice.choice(["", "SPY", "é中", "x" * 300])
    if kind == kinds.BOOL:
        return dice.random() < 0.5
    if kind == kinds.DOUBLE:
        bits = struct.pack("<q", dice.randint(0, (0x7FE << 52)))
        return dice.choice([0.0, -0.0, 754.95, struct.unpack("<d", bits)[0]])
    if kind in (kinds.INT32, kinds.INT64):
        top = (1 << (31 if kind == kinds.INT32 else 63)) - 1
        return dice.choice([0, 1, -1, 127, 128, 2047, 2048, top, -top - 1, dice.randint(0, top)])
    return some(kind, dice, share=share)


def fill(theirs: Any, values: dict[str, Any]) -> None:
    """Set fields of an official message."""
    for name, given in values.items():
        if isinstance(given, dict):
            field = theirs.DESCRIPTOR.fields_by_name[name]
            if field.message_type.GetOptions().map_entry:
                getattr(theirs, name).update(given)
            else:
                getattr(theirs, name).SetInParent()
                fill(getattr(theirs, name), given)
        elif isinstance(given, list):
            for each in given:
                if isinstance(each, dict):
                    fill(getattr(theirs, name).add(), each)
                else:
                    getattr(theirs, name).append(each)
        else:
            setattr(theirs, name, given)


def _files(package: Any) -> list[Any]:
    from pathlib import Path

    return [path for folder in package.__path__ for path in Path(folder).glob("*.py")]
