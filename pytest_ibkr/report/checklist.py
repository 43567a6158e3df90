"""checklist.md: boxes ticked by results alone, and manual boxes that stand apart. Pure.

No box is ticked by a rehearsal, by a skipped test or by hand; manual boxes are never ticked here.
"""

from __future__ import annotations

from pytest_ibkr.report.facts import WORDS, banner, headline, title
from pytest_ibkr.report.model import Results, TestRow
from pytest_ibkr.report.relay_model import complaints
from pytest_ibkr.report.tables import cell, code

BEFORE = (
    "pytest-ibkr check ended with READY; its output is archived with this list",
    "The gateway runs, its API is enabled, auto-restart is off until the run ends",
    "The login shown by the gateway is the paper login; its order history is known",
    "Network: gateway reached in under 50 ms, firewall and NTP checked",
    "Host: CPU below 50 %, memory below 70 %",
    "Market: regular hours, no rate decision or large earnings today, VIX below 30",
    "The configuration file is the reviewed one",
)
AFTER = (
    "Positions and working orders seen in the gateway's own window: none left",
    "Trade log and the gateway's last 100 log lines read",
    "Reports and logs archived, gateway stopped, no process left behind",
    "Limits of the paper account (fills, margin, no assignment) read with the results",
)
SIGNATURES = ("Quality assurance", "Risk", "Project lead")


def checklist(results: Results, *, prefix: str = "") -> str:
    """Return the checklist; ``prefix`` leads from its place to the run's directory."""
    lines = [f"# {title(results).replace('report', 'checklist')}", ""]
    if warning := banner(results):
        lines += [f"> **{cell(warning)}** Rehearsed tests leave their boxes empty.", ""]
    lines += [
        f"**{cell(headline(results))}**",
        "",
        f"Rendered from [results.json](<{prefix}results.json>), run {results.run.directory}.",
        "",
        "## Decided by the results",
        "",
        *_gate_boxes(results),
    ]
    for name, items in (("Before the run", BEFORE), ("After the run", AFTER)):
        lines += ["", f"## By hand: {name.lower()}", "", *(f"- [ ] {item}" for item in items)]
    lines += ["", "## By hand: signatures", ""]
    lines += [f"- [ ] {role}: ____________________ date: __________" for role in SIGNATURES]
    return "\n".join(lines) + "\n"


def _gate_boxes(results: Results) -> list[str]:
    real = results.rehearsal.is_rehearsal is False
    passed = results.gate.verdict == "PASSED"
    lines = [_box("The gate has passed", ticked=passed, note=results.gate.verdict)]
    over = [m.name for m in results.metrics if m.within_limit is False]
    kept = real and bool(results.metrics) and not over
    note = f"over: {', '.join(over)}" if over else f"{len(results.metrics)} metrics"
    lines.append(_box("Every metric kept its limit", ticked=kept, note=note))
    if results.relay is not None:
        wrong = list(complaints(results.relay))
        text = "Nothing bypassed the relay, and its end was clean"
        lines.append(_box(text, ticked=real and not wrong, note="; ".join(wrong) or "compared"))
    groups: dict[str, list[TestRow]] = {}
    for test in results.tests:
        if test.live:
            groups.setdefault(test.id.partition("::")[0], []).append(test)
    for file, tests in sorted(groups.items()):
        lines += ["", f"### {code(file)}", ""]
        lines += [_test_box(test, real=real) for test in tests]
    return lines


def _test_box(test: TestRow, *, real: bool) -> str:
    ids = f" ({', '.join(test.requirements)})" if test.requirements else ""
    passed = test.outcome == "passed"
    word = "passed in rehearsal" if passed and not real else WORDS[test.outcome]
    reason = f": {test.reason}" if test.reason else ""
    name = f"{code(test.id.partition('::')[2] or test.id)}{ids}"
    return _box(name, ticked=passed and real, note=f"{word}{reason}")


def _box(text: str, *, ticked: bool, note: str) -> str:
    return f"- [{'x' if ticked else ' '}] {text} – {cell(note)}"
