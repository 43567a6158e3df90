"""Relay and pacing of the run and the requirements its tests carry, for the HTML page. Pure."""

from __future__ import annotations

from html import escape
from typing import Final

from pytest_ibkr.report.facts import WORDS
from pytest_ibkr.report.html_parts import fold, grid, pairs
from pytest_ibkr.report.html_tests import anchor
from pytest_ibkr.report.model import Requirement, Results
from pytest_ibkr.report.relay_words import REQUEST_HEAD, relay_rows, request_rows
from pytest_ibkr.report.wire_words import requirement_row, run_pacing_rows

_TONE: Final = {"passed": "good", "failed": "bad", "incomplete": "warn"}
_FEW: Final = 12  # requirements that are shown unfolded


def pacing(results: Results) -> str:
    """Return the run's pacing; nothing when no gateway was met."""
    if results.pacing is None:
        return ""
    return f"<h3>Pacing</h3>{pairs('Pacing of the run', run_pacing_rows(results.pacing))}"


def relay(results: Results) -> str:
    """Return the relay's facts and figures; nothing in a run without one."""
    if (found := results.relay) is None:
        return ""
    told = f"<h3>Relay</h3>{pairs('Relay', relay_rows(found))}"
    if rows := request_rows(found):
        told += grid("Requests and their first answers", REQUEST_HEAD, rows)
    return told


def requirements(results: Results) -> str:
    """Return a table of requirements, their verdicts and the tests that carry them."""
    found = results.requirements
    if not found:
        return ""
    kept = sum(one.verdict == "passed" for one in found)
    where = " in rehearsal" if results.rehearsal.is_rehearsal else ""
    met = {test.id for test in results.tests if test.sessions}
    body = "".join(_row(one, results, met) for one in found)
    table = (
        '<table class="ibkr-trace"><caption>Requirements and their tests</caption><thead><tr>'
        '<th scope="col">Requirement</th><th scope="col">Verdict</th><th scope="col">Tests</th>'
        f"</tr></thead><tbody>{body}</tbody></table>"
    )
    said = f"{kept} of {len(found)} passed{where}"
    rule = "A requirement counts only when every test that carries it ran and passed."
    bad = any(one.verdict == "failed" for one in found)
    folded = fold(said, table, unfolded=bad or len(found) <= _FEW)
    return f"<h3>Requirements</h3><p>{rule}</p>{folded}"


def _row(requirement: Requirement, results: Results, met: set[str]) -> str:
    _, verdict, *_ = requirement_row(requirement, results)
    tests = "".join(
        f"<li>{_name(test.id, linked=test.id in met)}: {escape(WORDS[test.outcome])}</li>"
        for test in requirement.tests
    )
    return (
        f'<tr><th scope="row">{escape(requirement.id)}</th>'
        f'<td class="ibkr-{_TONE[requirement.verdict]}">{escape(verdict)}</td>'
        f"<td><ul>{tests}</ul></td></tr>"
    )


def _name(test_id: str, *, linked: bool) -> str:
    name = escape(test_id)
    return f'<a href="#{anchor(test_id)}">{name}</a>' if linked else name
