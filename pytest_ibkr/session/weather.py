"""Weather as a test holds it: in force at the call, taken back after its block, proven to be met.

Checks what a test's author may ask; what a weather does is decided by ``sim.weather``.
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from types import TracebackType
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from pytest_ibkr.errors import FaultNeverFired, GatewayError, UsageError
from pytest_ibkr.net.server import GatewayServer
from pytest_ibkr.sim.client import Client
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.weather.base import Weather
from pytest_ibkr.sim.weather.catalogue import WEATHERS
from pytest_ibkr.wire.declare import Message


class ArmedWeather:
    """A weather that is in force from the moment it was made.

    In a ``with`` statement it ends with the block, which then fails when nothing met it. Without
    one it stands until the session ends, and the session fails instead.

    Attributes:
        what: its name and parameters, for people.
        fired: how often something has met it.
    """

    def __init__(self, owner: SessionWeather, weather: Weather) -> None:
        self._owner, self._weather = owner, weather
        owner.server.call(lambda: owner.engine.weather.arm(weather))

    @property
    def what(self) -> str:
        """Its name and what was given."""
        return self._weather.what

    @property
    def met_by(self) -> str:
        """What meets it."""
        return self._weather.MET_BY

    @property
    def fired(self) -> int:
        """How often something has met it."""
        return self._weather.fired

    def __enter__(self) -> ArmedWeather:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A stopped gateway must not hide the error that the test is ending with.
        with contextlib.suppress(GatewayError) if kind else contextlib.nullcontext():
            self.disarm()
        if kind is None and not self.fired:
            raise FaultNeverFired(unmet([self], "its block ended"))

    def disarm(self) -> None:
        """Take it back: what it held comes, what it broke is repaired."""
        owner = self._owner
        if self in owner.standing:
            owner.standing.remove(self)
        owner.server.take_in()
        owner.server.call(lambda: owner.engine.weather.disarm(self._weather))


class SessionWeather:
    """Weather by name: ``ibkr.weather.nightly_restart(refuse_s=60)``.

    Every weather of ``docs/reference/weather.md`` is a method here. Several may be in force at
    once. Random choices follow the gateway's seed, or the weather's own ``seed=``.

    Raises:
        UsageError: a weather, a parameter or a value that does not exist.
        FaultNeverFired: at the end of a block, or of the session, when nothing met it.
    """

    def __init__(self, server: GatewayServer, engine: Engine) -> None:
        self.server, self.engine = server, engine
        self.standing: list[ArmedWeather] = []

    def __getattr__(self, name: str) -> Callable[..., ArmedWeather]:
        if name.startswith("_"):
            raise AttributeError(name)
        kind_of(name)
        return partial(self.make, name)

    def __dir__(self) -> Iterable[str]:
        return [*super().__dir__(), *WEATHERS]

    def make(self, name: str, /, **parameters: Any) -> ArmedWeather:
        """Put a weather in force by its name."""
        return self.arm(checked(name, parameters))

    def arm(self, weather: Weather) -> ArmedWeather:
        """Put a checked weather in force."""
        armed = ArmedWeather(self, weather)
        self.standing.append(armed)
        return armed

    def waive(self) -> None:
        """Ask no proof of what still stands: its test has failed already."""
        self.standing.clear()

    def close(self) -> None:
        """End what still stands.

        Raises:
            FaultNeverFired: nothing met one of them.
        """
        standing, self.standing = self.standing, []
        if missed := [armed for armed in standing if not armed.fired]:
            raise FaultNeverFired(unmet(missed, "the session ended"))


def unmet(missed: Iterable[ArmedWeather], when: str) -> str:
    """The text of weathers that nothing met."""
    lines = []
    for armed in missed:
        lines += [
            f"weather {armed.what}: nothing met it before {when}",
            "  state: the test saw none of it, whatever it asserted",
            f"  fix:   it is met by {armed.met_by}",
        ]
    return "\n".join(lines)


def kind_of(name: str) -> type[Weather]:
    """The weather of a name.

    Raises:
        UsageError: there is none, with the one that was probably meant.
    """
    kind = WEATHERS.get(name)
    if kind is None:
        near = difflib.get_close_matches(name, WEATHERS, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(WEATHERS)}"
        raise UsageError(f"unknown weather {name!r}; {hint}")
    return kind


def checked(name: str, parameters: Mapping[str, Any]) -> Weather:
    """A weather with its parameters, not in force yet.

    Raises:
        UsageError: an unknown name or parameter, or a value that cannot be.
    """
    kind = kind_of(name)
    known = [each.name for each in kind.parameters()]
    for key, value in parameters.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
            raise UsageError(f"weather {name} has no parameter {key!r}; {hint}")
        try:
            _adapter(kind.NAME, key).validate_python(value, strict=True)
        except ValidationError as exc:
            why = exc.errors()[0]["msg"]
            raise UsageError(f"weather {name}: {key} cannot be {value!r}: {why}") from None
    weather = kind(**parameters)
    try:
        weather.check()
    except UsageError as exc:
        raise UsageError(f"weather {name}: {exc}") from None
    return weather


def read(text: str) -> Weather:
    """A weather as a command line says it: ``NAME`` or ``NAME:PARAMETER=VALUE:…``.

    Raises:
        UsageError: it cannot be read, or cannot be.
    """
    name, *given = text.split(":")
    parameters: dict[str, Any] = {}
    rest = ":".join(given)
    kind = kind_of(name.strip())
    # A value may hold a colon itself (at=23:45): parameters begin where a known name does.
    names = [each.name for each in kind.parameters()]
    for part in _parts(rest, names):
        key, equals, value = part.partition("=")
        if not equals:
            raise UsageError(f"weather {name}: {part!r} is no PARAMETER=VALUE")
        if key not in names:
            checked(name, {key: value})
        try:
            parameters[key] = _adapter(kind.NAME, key).validate_strings(value)
        except ValidationError as exc:
            why = exc.errors()[0]["msg"]
            raise UsageError(f"weather {name}: {key} cannot be {value!r}: {why}") from None
    return checked(name.strip(), parameters)


def _parts(text: str, names: list[str]) -> list[str]:
    parts: list[str] = []
    for piece in text.split(":") if text else []:
        if parts and piece.partition("=")[0] not in names and "=" not in piece:
            parts[-1] += f":{piece}"
        else:
            parts.append(piece)
    return parts


@cache
def _adapter(weather: str, parameter: str) -> TypeAdapter[Any]:
    # A weather's own state is annotated with what its module imports for types only.
    only_types = {"Client": Client, "Instrument": Instrument, "Message": Message}
    return TypeAdapter(get_type_hints(WEATHERS[weather], localns=only_types)[parameter])
