"""The official client as judge between the two forms of a message: text at 200, protobuf above.

What it hears of our protobuf answer it must hear of our text; what it asks in protobuf we must
read as what it asks in text. Needs ibapi 10.46; 9.81 knows no protobuf.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from ibapi.tag_value import TagValue

from pytest_ibkr.wire import codec
from pytest_ibkr.wire.declare import REQUESTS, Message, specs
from tests.conformance import covered
from tests.conformance.wire_official import families, official
from tests.conformance.wire_official.asking import Asked, Asker
from tests.conformance.wire_official.reading import Call
from tests.conformance.wire_official.values import UNSET_DECIMAL, UNSET_FLOAT, UNSET_INT

TEXT_VERSION = 200
PROTOBUF_IDS = 200  # a binary id above this speaks of a protobuf message
_UNSET = (UNSET_INT, UNSET_FLOAT, 2**63 - 1, UNSET_DECIMAL)
_UNSET_TEXTS = ("", "1.7976931348623157E308")
_DOUBLES = ["MarginBefore", "MarginChange", "MarginAfter", "LoanBefore", "LoanChange", "LoanAfter"]


def heard(message: Message, version: int) -> list[Call]:
    """What the official decoder calls for a message at a version from 201 on."""
    payload = codec.encode(message, version)
    number, rest = int.from_bytes(payload[:4], "big"), payload[4:]
    wrapper, decoder = official._decoder(version)
    wrapper.calls = []
    if number > PROTOBUF_IDS:
        decoder.processProtoBuf(rest, number - PROTOBUF_IDS)
    else:
        decoder.interpret(official.Fields(rest.split(b"\0")[:-1]), number)
    calls: list[Call] = wrapper.calls
    return calls


def is_protobuf(payload: bytes) -> bool:
    """Whether a payload of a version from 201 on is in protobuf form."""
    return int.from_bytes(payload[:4], "big") > PROTOBUF_IDS


def check_answer(
    message: Message,
    version: int,
    *,
    lost: Collection[str] = (),
    said: Callable[[Call], Any] = lambda call: call.args,
) -> None:
    """The client hears the same in both forms.

    Args:
        message: what is said.
        version: of the protobuf form.
        lost: paths below the arguments that only the text carries.
        said: what a call says, where the client makes different objects of the two forms.
    """
    in_text = official.callbacks(codec.encode(message, TEXT_VERSION), TEXT_VERSION)
    in_protobuf = heard(message, version)
    assert is_protobuf(codec.encode(message, version))
    assert [call.name for call in in_protobuf] == [call.name for call in in_text]
    for ours, theirs in zip(in_protobuf, in_text, strict=True):
        where = f"{type(message).__name__}, {ours.name} at {version}"
        found, meant = flat(said(ours)), flat(said(theirs))
        assert found.keys() == meant.keys(), where
        different = {
            name: (meant[name], found[name])
            for name in meant
            if name not in lost and meant[name] != found[name]
        }
        assert not different, f"{where} (text, protobuf): {different} of {message}"
    covered.met(official.NAME, "out", message.MSG_ID, version)


def flat(thing: Any, path: str = "") -> dict[str, Any]:
    """Every value below an object by its path: numbers as numbers, each "unset" as None."""
    if isinstance(thing, Mapping):
        inner = [flat(value, f"{path}.{name}".strip(".")) for name, value in thing.items()]
        return {name: value for one in inner for name, value in one.items()}
    if isinstance(thing, list | tuple) and thing and isinstance(thing[0], TagValue):
        return {path: sorted((one.tag, one.value) for one in thing)}
    if isinstance(thing, list | tuple) and thing:
        return {path: [flat(one) for one in thing]}
    if hasattr(thing, "__dict__") and not isinstance(thing, Enum):
        return flat(vars(thing), path)
    return {path: _plain(thing, path)}


def _plain(value: Any, path: str) -> Any:
    if value is None or value in ((), []):
        return None
    if isinstance(value, str):
        if value in _UNSET_TEXTS:
            return None
        return float(value) if path.endswith(tuple(_DOUBLES)) else value
    if isinstance(value, int | float | Decimal):
        return None if value in _UNSET else float(value)
    return value


def check_request(
    cls: type[Message],
    message: Message,
    version: int,
    *,
    how: Asked | None = None,
    same: Callable[[Message], Any] = lambda message: message,
) -> None:
    """One call of the client is read as the same request in both forms."""
    asked_how = how or families.REQUESTS.get(cls.MSG_ID, Asked())
    asker = Asker(cls, asked_how, official)
    args = asker._arguments(message, TEXT_VERSION)
    assert REQUESTS[cls.MSG_ID] is cls
    assert same(asked(asker.method, args, version)) == same(asked(asker.method, args, TEXT_VERSION))
    covered.met(official.NAME, "in", cls.MSG_ID, version)


def asked(method: str, args: dict[str, Any], version: int) -> Message:
    """What we read of a call of the official client; above 200 it must be protobuf."""
    payload = official.asked(version, method, args)
    if version > TEXT_VERSION:
        assert is_protobuf(payload), f"{method} at {version} is not protobuf"
    read = codec.decode_request(payload, version)
    assert isinstance(read, Message), f"{method} at {version} is read as {read}"
    return read


def fields_of(message: Message, *, but: Collection[str] = ()) -> dict[str, Any]:
    """A message's attributes without those that only one form carries."""
    named = {name: getattr(message, name) for name, _ in specs(type(message))}
    return {name: value for name, value in named.items() if name not in {*but, "layout"}}
