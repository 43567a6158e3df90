"""What each test did on the wire, as folds of the HTML page, from results.json. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from typing import Final

from pytest_ibkr.report.facts import BAD, WORDS
from pytest_ibkr.report.files import safe_name
from pytest_ibkr.report.html_parts import fold, grid, pairs, tone_of
from pytest_ibkr.report.model import Results, SessionFacts, TestRow
from pytest_ibkr.report.tables import UNKNOWN
from pytest_ibkr.report.wire_model import OrderLife, WireLine
from pytest_ibkr.report.wire_words import new_york, pacing_rows, scripted_row, wire_words

ROOM: Final = {True: 2_000_000, False: 600_000}  # characters for tests that failed, for others

_ENDS: Final = {
    "still_open": "open at the end",
    "with_connection": "its connection ended, without a cancel",
}


def anchor(test_id: str) -> str:
    """Return the id of a test's place on the page."""
    return f"ibkr-{safe_name(test_id)[-8:]}"


def wire_of_tests(results: Results, *, link_prefix: str) -> str:
    """Return a fold for each test that met a gateway: what failed first and unfolded.

    Otherwise they stand in the order of the run.
    When the page has no more room, a test's numbers are shown and its wire is not.
    """
    met = sorted(
        (test for test in results.tests if test.sessions), key=lambda test: test.outcome not in BAD
    )
    if not met:
        return ""
    room, folds = dict(ROOM), []
    for test in met:
        bad = test.outcome in BAD
        content = _content(test, link_prefix)
        room[bad] -= len(content)
        if room[bad] < 0:
            content = "<p>Not shown: the page is full. It is in results.json.</p>"
        folds.append(_fold(test, content))
    told = "Times are New York, on the gateway's clock; #1 is a session's first connection."
    return f"<h3>Tests on the wire</h3><p>{told}</p>{''.join(folds)}"


def _fold(test: TestRow, content: str) -> str:
    summary = (
        f'<strong class="ibkr-{tone_of(test.outcome)}">{escape(WORDS[test.outcome])}</strong>'
        f' <span class="ibkr-name">{escape(test.id)}</span>'
        f' <span class="ibkr-soft">{escape(wire_words(test))}</span>'
    )
    bad = test.outcome in BAD
    return fold(summary, content, unfolded=bad, kind="ibkr-test", place=anchor(test.id))


def _content(test: TestRow, link_prefix: str) -> str:
    files = [name for name in (test.timeline, *test.journals) if name]
    links = "".join(
        f'<li><a href="{escape(link_prefix + name, quote=True)}">{escape(Path(name).name)}</a></li>'
        for name in files
    )
    listed = f"<p>Whole, in files:</p><ul>{links}</ul>" if links else ""
    sessions = test.sessions
    return listed + "".join(_session(one, n, len(sessions)) for n, one in enumerate(sessions, 1))


def _session(session: SessionFacts, number: int, of: int) -> str:
    which = f"Session {number} of {of}" if of > 1 else "Session"
    title = f"{which}: {session.gateway.kind} gateway, client id {session.client_id}"
    problem = f"<p>Incomplete: {escape(session.problem)}</p>" if session.problem else ""
    parts = [
        f"<h4>{escape(title)}</h4>{problem}",
        pairs(f"Pacing, {title}", pacing_rows(session)),
        *_scripted(session),
        *_orders(session),
        *_left_open(session),
        _timeline(session),
    ]
    return "".join(parts)


def _scripted(session: SessionFacts) -> Iterator[str]:
    if session.scripted:
        rows = map(scripted_row, session.scripted)
        yield "<h5>Scripted or injected</h5>"
        yield grid("Scripted or injected", ["When", "Part", "What", "Met"], rows)
        yield _more(session.scripted_not_shown, "more calls")


def _orders(session: SessionFacts) -> Iterator[str]:
    if session.orders:
        body = "".join(map(_order, session.orders))
        yield (
            '<h5>Orders</h5><table class="ibkr-orders"><caption>Orders</caption><thead><tr>'
            '<th scope="col">Order</th><th scope="col">What became of it</th></tr></thead>'
            f"<tbody>{body}</tbody></table>"
        )
        yield _more(session.orders_not_shown, "more orders")


def _order(life: OrderLife) -> str:
    steps = "".join(
        f"<li><time>{new_york(step.at)}</time> {escape(step.text)}</li>" for step in life.steps
    )
    more = _more(life.steps_not_shown, "more steps between them")
    name = f"{life.order_id} (#{life.connection})"
    what = f"<br>{escape(life.what)}" if life.what else ""
    return f'<tr><th scope="row">{name}{what}</th><td><ol>{steps}</ol>{more}</td></tr>'


def _left_open(session: SessionFacts) -> Iterator[str]:
    if session.left_open:
        rows = (
            [
                one.request,
                UNKNOWN if one.request_id is None else str(one.request_id),
                one.what or UNKNOWN,
                new_york(one.at),
                _ENDS[one.ended],
            ]
            for one in session.left_open
        )
        yield "<h5>Subscriptions left open</h5>"
        head = ["Request", "Id", "What", "Since", "How it ended"]
        yield grid("Subscriptions left open", head, rows)
        yield _more((session.left_open_count or 0) - len(session.left_open), "more subscriptions")


def _timeline(session: SessionFacts) -> str:
    if not session.wire:
        return "<p>Nothing crossed the wire.</p>"
    cut = f", {session.wire_not_shown:,} entries cut out" if session.wire_not_shown else ""
    return fold(
        f"Wire timeline, {len(session.wire)} lines{cut}",
        '<table class="ibkr-lines"><caption>Wire timeline</caption><thead><tr>'
        '<th scope="col">Time</th><th scope="col">Kind</th><th scope="col">Message</th></tr>'
        f"</thead><tbody>{''.join(_lines(session))}</tbody></table>",
        unfolded=True,
    )


def _lines(session: SessionFacts) -> Iterable[str]:
    cut_at = len(session.wire) // 3 if session.wire_not_shown else -1
    for number, line in enumerate(session.wire):
        if number == cut_at:
            text = f"{session.wire_not_shown:,} entries are in the journal file only"
            yield f'<tr class="note"><td></td><td>cut</td><td>{text}</td></tr>'
        yield _line(line)


def _line(line: WireLine) -> str:
    return (
        f'<tr class="{line.kind}"><td>{new_york(line.at)}</td>'
        f"<td>#{line.connection} {line.kind}</td><td>{escape(line.text)}</td></tr>"
    )


def _more(count: int, what: str) -> str:
    return f"<p>{count:,} {what}</p>" if count > 0 else ""
