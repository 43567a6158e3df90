"""report.md from results.json, and from nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_ibkr.report.facts import (
    ADVICE,
    BAD,
    WORDS,
    banner,
    counted,
    gateway_rows,
    has_gate,
    headline,
    limit_word,
    moment,
    origins_of,
    severity,
    title,
    wire_of,
)
from pytest_ibkr.report.model import Results, TestRow
from pytest_ibkr.report.relay_words import REQUEST_HEAD, relay_rows, request_rows
from pytest_ibkr.report.tables import UNKNOWN, cell, code, code_cell, number, seconds, table
from pytest_ibkr.report.wire_words import requirement_row, run_pacing_rows


def markdown(results: Results, *, prefix: str = "") -> str:
    """Return the report; ``prefix`` leads from its place to the run's directory."""
    lines = [f"# {title(results)}", ""]
    if warning := banner(results):
        lines += [f"> **{cell(warning)}**", ""]
    lines += [f"**{cell(counted(results))}**", ""]
    if has_gate(results):
        said = f"Gate: **{cell(headline(results))}**"
        lines += [said, "", ADVICE[results.gate.verdict], ""]
    sections = (
        _run,
        _gateways,
        _relay,
        _results,
        _requirements,
        _metrics,
        _pacing,
        _issues,
        _exceptions,
    )
    for section in sections:
        lines += section(results, prefix)
    return "\n".join(lines).rstrip() + "\n"


def _run(results: Results, _prefix: str) -> Iterator[str]:
    run = results.run
    gate = f"{results.gate.executed} of {results.gate.tests} tests executed"
    rows = [
        ("Started", moment(run.started_at)),
        ("Duration", seconds(run.duration_s)),
        ("Complete", "yes" if run.complete else f"NO: {run.incomplete_because}"),
        *([("Gate", gate)] if has_gate(results) else []),
        ("Workers", str(run.workers)),
        ("Versions", f"pytest-ibkr {run.product_version}, pytest {run.pytest_version}"),
        ("Python", f"{run.python_version} on {run.platform}"),
        ("Directory", run.directory),
    ]
    yield from ["## Run", "", *table(["", ""], ((k, cell(v)) for k, v in rows)), ""]


def _gateways(results: Results, _prefix: str) -> Iterator[str]:
    yield from ["## Gateway", ""]
    if not results.gateways:
        yield from ["No gateway was met.", ""]
    for gateway in results.gateways:
        rows = [(label, cell(value)) for label, value in gateway_rows(gateway, results)]
        yield from [*table(["", ""], rows), ""]
        head, origins = origins_of(gateway)
        if origins:
            yield from table(map(cell, head), (map(cell, row) for row in origins))
            yield ""


def _relay(results: Results, _prefix: str) -> Iterator[str]:
    if (relay := results.relay) is None:
        return
    rows = [(label, cell(value)) for label, value in relay_rows(relay)]
    yield from ["## Relay", "", *table(["", ""], rows), ""]
    if requests := request_rows(relay):
        yield from table(REQUEST_HEAD, (map(cell, row) for row in requests))
        yield ""


def _results(results: Results, _prefix: str) -> Iterator[str]:
    gate = [test for test in results.tests if test.live]
    rest = [test for test in results.tests if not test.live]
    for name, tests in (("Gate tests", gate), ("Other tests", rest)):
        if tests:
            head = ["Result", "Test", "Requirements", "Time", "Frames in / out", "Peak /s"]
            yield from [f"## {name}", "", *table(head, map(_row, tests)), ""]


def _row(test: TestRow) -> list[str]:
    wire = wire_of(test)
    frames = UNKNOWN if wire.frames_in is None else f"{wire.frames_in:,} / {wire.frames_out:,}"
    return [
        WORDS[test.outcome],
        code_cell(test.id),
        cell(", ".join(test.requirements)),
        seconds(sum(test.phases_s.values()) if test.phases_s else None),
        frames,
        cell(wire.peak_messages_per_s),
    ]


def _metrics(results: Results, _prefix: str) -> Iterator[str]:
    yield from ["## Metrics", ""]
    if not results.metrics:
        yield from ["No test recorded a metric.", ""]
        return
    rows = (
        [
            code_cell(m.name),
            str(len(m.values)),
            *map(number, (m.median, m.p95, m.worst, m.limit)),
            limit_word(m),
        ]
        for m in results.metrics
    )
    head = ["Metric", "n", "Median", "p95", "Max", "Limit", "Kept"]
    yield from [*table(head, rows), ""]


def _requirements(results: Results, _prefix: str) -> Iterator[str]:
    if not results.requirements:
        return
    yield from ["## Requirements", ""]
    yield from ["A requirement counts only when every test that carries it ran and passed.", ""]
    rows = []
    for requirement in results.requirements:
        name, verdict, *tests = requirement_row(requirement, results)
        rows.append([cell(name), verdict, "<br>".join(map(cell, tests))])
    yield from [*table(["Requirement", "Verdict", "Tests"], rows), ""]


def _pacing(results: Results, _prefix: str) -> Iterator[str]:
    if results.pacing is not None:
        rows = [(label, cell(value)) for label, value in run_pacing_rows(results.pacing)]
        yield from ["## Pacing", "", *table(["", ""], rows), ""]


def _issues(results: Results, prefix: str) -> Iterator[str]:
    skipped = [test for test in results.tests if test.outcome == "skipped"]
    if skipped:
        rows = ([code_cell(t.id), cell(t.reason), severity(t)] for t in skipped)
        yield from ["## Skipped", "", *table(["Test", "Reason", "Severity"], rows), ""]
    bad = [t for t in results.tests if t.outcome in BAD]
    if bad:
        yield from ["## Failures", ""]
    for test in bad:
        yield from [f"### {code(test.id)}", ""]
        yield from [f"{WORDS[test.outcome]}, {severity(test)}.", ""]
        if test.failure:
            yield from ["~~~text", *test.failure.replace("~~~", "~ ~ ~").splitlines(), "~~~", ""]
        files = [name for name in (test.timeline, *test.journals) if name]
        yield from [f"- [{name}](<{prefix}{name}>)" for name in files]
        yield ""


def _exceptions(results: Results, _prefix: str) -> Iterator[str]:
    if results.gate.exceptions:
        yield from ["## Documented exceptions", ""]
        yield from [f"- {cell(text)}" for text in results.gate.exceptions]
