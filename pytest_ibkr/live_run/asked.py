"""Whether a run was asked to go live, and whether it may. No file, no socket, no clock.

Going live is typed: what stands in a file, a variable or ``addopts`` may have been written by
somebody else, for another machine. Whoever asks for a live run that cannot be must not pass on
the simulator.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from pytest_ibkr.errors import UsageError
from pytest_ibkr.markexpr import cannot_hold_without

LIVE, CAPTURE, YES = "--live-gateway", "--capture-snapshot", "--ibkr-yes"
GROUP: Final = "ibkr-live"  # xdist keeps the tests of a group in one worker
_OFF: Final = ("", "0", "false", "no", "off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a run was told, as far as it decides about going live.

    Attributes:
        typed: arguments as typed on the command line.
        flags: which of the three flags are in force, wherever they come from.
        expression: of ``-m``, wherever it comes from.
        environ: all environment variables.
        ini: values of the ini keys that have no effect, by name.
        offline: nothing may meet a real gateway.
        workers: how many processes xdist runs; 0: none.
        dist: how xdist deals tests out.
    """

    typed: Sequence[str] = ()
    flags: frozenset[str] = frozenset()
    expression: str = ""
    environ: Mapping[str, str]
    ini: Mapping[str, str | None]
    offline: bool = False
    workers: int = 0
    dist: str = "no"


@dataclass(frozen=True, slots=True)
class Going:
    """What a run does: live tests, or a capture.

    Attributes:
        asked: what asked for it, as messages name it.
        distributed: whether xdist runs the tests.
    """

    what: Literal["live", "capture"]
    asked: str
    distributed: bool = False


def decide(told: Told) -> Going | None:
    """Say what a run does beside the simulator; None: nothing.

    Raises:
        UsageError: it asks for what it may not have; nothing was connected.
    """
    capture = CAPTURE in told.flags
    if told.offline and not capture:
        return None
    _refuse_places(told)
    asked = _asked(told)
    if YES in told.flags:
        _refuse_untyped(YES, told)
        if not capture:
            raise _refused(
                f"{YES} answers the question of {CAPTURE}, and nothing asks it here",
                f"leave {YES} away",
            )
    if asked is None:
        return None
    if capture and told.offline:
        raise _refused(
            f"{CAPTURE} asks a gateway for its market, and --ibkr-offline lets nothing meet one",
            f"take one of them away; or {_advice(capture=True)}",
        )
    _refuse_untyped(asked, told)
    if told.environ.get("CI"):
        raise _refused(
            f"{asked} is refused where CI is set: nobody watches the account there",
            _advice(capture=capture),
        )
    if capture and (LIVE in told.flags):
        raise _refused(f"{CAPTURE} and {LIVE} in one run", "capture first, then run the tests")
    distributed = told.dist != "no" and told.workers > 0
    if distributed:
        _refuse_workers(asked, told, capture=capture)
    return Going("capture" if capture else "live", asked, distributed)


def _asked(told: Told) -> str | None:
    """What asks for a real gateway, the plainest first."""
    for flag in (CAPTURE, LIVE):
        if flag in told.flags:
            return flag
    if "live" in told.expression and cannot_hold_without(told.expression, "live"):
        return f"-m {told.expression!r}, which selects live tests only,"
    return None


def _refuse_places(told: Told) -> None:
    """Whoever set a variable or an ini key believes that it does something."""
    for flag in (LIVE, CAPTURE, YES):
        name = key_of(flag)
        given = {
            f"the environment variable {name.upper()}": told.environ.get(name.upper()),
            f"the ini key {name}": told.ini.get(name),
        }
        for place, value in given.items():
            if (value or "").strip().lower() not in _OFF:
                raise _refused(
                    f"{place} does not count: going live is typed on the command line",
                    f"take it away, and type {flag} when you mean it",
                )


def key_of(flag: str) -> str:
    """The ini key, and in capitals the variable, that a flag would have if it had one."""
    return f"ibkr_{flag.removeprefix('--').removeprefix('ibkr-').replace('-', '_')}"


def _refuse_untyped(asked: str, told: Told) -> None:
    typed = list(told.typed)
    if "--" in typed:
        typed = typed[: typed.index("--")]
    if asked.startswith("-m "):
        if _is_typed_expression(typed, told.expression):
            return
    elif asked in typed:
        return
    raise _refused(
        f"{asked} was not typed on the command line: it comes from addopts, PYTEST_ADDOPTS or an"
        " argument file",
        f"type it, and take it out of there; or {_advice(capture=asked == CAPTURE)}",
    )


def _is_typed_expression(typed: list[str], expression: str) -> bool:
    """Whether ``-m EXPRESSION`` is among arguments: in two, in one, or after other short flags."""
    for place, argument in enumerate(typed):
        short = re.fullmatch(r"-[a-zA-Z]*?m=?(.*)", argument, re.DOTALL)
        if short is None or argument.startswith("--"):
            continue
        value = short[1] or "".join(typed[place + 1 : place + 2])
        if value == expression:
            return True
    return False


def _refuse_workers(asked: str, told: Told, *, capture: bool) -> None:
    if capture:
        raise _refused(f"{asked} asks for confirmation, which workers cannot", "leave -n away")
    if told.workers > 1 and told.dist != "loadgroup":
        raise _refused(
            f"{asked} under xdist with {told.workers} workers and --dist {told.dist}: tests of one"
            " account run in one process",
            "type -n 1, or leave -n away; to run the other tests by many, run them apart:"
            " -m 'not live' -n 4",
        )


def _advice(*, capture: bool) -> str:
    if capture:
        return "make a snapshot another way: docs/reference/snapshot-schema.md"
    return "add --ibkr-offline to rehearse live tests against the simulated gateway"


def _refused(what: str, fix: str) -> UsageError:
    return UsageError(f"{what}\n  state: nothing was connected and no test ran\n  fix:   {fix}")
