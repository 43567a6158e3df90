"""Everything that was answered becomes a snapshot; pure.

Nothing is filled in: what did not come is None or left out, and said. Imports wire, snapshot
and market hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from pytest_ibkr import market_hours
from pytest_ibkr.capture import strict
from pytest_ibkr.capture.plan import Plan
from pytest_ibkr.capture.symbol_parts import Origin, SymbolAnswers, parts_of
from pytest_ibkr.snapshot import trading_days
from pytest_ibkr.snapshot.compose import Head, SymbolParts, snapshot
from pytest_ibkr.snapshot.model import EXCHANGE_ZONE, Snapshot
from pytest_ibkr.snapshot.redact import mask_account, mask_accounts
from pytest_ibkr.snapshot.rows import TradingSession
from pytest_ibkr.wire.messages.session import ErrorNotice

MarketSession = Literal["pre", "rth", "post", "closed"]
_TYPES: Final = {1: "live", 2: "frozen", 3: "delayed", 4: "delayed and frozen"}
_MOST_ERRORS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whom the answers came from.

    Attributes:
        accounts: real ids; they are masked here.
        account_type: as the gateway says; None when it did not.
        server_version: of the session.
        simulated: whether the account lies in the range no real one can have.
        errors: messages 4 worth keeping, in order.
        wanted_type: the market data type asked for.
    """

    accounts: Sequence[str]
    account_type: str | None
    server_version: int
    simulated: bool
    errors: Sequence[ErrorNotice] = ()
    wanted_type: int = 1


def market_session(now: datetime) -> MarketSession:
    """Which session of US shares an aware moment lies in; the closing instant is after it.

    Raises:
        UsageError: the extra ``calendar`` is not installed.
    """
    if market_hours.session_at(now) is not None:
        return "rth"
    around = market_hours.session_at(now, extended=True)
    if around is None:
        return "closed"
    regular = market_hours.sessions_on(around.date)
    return "pre" if regular and now < regular[0].opens else "post"


def build(
    plan: Plan, answers: Sequence[SymbolAnswers], source: Source, *, now: datetime
) -> Snapshot:
    """A validated snapshot of everything that came.

    Args:
        plan: what was asked for.
        answers: one for each symbol of the plan that was begun.
        source: the gateway.
        now: the captured instant: not before the last answer, aware, by the gateway's clock.

    Raises:
        UsageError: the extra ``calendar`` is not installed.
        SnapshotInvalid: nothing came that a snapshot can be made of, or a value is impossible.
    """
    sessions = trading_days.sessions_around(now.astimezone(EXCHANGE_ZONE).date())
    origin = Origin(simulated=source.simulated, server_version=source.server_version)
    parts: list[SymbolParts] = []
    lacking = _never_begun(plan, answers)
    remarks = _about_session(now)
    for each in answers:
        if each.details is not None:
            own = parts_of(each, each.details, origin, sessions=sessions, now=now)
            lacking += strict.problems(own)
            parts.append(own)
        lacking += each.lacking
        remarks += each.remarks
    data_type, said = _data_type(answers, source)
    return snapshot(
        _head(
            plan,
            source,
            origin,
            now=now,
            sessions=sessions,
            vix=_vix(parts),
            data_type=data_type,
            lacking=lacking,
            remarks=[*remarks, *said],
        ),
        parts,
    )


def _head(
    plan: Plan,
    source: Source,
    origin: Origin,
    *,
    now: datetime,
    sessions: Sequence[TradingSession],
    vix: float | None,
    data_type: int,
    lacking: Sequence[str],
    remarks: Sequence[str],
) -> Head:
    kind = source.account_type or "not told"
    return Head(
        scenario=plan.scenario,
        captured_at=now.replace(microsecond=0),
        account=mask_account(source.accounts[0]),
        market_session=market_session(now),
        market_data_type=data_type,
        vix=vix,
        source="mock" if source.simulated else "gateway",
        sessions=sessions,
        provenance={
            "account": origin.of(f"managedAccounts, masked; AccountType {kind}"),
            "marketSession": trading_days.provenance(),
            "marketDataType": origin.of("as delivered"),
            "vix": origin.of("price of VIX" if vix else "VIX was not captured: unknown"),
            "sessions": trading_days.provenance(),
        },
        issues=remarks,
        lacking=lacking,
        errors=[_error_row(each) for each in source.errors[:_MOST_ERRORS]],
    )


def _error_row(notice: ErrorNotice) -> dict[str, Any]:
    number = notice.request_id
    return {
        "requestId": number if number >= 0 else None,
        "code": notice.code,
        "text": mask_accounts(" ".join(notice.text.split())),
    }


def _never_begun(plan: Plan, answers: Sequence[SymbolAnswers]) -> list[str]:
    begun = {each.symbol for each in answers}
    return [f"{symbol} was not captured" for symbol in plan.symbols if symbol not in begun]


def _about_session(now: datetime) -> list[str]:
    session = market_session(now)
    if session == "rth":
        return []
    opening = market_hours.next_opening(now)
    following = f"; the next session opens {opening:%Y-%m-%d %H:%M %Z}" if opening else ""
    return [f"captured outside regular hours ({session}): quotes may be stale{following}"]


def _data_type(answers: Sequence[SymbolAnswers], source: Source) -> tuple[int, list[str]]:
    """The least live type that was delivered, and what to say about it."""
    found = {
        each.symbol: max(types)
        for each in answers
        if (
            types := [
                board.data_type
                for board in (each.board, *(board for _, board in each.options))
                if board.data_type in _TYPES
            ]
        )
    }
    if not found:
        return source.wanted_type, ["no market data type was delivered: the one asked for is noted"]
    said = []
    if any(number > 2 for number in found.values()):
        late = ", ".join(symbol for symbol, number in found.items() if number > 2)
        said.append(f"{late}: delayed market data, some 15 minutes old")
    if len(set(found.values())) > 1:
        each = ", ".join(f"{symbol} {_TYPES[number]}" for symbol, number in found.items())
        said.append(f"market data types differ: {each}")
    return max(found.values()), said


def _vix(parts: Sequence[SymbolParts]) -> float | None:
    return next((each.quote.price for each in parts if each.identity.symbol == "VIX"), None)
