"""What the relay says about a test or a run, as people read it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_ibkr.net.relay.spec import Paced, RelayFacts, RelaySpec, TestVerdict
from pytest_ibkr.snapshot.redact import mask_accounts

_MOST = 20
_HOUR_S = 3600.0


def problems_of(verdict: TestVerdict) -> dict[str, str]:
    """Why a test has failed, whatever it asserted; empty when the relay has no objection.

    By what makes each the same one when it is asked again: who sent too fast is named once, even
    though the figures go on growing.
    """
    found = [f"refused {refusal}" for refusal in verdict.refusals]
    found += verdict.bypassed  # whole sentences, also when nothing could be compared
    found += [f"the relay dropped a connection: {why}" for why in verdict.dropped]
    if verdict.ended is not None:
        found.append(f"the relay ended the run: {verdict.ended}")
    masked = map(mask_accounts, found)
    return {f"pacing {paced.connection}": _over(paced) for paced in verdict.paced} | {
        text: text for text in masked
    }


def failure_text(problems: list[str]) -> str:
    """The text of a test that failed because of the relay."""
    shown = [f"- {each}" for each in problems[:_MOST]]
    if len(problems) > _MOST:
        shown.append(f"- and {len(problems) - _MOST} more; the audit log has them all")
    first = problems[0].splitlines()[0] if problems else ""  # all that short summaries show
    return f"the relay objects to what this test did: {first}\n" + "\n".join(shown)


def live_header(spec: RelaySpec, facts: RelayFacts, why_no_orders: str) -> list[str]:
    """Gateway, account, version, clock and orders of a live run."""
    accounts = ", ".join(facts.accounts) or "none"
    endpoint = f"{spec.host}:{spec.port} through the relay"
    version = f"server version {facts.server_version}"
    return [
        f"ibkr live gateway: {endpoint}, account {accounts}, {version}, {_clock(facts)}",
        f"ibkr live orders: {why_no_orders or 'in tests marked places_orders'}",
    ]


def summary_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The end of a live run: what was left, what was cleaned up, where the log is.

    Args:
        told: ``summary`` as ``RelaySummary.as_dict`` has it, and ``audit_path``.
    """
    summary = told["summary"]
    if ended := summary.get("ended"):
        yield f"ENDED: {mask_accounts(ended['reason'])}"
        yield f"  fix:   {mask_accounts(ended['fix'])}"
    for what in summary.get("bypassed") or ():
        yield f"PROOF AFTERWARDS: {mask_accounts(str(what))}"
    for what in summary.get("failed") or ():
        yield f"FAILED: {mask_accounts(str(what))}"
    if refused := summary.get("refused"):
        yield f"requests refused: {refused}"
    for name, value in (summary.get("cleanup") or {}).items():
        if value and not isinstance(value, bool):
            shown = "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            yield f"cleanup, {name.replace('_', ' ')}: {mask_accounts(shown)}"
    if audit := told.get("audit_path"):
        yield f"audit log: {audit}"


def mask_report(report: Any) -> None:
    """Mask account ids in what a test report prints: its sections, its traceback, its locals.

    Args:
        report: a ``pytest.TestReport``.
    """
    report.sections = [(name, mask_accounts(text)) for name, text in report.sections]
    longrepr = report.longrepr
    if isinstance(longrepr, str):
        report.longrepr = mask_accounts(longrepr)
    chain = getattr(longrepr, "chain", None) or ()
    for traceback, place, _how in chain:
        if place is not None:
            place.message = mask_accounts(place.message)
        for entry in traceback.reprentries:
            arguments = getattr(entry, "reprfuncargs", None)
            if arguments is not None:
                arguments.args = [(name, mask_accounts(text)) for name, text in arguments.args]
            for part in (entry, getattr(entry, "reprlocals", None)):
                if isinstance(lines := getattr(part, "lines", None), list):
                    lines[:] = map(mask_accounts, lines)


def _clock(facts: RelayFacts) -> str:
    side = "ahead of" if facts.offset_s >= 0 else "behind"
    apart_s = abs(facts.offset_s)
    size = f"{apart_s:.1f} s" if apart_s < _HOUR_S else f"{apart_s / _HOUR_S:.0f} h"
    return f"clock {size} {side} this machine's"


def _over(paced: Paced) -> str:
    who = "a client" if paced.client_id is None else f"client {paced.client_id}"
    waited = f"{paced.delayed} waited in the relay, up to {paced.longest_wait_s:.1f} s"
    return (
        f"{who} sent {paced.peak_per_s} messages within a second, {paced.over} more than it may:"
        f" {waited if paced.delayed else 'they wait in the relay'}\n"
        "  rule:  pacing\n"
        "  fix:   let the program keep below the limit itself: a real gateway closes the connection"
    )
