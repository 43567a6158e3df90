"""Requests under the names people know from the official client."""

from __future__ import annotations

from pytest_ibkr.errors import UsageError
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages import account, contract, history, market_data, order, session

REQUEST_NAMES: dict[str, type[Message]] = {
    "startApi": session.StartApi,
    "reqManagedAccts": session.ReqManagedAccounts,
    "reqIds": session.ReqIds,
    "reqCurrentTime": session.ReqCurrentTime,
    "setServerLogLevel": session.SetServerLogLevel,
    "reqAccountUpdates": account.ReqAccountUpdates,
    "reqPositions": account.ReqPositions,
    "cancelPositions": account.CancelPositions,
    "reqAccountSummary": account.ReqAccountSummary,
    "cancelAccountSummary": account.CancelAccountSummary,
    "reqAccountUpdatesMulti": account.ReqAccountUpdatesMulti,
    "cancelAccountUpdatesMulti": account.CancelAccountUpdatesMulti,
    "reqContractDetails": contract.ReqContractDetails,
    "reqSecDefOptParams": contract.ReqOptionParameters,
    "reqMarketRule": contract.ReqMarketRule,
    "reqMktData": market_data.ReqMarketData,
    "cancelMktData": market_data.CancelMarketData,
    "reqMarketDataType": market_data.ReqMarketDataType,
    "reqHistoricalData": history.ReqHistoricalData,
    "cancelHistoricalData": history.CancelHistoricalData,
    "placeOrder": order.PlaceOrder,
    "cancelOrder": order.CancelOrder,
    "reqOpenOrders": order.ReqOpenOrders,
    "reqAutoOpenOrders": order.ReqAutoOpenOrders,
    "reqAllOpenOrders": order.ReqAllOpenOrders,
    "reqCompletedOrders": order.ReqCompletedOrders,
    "reqGlobalCancel": order.ReqGlobalCancel,
    "reqExecutions": order.ReqExecutions,
}


def request_type(name: str) -> type[Message]:
    """Return the message class of an official request name.

    Raises:
        UsageError: nobody knows that name; the known ones are listed.
    """
    try:
        return REQUEST_NAMES[name]
    except KeyError:
        known = ", ".join(REQUEST_NAMES)
        raise UsageError(f"no request is called {name!r}; known: {known}") from None
