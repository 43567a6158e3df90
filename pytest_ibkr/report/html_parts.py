"""Tables and folds of the HTML page, everything escaped. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from pytest_ibkr.report.facts import BAD


def tone_of(outcome: str) -> str:
    """Return the tone of a test's outcome: ``good``, ``warn`` or ``bad``."""
    return "bad" if outcome in BAD else "good" if outcome == "passed" else "warn"


def pairs(name: str, rows: Iterable[tuple[str, str]]) -> str:
    """Return a table of labels and values; its name is for those who do not see it."""
    body = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td>{escape(value)}</td></tr>'
        for label, value in rows
    )
    return (
        f'<table class="ibkr-pairs"><caption>{escape(name)}</caption><tbody>{body}</tbody></table>'
    )


def grid(name: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with heads that scrolls sideways, by keys too, where it is too wide."""
    top = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>'
        + "".join(f"<td>{escape(value)}</td>" for value in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<div class="ibkr-scroll" tabindex="0" role="region" aria-label="{escape(name)}">'
        f'<table class="ibkr-grid"><caption>{escape(name)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def fold(
    summary: str, content: str, *, unfolded: bool = False, kind: str = "", place: str = ""
) -> str:
    """Return what opens by mouse and keys; ``summary`` and ``content`` are markup already.

    Args:
        summary: what is always shown.
        content: what is shown unfolded.
        unfolded: how it begins.
        kind: its class. place: its id.
    """
    marks = "".join(
        f' {name}="{value}"' for name, value in (("class", kind), ("id", place)) if value
    )
    state = " open" if unfolded else ""
    return f"<details{marks}{state}><summary>{summary}</summary>{content}</details>"
