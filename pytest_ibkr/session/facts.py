"""What a test did to its session beside the wire: scripts, faults, weather, conditions, contracts.

Watches a session's own methods, in a run that reports; other sessions are as they were.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pytest_ibkr.session.live_session import LiveSession
from pytest_ibkr.session.session import Session
from pytest_ibkr.sim.conditions import Conditions

# What changes the gateway, by the part of a session that offers it; what only reads is not here.
SCRIPTS: Final = {
    "": ("configure", "replay"),
    "market": ("quote", "withdraw", "clear", "move", "halt", "resume"),
    "orders": ("fill", "reject", "cancel", "enter", "hold", "release"),
    "account": ("set_cash", "add_position"),
    "news": ("publish", "add_provider", "bulletin", "calendar_event"),
    "contracts": ("add",),
    "faults": ("delay", "refuse", "freeze", "cut", "cut_now", "external_trade"),
    "weather": ("arm",),  # every name, and the marker, ends there
}
LIVE_SCRIPTS: Final = {"faults": (*SCRIPTS["faults"], "hold", "pacing")}
_LONGEST: Final = 200
_MET: Final = frozenset({"faults", "weather"})
_HELD_BY_FAULTS: Final = frozenset({"frozen"})  # told as faults


@dataclass(frozen=True)
class Act:
    """One call that changed a gateway on purpose.

    Attributes:
        at_s: virtual epoch seconds. kind: the part of the session (``"market"``, ``"faults"``, …).
        what: the call as a test would write it.
    """

    at_s: float
    kind: str
    what: str
    armed: Any = None  # a fault or weather, which counts what meets it

    @property
    def fired(self) -> int | None:
        """How often something met a fault or weather; None for what nothing can meet."""
        return getattr(self.armed, "fired", None)


class ScriptLog:
    """What was done to one session, oldest first.

    Attributes:
        acts: calls that raised nothing.
    """

    def __init__(self, session: Session | LiveSession) -> None:
        self.acts: list[Act] = []
        self._session = session
        # Nobody scripts a gateway that is not ours: only what is between can be broken.
        scripts = LIVE_SCRIPTS if isinstance(session, LiveSession) else SCRIPTS
        for part, names in scripts.items():
            owner = getattr(session, part) if part else session
            for name in names:
                if (method := getattr(owner, name, None)) is not None:
                    setattr(owner, name, self._noted(part, name, method))

    def _now_s(self) -> float:
        session = self._session
        return session.engine.now_s if isinstance(session, Session) else session.clock.epoch_s()

    def _noted(self, part: str, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def noted(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            if name != "quote" or kwargs:  # without values a quote is only read
                kind = part or name
                what = _call(f"{part}.{name}" if part else name, args, kwargs)
                if part == "weather":
                    what = f"weather.{result.what}"
                armed = result if part in _MET else None
                self.acts.append(Act(self._now_s(), kind, what, armed))
            return result

        return noted


def conditions_of(session: Session) -> dict[str, str]:
    """Return the conditions that are not at their default now, by name, and halted symbols.

    To be called on the gateway's thread.
    """
    usual, present = Conditions(), session.engine.conditions
    found = {"halted": _changed(halted, set())} if (halted := session.engine.halted) else {}
    for field in dataclasses.fields(Conditions):
        value = getattr(present, field.name)
        if field.name not in _HELD_BY_FAULTS and value != getattr(usual, field.name):
            found[field.name] = _changed(value, getattr(usual, field.name))
    return found


def added_contracts(session: Session) -> list[tuple[str, str]]:
    """Return (name and conId, source) of contracts beside the snapshot's.

    To be called on the gateway's thread; all of them are synthetic.
    """
    listed = session.engine.world.listed
    return [(f"{x.local_symbol} ({x.sec_type}, conId {x.id})", str(x.source)) for x in listed]


def _changed(value: object, usual: object) -> str:
    """Say a condition's value; of a group only what differs."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        pairs = [(name, getattr(value, name)) for name in names]
        return ", ".join(f"{name}={each}" for name, each in pairs if each != getattr(usual, name))
    if isinstance(value, set):
        return ", ".join(sorted(map(str, value)))
    return str(value)


def _call(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    told = [*map(_said, args), *(f"{key}={_said(value)}" for key, value in kwargs.items())]
    text = f"{name}({', '.join(told)})"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _said(value: object) -> str:
    """Say an argument shortly: a contract by its name, a decimal as a number."""
    name = getattr(value, "localSymbol", None) or getattr(value, "local_symbol", None)
    if name:
        return str(name)
    return repr(value) if isinstance(value, str) else str(value)
