"""Body layouts of accounts, positions, profit and loss, advisors; how to read a row: ``kinds``."""

from __future__ import annotations

BODIES: dict[str, str] = {
    "AccountDataEnd": "accountName:s",
    "AccountDataRequest": "subscribe:b acctCode:s",
    "AccountSummary": "reqId:i account:s tag:s value:s currency:s",
    "AccountSummaryEnd": "reqId:i",
    "AccountSummaryRequest": "reqId:i group:s tags:s",
    "AccountUpdateMulti": "reqId:i account:s modelCode:s key:s value:s currency:s",
    "AccountUpdateMultiEnd": "reqId:i",
    "AccountUpdateTime": "timeStamp:s",
    "AccountUpdatesMultiRequest": "reqId:i account:s modelCode:s ledgerAndNLV:b",
    "AccountValue": "key:s value:s currency:s accountName:s",
    "CancelAccountSummary": "reqId:i",
    "CancelAccountUpdatesMulti": "reqId:i",
    "CancelPnL": "reqId:i",
    "CancelPnLSingle": "reqId:i",
    "CancelPositions": "",
    "CancelPositionsMulti": "reqId:i",
    "FAReplace": "reqId:i faDataType:i xml:s",
    "FARequest": "faDataType:i",
    "FamilyCode": "accountId:s familyCode:s",
    "FamilyCodes": "familyCodes:*FamilyCode",
    "FamilyCodesRequest": "",
    "PnL": "reqId:i dailyPnL:d unrealizedPnL:d realizedPnL:d",
    "PnLRequest": "reqId:i account:s modelCode:s",
    "PnLSingle": "reqId:i position:s dailyPnL:d unrealizedPnL:d realizedPnL:d value:d",
    "PnLSingleRequest": "reqId:i account:s modelCode:s conId:i",
    "PortfolioValue": (
        "contract:Contract position:s marketPrice:d marketValue:d averageCost:d unrealizedPNL:d "
        "realizedPNL:d accountName:s"
    ),
    "Position": "account:s contract:Contract position:s avgCost:d",
    "PositionEnd": "",
    "PositionMulti": "reqId:i account:s contract:Contract position:s avgCost:d modelCode:s",
    "PositionMultiEnd": "reqId:i",
    "PositionsMultiRequest": "reqId:i account:s modelCode:s",
    "PositionsRequest": "",
    "ReceiveFA": "faDataType:i xml:s",
    "ReplaceFAEnd": "reqId:i text:s",
}
