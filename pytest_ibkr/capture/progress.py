"""What a capture says to people: lines and a bar, as text; prints nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_ibkr.capture.plan import DTE_TARGETS, RIGHTS, STRIKES, Plan
from pytest_ibkr.capture.symbol_parts import SymbolAnswers
from pytest_ibkr.capture.ticks import current_price

BANNER = """\
Snapshot capture from an IB Gateway in paper mode, port {port}.
It reads quotes, bars and option chains of {symbols}; it cannot place an order:
a relay between it and the gateway lets no order through, and nothing at all where an
account is not a paper account. The gateway must be logged in with its paper user."""
QUESTION = "Is the gateway logged in to the PAPER account? [yes/no] "
ABORTED = "aborted: nothing was connected"
_YES = frozenset({"yes", "y"})
_WIDTH = 30


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one symbol went.

    Attributes:
        ok: whether nothing of it is lacking so far; the whole is checked at the end.
        issues: what is lacking, then remarks.
        text: one line for people.
    """

    symbol: str
    ok: bool
    issues: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Saved:
    """What was written.

    Attributes:
        latest: the copy of the last complete capture; None when this one is not complete.
        partial: whether it broke off.
        text: lines for people.
    """

    path: Path
    latest: Path | None
    complete: bool
    partial: bool
    issues: tuple[str, ...]
    size_bytes: int
    text: str


def confirmed(answer: str | None) -> bool:
    """Whether what was typed is a yes; None is the end of input."""
    return answer is not None and answer.strip().lower() in _YES


def requests_of(plan: Plan) -> int:
    """How many questions a capture asks when everything is found."""
    options = len(DTE_TARGETS) * STRIKES * len(RIGHTS)
    return sum(
        2 + len(each.bars) + (1 + 2 * options if each.has_chain else 0) for each in plan.underlyings
    )


def bar(done: int, total: int) -> str:
    """``[#####.....]  50%``; never over 100 %."""
    share = min(1.0, done / total) if total else 1.0
    filled = int(share * _WIDTH)
    return f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {share:4.0%}"


def outcome(answers: SymbolAnswers) -> Outcome:
    """The line about a symbol that is done."""
    price, source = current_price(answers.board)
    shown = "no price" if price is None else f"{price:g} ({source})"
    bars = sum(len(rows) for rows in answers.bars.values())
    text = f"{answers.symbol}: {shown}, {bars} bars"
    if answers.underlying.has_chain:
        text += f", {len(answers.quoted_options)} options"
    issues = (*answers.lacking, *answers.remarks)
    return Outcome(answers.symbol, not answers.lacking, issues, text)


def saved_text(
    path: Path, *, size_bytes: int, complete: bool, partial: bool, issues: Sequence[str]
) -> str:
    """Where the file is, how large, and what it lacks."""
    size = f"{path} ({size_bytes / 1024:.1f} KB)"
    notes = "".join(f"\n  - {text}" for text in issues)
    if partial:
        return f"saved what there was: {size}{notes}"
    if complete:
        return f"saved: {size}, complete" + (f"\nworth knowing:{notes}" if issues else "")
    return f"saved: {size}, INCOMPLETE: not made the latest{notes}"
