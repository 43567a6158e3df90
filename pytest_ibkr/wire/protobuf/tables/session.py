"""Body layouts of the session, verification and display groups; how to read a row: ``kinds``."""

from __future__ import annotations

BODIES: dict[str, str] = {
    "CurrentTime": "currentTime:l",
    "CurrentTimeInMillis": "currentTimeInMillis:l",
    "CurrentTimeInMillisRequest": "",
    "CurrentTimeRequest": "",
    "DisplayGroupList": "reqId:i groups:s",
    "DisplayGroupUpdated": "reqId:i contractInfo:s",
    "ErrorMessage": "id:i errorTime:l errorCode:i errorMsg:s advancedOrderRejectJson:s",
    "IdsRequest": "numIds:i",
    "ManagedAccounts": "accountsList:s",
    "ManagedAccountsRequest": "",
    "NextValidId": "orderId:i",
    "QueryDisplayGroupsRequest": "reqId:i",
    "SetServerLogLevelRequest": "logLevel:i",
    "StartApiRequest": "clientId:i optionalCapabilities:s",
    "SubscribeToGroupEventsRequest": "reqId:i groupId:i",
    "UnsubscribeFromGroupEventsRequest": "reqId:i",
    "UpdateDisplayGroupRequest": "reqId:i contractInfo:s",
    "UserInfo": "reqId:i whiteBrandingId:s",
    "UserInfoRequest": "reqId:i",
    "VerifyCompleted": "isSuccessful:b errorText:s",
    "VerifyMessageApi": "apiData:s",
    "VerifyMessageRequest": "apiData:s",
    "VerifyRequest": "apiName:s apiVersion:s",
}
