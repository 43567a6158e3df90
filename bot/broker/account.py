"""Account questions: server time, summary, positions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.broker.api_client import ApiClient
from bot.broker.convert import from_ib_contract
from bot.broker.requests import LAST_ID, PendingRequest
from bot.broker.session import Session
from bot.domain.account import AccountBalance, AccountInfo, Position
from bot.domain.numbers import to_decimal

CURRENT_TIME, POSITIONS, SUMMARY = "server time", "positions", "account summary"
# Gateways serve two summaries per client and may not free one on cancel, but the same id
# again replaces the old one: so there is one id for all of them.
SUMMARY_ID = LAST_ID - 1
Send = Callable[[ApiClient], object]
_TAGS = "AccountType,AvailableFunds,BuyingPower,NetLiquidation,TotalCashValue"


class AccountService:
    """Reads the account; every answer is complete or an exception."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def server_time(self, timeout_s: float) -> datetime:
        """reqCurrentTime, aware UTC."""
        requests = self._session.requests
        pending = requests.open_single(CURRENT_TIME, "server time", timeout_s=timeout_s)
        try:
            self._session.send(lambda client: client.reqCurrentTime())
        except BaseException:
            requests.forget(pending)
            raise
        epoch_s = requests.wait(pending, timeout_s)[-1]
        return datetime.fromtimestamp(int(epoch_s), UTC)

    def info(self, timeout_s: float) -> AccountInfo:
        """Which account this is."""
        rows = self._summary(timeout_s)
        account = self._session.accounts[0]
        return AccountInfo(
            account_id=account,
            account_type=rows.get((account, "AccountType"), ("", ""))[0],
            accounts=self._session.accounts,
            server_version=self._session.server_version,
            next_order_id=self._session.order_ids.upcoming,
        )

    def balance(self, timeout_s: float, *, account: str = "") -> AccountBalance:
        """Balances in the account's base currency."""
        rows = self._summary(timeout_s)
        account = account or self._session.accounts[0]

        def money(tag: str) -> Decimal | None:
            return to_decimal(rows.get((account, tag), ("", ""))[0] or None)

        return AccountBalance(
            total_cash_value=money("TotalCashValue"),
            buying_power=money("BuyingPower"),
            net_liquidation=money("NetLiquidation"),
            available_funds=money("AvailableFunds"),
            currency=rows.get((account, "NetLiquidation"), ("", ""))[1],
        )

    def positions(self, timeout_s: float) -> list[Position]:
        """Positions of all accounts; rows of closed positions are left out."""
        requests = self._session.requests
        pending = requests.open_single(POSITIONS, "positions", timeout_s=timeout_s)
        rows = self._subscribed(
            pending,
            timeout_s,
            ask=lambda client: client.reqPositions(),
            cancel=lambda client: client.cancelPositions(),
        )
        latest = {(row.account, row.contract.con_id): row for row in rows}
        return [position for position in latest.values() if position.quantity]

    def _summary(self, timeout_s: float) -> dict[tuple[str, str], tuple[str, str]]:
        requests = self._session.requests
        pending = requests.open_single(
            SUMMARY, "account summary", timeout_s=timeout_s, request_id=SUMMARY_ID
        )
        rows = self._subscribed(
            pending,
            timeout_s,
            ask=lambda client: client.reqAccountSummary(SUMMARY_ID, "All", _TAGS),
            cancel=lambda client: client.cancelAccountSummary(SUMMARY_ID),
        )
        return {(account, tag): (value, currency) for account, tag, value, currency in rows}

    def _subscribed(
        self, pending: PendingRequest, timeout_s: float, *, ask: Send, cancel: Send
    ) -> list[Any]:
        """The first whole answer of a subscription, which is cancelled before the next asks."""
        requests = self._session.requests
        try:
            self._session.send(ask)
            try:
                return requests.wait(pending, timeout_s, keep=True)
            finally:
                if self._session.is_ready:
                    self._session.send(cancel)
        finally:
            requests.forget(pending)


def position_row(account: str, contract: Any, quantity: Any, average_cost: Any) -> Position:
    """A position message; options and futures come without exchange and get SMART."""
    return Position(
        contract=from_ib_contract(contract, default_exchange="SMART"),
        quantity=to_decimal(quantity) or Decimal(0),
        avg_cost=to_decimal(average_cost) or Decimal(0),
        account=account,
    )
