"""What the gateway check makes of its findings: PASS, WARN or FAIL, and what to do. Pure.

A FAIL means that a validation run could not be judged or would be refused; a WARN is for people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from pytest_ibkr.net.checking import Observed
from pytest_ibkr.net.relay.spec import RelayFacts

Verdict = Literal["PASS", "WARN", "FAIL"]
MOST_DRIFT_S: Final = 2.0
MOST_LATENCY_MS: Final = 50.0
MOST_VIX: Final = 30.0
MOST_CPU_PCT, MOST_MEMORY_PCT = 50.0, 70.0
OLDEST_TESTED: Final = 157  # what the oldest supported official client negotiates
_KINDS: Final = {1: "live", 2: "live, frozen at the last close", 3: "delayed", 4: "delayed, frozen"}
_MOST_LISTED: Final = 5
_HOUR_S: Final = 3600.0


@dataclass(frozen=True)
class Check:
    """One line: what was looked at, the verdict, what was found, what to do about it."""

    name: str
    verdict: Verdict
    found: str
    advice: str = ""


@dataclass(frozen=True, kw_only=True)
class Load:
    """Of this machine, percent; None where nothing can measure it."""

    cpu_pct: float | None = None
    memory_pct: float | None = None


@dataclass(frozen=True, kw_only=True)
class Question:
    """Everything the verdicts are made from.

    Attributes:
        port: of the gateway, not of the relay.
        wanted_account: whose orders are expected; None: none is configured.
        initial_capital: dollars the account is expected to hold, within a factor of two.
        capital_matters: whether another amount is a failure.
        opens: when the market opens next, as text; None while it is open.
        market_unknown: why nothing is known about the market.
    """

    host: str
    port: int
    facts: RelayFacts
    observed: Observed
    load: Load
    wanted_account: str | None = None
    initial_capital: float = 1_000_000
    capital_matters: bool = True
    opens: str | None = None
    market_unknown: str | None = None


def checks(question: Question) -> list[Check]:
    """Return one line per question, in a fixed order."""
    return [judge(question) for judge in _JUDGES]


def passed(lines: Iterable[Check]) -> bool:
    """Whether nothing failed."""
    return all(line.verdict != "FAIL" for line in lines)


def text_of(lines: Iterable[Check]) -> Iterator[str]:
    """Return the lines as they are printed."""
    for line in lines:
        yield f"{line.verdict}  {line.name}: {line.found}"
        if line.advice:
            yield f"      {line.advice}"


def _port(q: Question) -> Check:
    return Check("gateway", "PASS", f"{q.host} port {q.port} answers, through the paper-only relay")


def _account(q: Question) -> Check:
    shown = ", ".join(q.facts.accounts) or "none"
    kind = "simulated account" if q.facts.is_rehearsal else "paper account"
    found = f"{kind} {shown}, type {q.facts.account_type or 'not told'} (which proves nothing)"
    if q.facts.account is None:
        return Check(
            *("account", "WARN", f"several paper accounts: {shown}"),
            "reading only: orders need a login that serves one account",
        )
    if q.wanted_account is None:
        return Check(
            *("account", "WARN", found),
            "orders are refused until paper_trading.account or IBKR_PAPER_ACCOUNT names it",
        )
    if q.wanted_account != q.facts.account:
        return Check(
            *("account", "FAIL", f"{found}; another one is configured"),
            "set paper_trading.account or IBKR_PAPER_ACCOUNT to the account of this login",
        )
    return Check("account", "PASS", f"{found}, the configured one")


def _versions(q: Question) -> Check:
    found = f"server version {q.facts.server_version}, connected {q.facts.connection_time}"
    if q.facts.server_version < OLDEST_TESTED:
        return Check("version", "WARN", found, "update TWS or IB Gateway")
    return Check("version", "PASS", found)


def _farms(q: Question) -> Check:
    farms = q.facts.farms
    broken = sorted(name for name, state in farms.items() if state not in ("ok", "inactive"))
    if not farms:
        return Check("data farms", "WARN", "none was named", "wait a minute, then check again")
    if broken:
        told = ", ".join(f"{name} {farms[name]}" for name in broken)
        return Check("data farms", "WARN", told, "wait until they are connected again")
    return Check("data farms", "PASS", f"{len(farms)} in order: {', '.join(sorted(farms))}")


def _entitlement(q: Question) -> Check:
    if (problem := q.observed.problems.get("SPY")) is not None:
        advice = "share the live subscription with the paper user; end other sessions of this login"
        return Check("market data", "FAIL", problem, advice)
    kind = _KINDS.get(q.observed.spy.data_type or 0, "of unknown kind")
    found = f"SPY {kind}, price {_amount(q.observed.spy.price)}"
    if q.observed.spy.data_type not in (1, 2) or q.observed.spy.price is None:
        return Check(
            *("market data", "WARN", found),
            "tests of fresh quotes will fail: share the live subscription with the paper user",
        )
    return Check("market data", "PASS", found)


def _read_only(q: Question) -> Check:
    if q.facts.read_only is None:
        return Check("orders", "WARN", "whether the API is read-only was not found out")
    if q.facts.read_only:
        return Check(
            *("orders", "FAIL", "the gateway's API is in read-only mode"),
            "take the tick from Read-Only API in the gateway's settings",
        )
    return Check("orders", "PASS", f"accepted, next id {q.facts.next_order_id}")


def _capital(q: Question) -> Check:
    worth = q.observed.net_liquidation
    if worth is None:
        why = q.observed.problems.get("account", "NetLiquidation did not come")
        return Check("capital", "FAIL", why, "log the gateway in again")
    expected = Decimal(str(q.initial_capital))
    found = f"{worth:,.2f} {q.observed.currency}, configured {expected:,.0f}"
    if expected / 2 <= worth <= expected * 2:
        return Check("capital", "PASS", found)
    advice = "reset the paper account, or correct paper_trading.initial_capital"
    return Check("capital", "FAIL" if q.capital_matters else "WARN", found, advice)


def _listed(name: str, found: tuple[str, ...] | None, problem: str | None, advice: str) -> Check:
    if found is None:
        return Check(name, "FAIL", problem or "no complete answer", "log the gateway in again")
    if not found:
        return Check(name, "PASS", "none")
    more = f" and {len(found) - _MOST_LISTED} more" if len(found) > _MOST_LISTED else ""
    return Check(name, "WARN", f"{', '.join(found[:_MOST_LISTED])}{more}", advice)


def _orders(q: Question) -> Check:
    advice = "they are nobody's but yours: no run touches them; write them down before it"
    return _listed("open orders", q.observed.orders, q.observed.problems.get("orders"), advice)


def _positions(q: Question) -> Check:
    advice = "a run compares with them and leaves them; write them down before it"
    problem = q.observed.problems.get("positions")
    return _listed("positions", q.observed.positions, problem, advice)


def _market(q: Question) -> Check:
    if q.market_unknown is not None:
        return Check("market", "WARN", "hours unknown", q.market_unknown)
    if q.opens is not None:
        return Check("market", "WARN", "closed", f"it opens {q.opens}")
    return Check("market", "PASS", "open")


def _vix(q: Question) -> Check:
    level = q.observed.vix.price
    if level is None:
        why = q.observed.problems.get("VIX", "no price came")
        return Check("VIX", "WARN", why, "look it up before an order test")
    if level >= MOST_VIX:
        return Check("VIX", "WARN", f"{level:.2f}", f"wait for a calmer day: below {MOST_VIX:g}")
    return Check("VIX", "PASS", f"{level:.2f}")


def _clock(q: Question) -> Check:
    drift_s = q.facts.offset_s
    size = f"{abs(drift_s):.1f} s" if abs(drift_s) < _HOUR_S else f"{abs(drift_s) / _HOUR_S:.0f} h"
    found = f"the gateway is {size} {'ahead' if drift_s > 0 else 'behind'}"
    if abs(drift_s) <= MOST_DRIFT_S:
        return Check("clock", "PASS", found)
    if q.facts.is_rehearsal:
        return Check("clock", "WARN", found, "a simulated gateway lives in its snapshot's time")
    return Check(
        *("clock", "WARN", found),
        "compare this machine's clock with a time server (NTP): quotes look stale or too new",
    )


def _latency(q: Question) -> Check:
    times = sorted(
        q.facts.latency_ms or (() if q.facts.round_trip_ms is None else (q.facts.round_trip_ms,))
    )
    if not times:
        return Check("latency", "WARN", "no round trip was measured")
    found = f"median {times[len(times) // 2]:.1f} ms, worst {times[-1]:.1f} ms"
    if times[len(times) // 2] > MOST_LATENCY_MS:
        return Check("latency", "WARN", found, f"above {MOST_LATENCY_MS:g} ms: check the network")
    return Check("latency", "PASS", found)


def _used(name: str, used_pct: float | None, most_pct: float) -> Check:
    if used_pct is None:
        return Check(name, "WARN", "not measured", "pip install 'pytest-ibkr[check]'")
    if used_pct > most_pct:
        return Check(name, "WARN", f"{used_pct:.0f} %", f"close programs: below {most_pct:g} %")
    return Check(name, "PASS", f"{used_pct:.0f} %")


def _cpu(q: Question) -> Check:
    return _used("CPU", q.load.cpu_pct, MOST_CPU_PCT)


def _memory(q: Question) -> Check:
    return _used("memory", q.load.memory_pct, MOST_MEMORY_PCT)


def _amount(number: float | None) -> str:
    return "unknown" if number is None else f"{number:.2f}"


_JUDGES: Final[tuple[Callable[[Question], Check], ...]] = (
    *(_port, _account, _versions, _farms, _entitlement, _read_only, _capital),
    *(_orders, _positions, _market, _vix, _clock, _latency, _cpu, _memory),
)
