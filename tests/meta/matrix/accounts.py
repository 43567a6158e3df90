"""Rows of positions, P&L, advisors, users, display groups, verification, bulletins, calendars."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_ibkr.sim.bulletins import BulletinDesk
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages import (
    advisor,
    bulletins,
    display_groups,
    fundamentals,
    pnl,
    positions_multi,
    user,
    verification,
    wsh,
)
from tests.meta.matrix.row import Row
from tests.sim.data_bench import SPY

ACCOUNT = "DU0000001"
SPY_ID = 756733
_NOT_REGISTERED = "nothing: no program is registered here"
_CALENDAR = "events a test wrote (`calendar_events`)"

ROWS: dict[str, Row] = {
    "reqPositionsMulti": Row(
        "the positions, then every change", (321, 322), evidence="2.1 [client]"
    ),
    "cancelPositionsMulti": Row("nothing, silently", evidence="2.1 [client]"),
    "reqPnL": Row(
        "the account against the previous close; then every change, once a second at most",
        (102, 321),
        evidence="2.1 [docs][lore-R]",
    ),
    "cancelPnL": Row("nothing, silently", (10185,), evidence="2.0 [docs][lore-R]"),
    "reqPnLSingle": Row(
        "one contract against its previous close; then every change, once a second at most",
        (102, 321),
        evidence="2.1 [lore-R][docs]",
    ),
    "cancelPnLSingle": Row("nothing, silently", (10186,), evidence="2.0 [docs][lore-R]"),
    "requestFA": Row("nothing: the account is no advisor's", (321,), evidence="2.1 [live][lore-R]"),
    "replaceFA": Row("nothing: the account is no advisor's", (321,), evidence="2.1 [live][lore-R]"),
    "reqSoftDollarTiers": Row("no tiers", evidence="2.1 [client]"),
    "reqFamilyCodes": Row("an account outside a family", evidence="2.1 [live]"),
    "reqUserInfo": Row("no white branding; from 167", evidence="2.1 [live]"),
    "reqCurrentTimeInMillis": Row("the virtual clock; from 197", evidence="2.2 [live]"),
    "queryDisplayGroups": Row("the seven groups", evidence="2.2 [live]"),
    "subscribeToGroupEvents": Row(
        "what the group shows, then every change", (321, 322), evidence="2.2 [live]"
    ),
    "updateDisplayGroup": Row(
        "the group: its subscribers are told", (200, 321, 322), evidence="2.2 [live]"
    ),
    "unsubscribeFromGroupEvents": Row("nothing, silently", evidence="2.0 [live]"),
    "verifyRequest": Row(_NOT_REGISTERED, (321,), evidence="7.1 [client]"),
    "verifyMessage": Row(_NOT_REGISTERED, (321,), evidence="7.1 [client]"),
    "verifyAndAuthRequest": Row(_NOT_REGISTERED, (321,), evidence="7.1 [client]"),
    "verifyAndAuthMessage": Row(_NOT_REGISTERED, (321,), evidence="7.1 [client]"),
    "reqNewsBulletins": Row("bulletins a test publishes", evidence="7.2 [client]"),
    "cancelNewsBulletins": Row("nothing, silently", evidence="2.0 [live]"),
    "reqWshMetaData": Row(
        f"kinds of the {_CALENDAR}; from 161",
        (10276, 10278),
        evidence="7.2 [client]; codes not evidenced",
    ),
    "cancelWshMetaData": Row(
        "nothing, silently; from 161", (10280,), evidence="7.2 [client]; codes not evidenced"
    ),
    "reqWshEventData": Row(
        f"{_CALENDAR}; from 161",
        (10276, 10281, 10282, 10283),
        evidence="7.2 [client]; codes not evidenced",
    ),
    "cancelWshEventData": Row(
        "nothing, silently; from 161", (10284,), evidence="7.2 [client]; codes not evidenced"
    ),
    "reqFundamentalData": Row("nothing: retired", (10358,), evidence="2.3 [live]"),
    "cancelFundamentalData": Row("nothing, silently", evidence="2.0 [live]"),
}

# Declared answers that no example meets, and what they wait for.
NOT_SEEN: dict[int, str] = {
    16: "an advisor's account",
    51: "a gateway that still has fundamental data",
    65: "a registered program",
    66: 'a registered program, or `verification="completed"`',
    69: "a registered program",
    70: 'a registered program, or `verification="completed"`',
    103: "an advisor's account",
    104: '`calendar_events="served"`',
    105: '`calendar_events="served"`',
}


def prepare(engine: Engine) -> None:
    """Publish one bulletin."""
    engine.desk(BulletinDesk).publish("Trading resumes at 14:00.")


def examples() -> dict[str, Sequence[Message]]:
    """Per request, messages to send one after the other; the answers to all are its answers."""
    watched = display_groups.ReqGroupEvents(request_id=40, group_id=1)
    shown = display_groups.SetDisplayGroup(request_id=40, contract_info=f"{SPY_ID}@SMART")
    account_pnl = pnl.ReqPnl(request_id=41, account=ACCOUNT)
    single_pnl = pnl.ReqPnlSingle(request_id=42, account=ACCOUNT, con_id=SPY_ID)
    positions = positions_multi.ReqPositionsMulti(request_id=43, account=ACCOUNT)
    return {
        "reqPositionsMulti": [positions],
        "cancelPositionsMulti": [positions_multi.CancelPositionsMulti(request_id=43)],
        "reqPnL": [account_pnl],
        "cancelPnL": [pnl.CancelPnl(request_id=41)],
        "reqPnLSingle": [single_pnl],
        "cancelPnLSingle": [pnl.CancelPnlSingle(request_id=42)],
        "requestFA": [advisor.ReqAdvisorData(data_type=1)],
        "replaceFA": [advisor.ReplaceAdvisorData(request_id=44, data_type=1, xml="<x/>")],
        "reqSoftDollarTiers": [advisor.ReqSoftDollarTiers(request_id=45)],
        "reqFamilyCodes": [advisor.ReqFamilyCodes()],
        "reqUserInfo": [user.ReqUserInfo(request_id=46)],
        "reqCurrentTimeInMillis": [user.ReqCurrentTimeInMillis()],
        "queryDisplayGroups": [display_groups.ReqDisplayGroups(request_id=47)],
        "subscribeToGroupEvents": [watched],
        "updateDisplayGroup": [watched, shown],
        "unsubscribeFromGroupEvents": [display_groups.CancelGroupEvents(request_id=40)],
        "verifyRequest": [verification.ReqVerification(api_name="x", api_version="1")],
        "verifyMessage": [verification.VerificationMessage(api_data="x")],
        "verifyAndAuthRequest": [
            verification.ReqAuthentication(api_name="x", api_version="1", vendor_key="k")
        ],
        "verifyAndAuthMessage": [
            verification.AuthenticationMessage(api_data="x", challenge_response="y")
        ],
        "reqNewsBulletins": [bulletins.ReqNewsBulletins(all_messages=True)],
        "cancelNewsBulletins": [bulletins.CancelNewsBulletins()],
        "reqWshMetaData": [wsh.ReqWshMetaData(request_id=48)],
        "cancelWshMetaData": [wsh.CancelWshMetaData(request_id=48)],
        "reqWshEventData": [wsh.ReqWshEventData(request_id=49, con_id=SPY_ID)],
        "cancelWshEventData": [wsh.CancelWshEventData(request_id=49)],
        "reqFundamentalData": [
            fundamentals.ReqFundamentalData(
                request_id=50, contract=SPY, report_type="ReportSnapshot"
            )
        ],
        "cancelFundamentalData": [fundamentals.CancelFundamentalData(request_id=50)],
    }
