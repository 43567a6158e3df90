"""The relay's rows of the Markdown and HTML pages, from results.json. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pytest_ibkr.report.relay_model import RelayReport
from pytest_ibkr.report.tables import UNKNOWN, number

REQUEST_HEAD: Final = ("Request", "n", "p50 ms", "p95 ms", "p99 ms", "Longest ms")
_DRIFT_S: Final = 2.0


def relay_rows(relay: RelayReport) -> list[tuple[str, str]]:
    """Return (label, value): what the relay found, let through, and proved afterwards."""
    metrics = relay.metrics
    rows = [
        ("Accounts", ", ".join(relay.accounts) or UNKNOWN),
        ("Account type (no proof of paper)", relay.account_type or UNKNOWN),
        ("Server version", _known(relay.server_version)),
        ("Gateway clock", _clock(relay)),
        ("Round trip at the start, ms", ", ".join(map(number, relay.latency_ms)) or UNKNOWN),
        ("Data farms", _counted(relay.farms)),
        ("Requests forwarded", _known(metrics.get("forwarded"))),
        ("Requests refused", _refused(relay)),
        ("Requests held for the message rate", _known(metrics.get("delayed"))),
        ("Added on the way up, ms", _quantiles(metrics.get("added_up"))),
        ("Added on the way down, ms", _quantiles(metrics.get("added_down"))),
        ("Proof afterwards", "; ".join(relay.bypassed) or "nothing bypassed the relay"),
        ("Cleanup", _counted(relay.cleanup)),
        ("Ended", relay.ended or relay.why or UNKNOWN),
        ("Audit log", relay.audit_log or UNKNOWN),
    ]
    return rows + [("Problem at the end", text) for text in relay.failed]


def request_rows(relay: RelayReport) -> list[list[str]]:
    """Return one row per request name: how long it waited for its first answer."""
    found = relay.metrics.get("requests")
    if not isinstance(found, Mapping):
        return []
    return [
        [name, _known(one.get("count")), *(_ms(one, key) for key in _QUANTILES)]
        for name, one in sorted(found.items())
    ]


_QUANTILES: Final = ("p50_ms", "p95_ms", "p99_ms", "longest_ms")


def _ms(one: Mapping[str, Any], key: str) -> str:
    return number(one.get(key))


def _quantiles(one: Any) -> str:
    if not isinstance(one, Mapping) or not one.get("count"):
        return UNKNOWN
    return f"p50 {_ms(one, 'p50_ms')}, p99 {_ms(one, 'p99_ms')}, of {one['count']:,}"


def _clock(relay: RelayReport) -> str:
    if relay.offset_s is None:
        return UNKNOWN
    said = f"{relay.offset_s:+.1f} s against this machine, {relay.drift_s or 0:+.1f} s in the run"
    off = abs(relay.offset_s) > _DRIFT_S or abs(relay.drift_s or 0) > _DRIFT_S
    return f"{said}: more than {_DRIFT_S:g} s, compare with a time server (NTP)" if off else said


def _refused(relay: RelayReport) -> str:
    rules = relay.metrics.get("rules")
    told = f" ({_counted(rules)})" if isinstance(rules, Mapping) and rules else ""
    return f"{_known(relay.refused)}{told}"


def _counted(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_short(value)}" for name, value in found.items()) or UNKNOWN


def _short(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value)) or "none"
    return str(value)


def _known(value: object) -> str:
    return UNKNOWN if value is None else f"{value:,}" if isinstance(value, int) else str(value)
