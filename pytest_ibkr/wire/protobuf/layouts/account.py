"""Bodies of account values, summaries, portfolio, advisor data and user information."""

from __future__ import annotations

from pytest_ibkr.wire.messages.account import (
    AccountDownloadEnd,
    AccountSummary,
    AccountSummaryEnd,
    AccountUpdateMulti,
    AccountUpdateMultiEnd,
    AccountUpdateTime,
    AccountValue,
    CancelAccountSummary,
    CancelAccountUpdatesMulti,
    PortfolioValue,
    ReqAccountSummary,
    ReqAccountUpdates,
    ReqAccountUpdatesMulti,
)
from pytest_ibkr.wire.messages.advisor import (
    AdvisorData,
    AdvisorDataReplaced,
    FamilyCode,
    FamilyCodes,
    ReplaceAdvisorData,
    ReqAdvisorData,
    ReqFamilyCodes,
    ReqSoftDollarTiers,
    SoftDollarTier,
    SoftDollarTiers,
)
from pytest_ibkr.wire.messages.user import ReqUserInfo, UserInfo
from pytest_ibkr.wire.protobuf.layout import body, many, one, record_body
from pytest_ibkr.wire.protobuf.layouts.records import CONTRACT

body(ReqAccountUpdates, "AccountDataRequest", acctCode="account")
body(AccountValue, "AccountValue", accountName="account")
body(
    PortfolioValue,
    "PortfolioValue",
    contract=one(CONTRACT, "contract"),
    unrealizedPNL="unrealized_pnl",
    realizedPNL="realized_pnl",
    accountName="account",
)
body(AccountUpdateTime, "AccountUpdateTime", timeStamp="hh_mm")
body(AccountDownloadEnd, "AccountDataEnd", accountName="account")

body(ReqAccountSummary, "AccountSummaryRequest")
body(CancelAccountSummary, "CancelAccountSummary")
body(AccountSummary, "AccountSummary")
body(AccountSummaryEnd, "AccountSummaryEnd")

body(
    ReqAccountUpdatesMulti,
    "AccountUpdatesMultiRequest",
    modelCode="model",
    ledgerAndNLV="ledger_and_nlv",
)
body(CancelAccountUpdatesMulti, "CancelAccountUpdatesMulti")
body(AccountUpdateMulti, "AccountUpdateMulti", modelCode="model")
body(AccountUpdateMultiEnd, "AccountUpdateMultiEnd")

body(ReqAdvisorData, "FARequest", faDataType="data_type")
body(ReplaceAdvisorData, "FAReplace", faDataType="data_type")
body(AdvisorData, "ReceiveFA", faDataType="data_type")
body(AdvisorDataReplaced, "ReplaceFAEnd")
body(ReqSoftDollarTiers, "SoftDollarTiersRequest")
body(
    SoftDollarTiers,
    "SoftDollarTiers",
    softDollarTiers=many(record_body(SoftDollarTier, "SoftDollarTier"), "tiers"),
)
_FAMILY_CODE = record_body(FamilyCode, "FamilyCode", accountId="account", familyCode="code")
body(ReqFamilyCodes, "FamilyCodesRequest")
body(FamilyCodes, "FamilyCodes", familyCodes=many(_FAMILY_CODE, "codes"))

body(ReqUserInfo, "UserInfoRequest")
body(UserInfo, "UserInfo")
