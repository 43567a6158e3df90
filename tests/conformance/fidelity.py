"""Where the simulated gateway is known to differ from the logs of real ones, and why.

``python -m tests.conformance.fidelity`` writes docs/reference/fidelity.md from this list.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "fidelity.md"


@dataclass(frozen=True, slots=True)
class Known:
    """A difference that is meant.

    Attributes:
        exchange: which exchange of gateway_log_facts.json, ``"paper connect"``; a pattern.
        change: ``-`` what the log has, ``+`` what the simulator has instead; a pattern.
        log, ours: the same in words.
        reason: why it stays.
    """

    exchange: str
    change: str
    log: str
    ours: str
    reason: str

    def speaks_of(self, exchange: str) -> bool:
        """Whether it is about an exchange."""
        return re.fullmatch(self.exchange, exchange) is not None

    def covers(self, exchange: str, change: str) -> bool:
        """Whether a difference found is this one."""
        return self.speaks_of(exchange) and re.fullmatch(self.change, change) is not None


KNOWN = (
    Known(
        r"(paper|live) connect",
        r"\+4 2104 .*",
        "2104 for usfarm",
        "2104 for usfarm and usopt",
        "Which farms are named depends on the account's markets; option quotes come from usopt.",
    ),
    Known(
        r"live connect",
        r"\+15 .*",
        "begins with 9",
        "15, then 9",
        "That log starts a line late; the paper log of the same client has 15 before 9.",
    ),
    Known(
        r"live account refresh",
        r"-73 NetLiquidation .*",
        "every three minutes 8, 8, NetLiquidation in 73, 8",
        "8, 8, 8",
        "Only values that changed are sent again, and an account without positions has none."
        " With a position there are rows between, of 6 and 73.",
    ),
    Known(
        r"paper currency pair quote",
        r"\+(58|1|2) .*",
        "81, then silence (EUR.USD on IDEALPRO)",
        "81, 58, quotes",
        "Nobody knows why the log has none; the pair is a synthetic one here, and is quoted.",
    ),
)

HEAD = """\
# Fidelity: the simulator against real gateways' logs

Two message logs of real gateways, a paper account of 2026-01-02 and a live account of
2026-01-13 at server version 176 to 178, are part of the test-suite as facts: the lines the
client sent, and of every answer its message id, its number of fields, the account keys and
currencies or the error code, and what kind of value each field holds. No amounts are kept, and
account ids are replaced. The facts are in `tests/conformance/data/gateway_log_facts.json`.

`tests/conformance/test_gateway_logs.py` sends the same bytes to the simulated gateway at
versions 176 and 178, set up as the logs' were: at the same time of day, with delayed data only, a
history farm that sleeps when the client connects, an empty account of type INDIVIDUAL with or
without a crypto segment, the currency pair listed and with rights, and after the request that went
before. It compares: ids in order, number of fields, kinds of values (sentinels and empty ones among
them), end markers, error codes, account keys in order. What differs is listed here. The test fails
when something differs that is not listed, and when something listed no longer differs.

`reqAccountSummary` (62) occurs in neither log; the frames a real gateway was seen to send are
its reference.

## Known differences

| Exchange | Real gateway | Simulated gateway | Why |
|---|---|---|---|
"""


def judge(
    exchange: str, found: Sequence[str], known: Sequence[Known] = KNOWN
) -> tuple[list[str], list[Known]]:
    """Return differences nobody listed, and listed ones that were not found."""
    rules = [rule for rule in known if rule.speaks_of(exchange)]
    unlisted = [c for c in found if not any(rule.covers(exchange, c) for rule in rules)]
    idle = [rule for rule in rules if not any(rule.covers(exchange, c) for c in found)]
    return unlisted, idle


def page() -> str:
    """Return the whole page."""
    rows = [f"| {_plain(k.exchange)} | {k.log} | {k.ours} | {k.reason} |" for k in KNOWN]
    return HEAD + "\n".join(rows) + "\n"


def _plain(pattern: str) -> str:
    return pattern.replace("(paper|live)", "paper, live:")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
