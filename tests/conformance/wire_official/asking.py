"""Has a client library ask what a declared request says, and compares what it sends.

Parameters and attributes of the client's objects are found by the field's own name; a family's
table says where it is otherwise. A field that is given to nobody is a failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from pytest_ibkr.wire import codec
from pytest_ibkr.wire.declare import Message, specs
from tests.conformance.wire_official.values import UNSET_FLOAT, UNSET_INT, Draws, canonical
from tests.conformance.wire_official.vocabulary import find
from tests.wire.strategies import absent_fields, as_carried

OPTIONS = ("options", "misc_options", "filter_options")  # undocumented tags: left empty
NO_OPTIONS: Draws = dict.fromkeys(OPTIONS, st.just(""))


@dataclass(frozen=True)
class Asked:
    """How clients are made to ask.

    Attributes:
        method: The client's method where it is not the declared name.
        places: Field to parameter or dotted path below one.
        fixed: Field to what every client sends, whatever it is asked.
        given: Parameters no field stands for.
        draw: Field to the values the clients can be asked for.
        since: The version the clients send it from, where they refuse it below.
    """

    method: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    draw: Draws = field(default_factory=dict)
    since: int = 0

    def draws(self) -> Draws:
        """Every field that is not drawn by its kind."""
        fixed = {name: st.just(value) for name, value in self.fixed.items()}
        return {**NO_OPTIONS, **self.draw, **fixed}


# What a list of a client's object holds, by attribute.
ITEMS = {
    "comboLegs": "comboLegs",
    "orderComboLegs": "orderComboLegs",
    "smartComboRoutingParams": "tagValue",
    "algoParams": "tagValue",
}
LEGS = {"legs": "contract.comboLegs"}


class Asker:
    """Checks requests of one class against one client."""

    def __init__(self, cls: type[Message], how: Asked, client: Any) -> None:
        self._cls, self._how, self._client = cls, how, client
        self.method = how.method or cls.NAME
        self._parameters = client.parameters(self.method)
        self._paths: dict[str, str] = {}
        self._fixed = {**how.fixed, **client.FIXED.get(cls.MSG_ID, {})}

    def check(self, message: Any, version: int) -> None:
        """Ask, read what was sent, compare; then compare our own bytes with the client's."""
        meant = as_carried(message, version)
        sent = self._client.asked(version, self.method, self._arguments(meant, version))
        read = codec.decode_request(sent, version)
        assert type(read) is self._cls, f"{self.method} at {version} is read as {read}"
        for name, spec in specs(self._cls):
            if name != "layout":
                ours, theirs = comparable(getattr(meant, name)), comparable(getattr(read, name))
                assert theirs == ours, (
                    f"{self._cls.__name__}.{name} at {version}: asked {ours!r}, read {theirs!r}"
                    f" of {sent!r} ({spec})"
                )
        again = codec.encode(read, version)
        assert canonical(again) == canonical(sent), (
            f"{self._cls.__name__} at {version}: {sent!r} sent, {again!r} of ours"
        )

    def _arguments(self, message: Any, version: int) -> dict[str, Any]:
        makers = self._client.MAKERS
        args: dict[str, Any] = {}
        for name in self._parameters or ():
            if name in makers:
                args[name] = makers[name]()
            elif name in self._how.given:
                args[name] = self._how.given[name]
            elif name.endswith("Options"):
                args[name] = []
        self._prepare(message, args)
        absent = absent_fields(message, version) | set(self._fixed)
        for name, spec in specs(type(message)):
            value = getattr(message, name)
            if name in ("layout", *OPTIONS):
                continue
            if name in absent:
                self._give_anyway(name, value, args)
                continue
            if spec.embedded is not None:
                for part in spec.names:
                    self._give(part, getattr(value, part), args, owner=name)
            elif spec.row is not None:
                self._give_rows(name, value, args)
            else:
                assert spec.kind is not None
                self._give(name, unset(value, spec.kind.name), args)
        missing = [name for name in self._parameters or () if name not in args]
        assert not missing, f"{self._cls.__name__} at {version}: nothing says {missing}"
        return args

    def _prepare(self, message: Any, args: dict[str, Any]) -> None:
        """Make the objects within objects that some fields speak of."""
        if getattr(message, "delta_neutral", False):
            made = self._client.MAKERS["deltaNeutralContract"]()
            args["contract"].deltaNeutralContract = made
        if "order" in args:
            args["order"].softDollarTier = self._client.MAKERS["softDollarTier"]()

    def _give(self, name: str, value: Any, args: dict[str, Any], *, owner: str = "") -> None:
        key = f"{owner}.{name}" if owner else name
        if key not in self._paths:
            self._paths[key] = self._path(name, key, args, owner)
        path = self._paths[key]
        if path:
            first, _, rest = path.partition(".")
            if rest:
                put(args[first], rest, value)
            else:
                args[first] = value

    def _give_anyway(self, name: str, value: Any, args: dict[str, Any]) -> None:
        """A parameter is due even where frames of the version do not carry it."""
        wanted = find(name, dict.fromkeys(self._parameters or ()), depth=0)
        if wanted and wanted[0] not in args:
            args[wanted[0]] = value

    def _path(self, name: str, key: str, args: dict[str, Any], owner: str) -> str:
        if key in self._how.places:
            return self._how.places[key]
        if not owner:
            free = [p for p in self._parameters or () if p not in args or p in self._paths.values()]
            wanted = find(name, dict.fromkeys(free), depth=0)
            if wanted:
                return wanted[0]
        made = {n: v for n, v in args.items() if n in self._client.MAKERS}
        found = find(name, {owner: made[owner]} if owner in made else made, depth=2)
        assert found, (
            f"{self._cls.__name__}.{key}: nowhere to be given to {self.method}"
            f"({', '.join(self._parameters or ())}); add it to `places` or `fixed` of its table"
        )
        return found[0]

    def _give_rows(self, name: str, rows: Any, args: dict[str, Any]) -> None:
        path = self._how.places.get(name) or LEGS.get(name) or self._path(name, name, args, "")
        attribute = path.rpartition(".")[2]
        if name == "conditions":
            items = [self._condition(row) for row in rows]
        elif attribute in ITEMS:
            items = [self._item(row, self._client.MAKERS[ITEMS[attribute]]()) for row in rows]
        else:
            items = [getattr(row, specs(type(row))[0][0]) for row in rows]
        first, _, rest = path.partition(".")
        put(args[first], rest, items)

    def _item(self, row: Any, made: Any) -> Any:
        for name, spec in specs(type(row)):
            [path] = find(name, {"made": made}, depth=1)
            assert spec.kind is not None
            put(made, path.partition(".")[2], unset(getattr(row, name), spec.kind.name))
        return made

    def _condition(self, ours: Any) -> Any:
        made = self._client.condition(ours.type)
        set_conjunction(made, ours.conjunction)
        if ours.type == 5:
            values = {"exchange": ours.execution_exchange, "symbol": ours.symbol}
            values["secType"] = ours.sec_type
        else:
            kind = CONDITION_KINDS.get(ours.type, int)
            values = {"isMore": ours.is_more, CONDITION_VALUES[ours.type]: kind(ours.value)}
            values |= {"conId": ours.con_id, "exchange": ours.exchange}
            values["triggerMethod"] = ours.trigger_method
        values["exch"] = values["exchange"]  # as ib_async calls it
        for name, value in values.items():
            if hasattr(made, name):
                setattr(made, name, value)
        return made


CONDITION_VALUES = {1: "price", 3: "time", 4: "percent", 6: "volume", 7: "changePercent"}
CONDITION_KINDS: dict[int, type] = {1: float, 3: str, 7: float}


def set_conjunction(made: Any, conjunction: str) -> None:
    """``a`` and ``o``, which the official client keeps as a flag."""
    if hasattr(made, "isConjunctionConnection"):
        made.isConjunctionConnection = conjunction == "a"
    else:
        made.conjunction = conjunction


def put(target: Any, path: str, value: Any) -> None:
    """Set an attribute at a dotted path."""
    *holders, last = path.split(".")
    for holder in holders:
        target = getattr(target, holder)
    setattr(target, last, value)


def unset(value: Any, kind: str) -> Any:
    """A value as a user of the clients writes it: None is their "unset", money a float."""
    if value is None:
        if kind.startswith("bool"):
            return None
        return UNSET_INT if "int" in kind or "long" in kind else UNSET_FLOAT
    if isinstance(value, Decimal) and not kind.startswith("size"):
        return float(value)
    return value


def comparable(value: Any) -> Any:
    """Conditions in a form that does not depend on number spelling; all else as it is."""
    if isinstance(value, tuple) and value and hasattr(value[0], "conjunction"):
        return [
            {n: getattr(one, n) for n, _ in specs(type(one)) if n != "value"}
            | {"value": float(one.value) if one.value else None}
            for one in value
        ]
    return value
