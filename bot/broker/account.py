"""Account questions: server time, summary, positions."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from bot.broker.asking import ask_single, ask_time
from bot.broker.convert import from_ib_contract
from bot.broker.requests import LAST_ID
from bot.broker.session import Session
from bot.domain.account import AccountBalance, AccountInfo, Position
from bot.domain.numbers import to_decimal

POSITIONS, SUMMARY = "positions", "account summary"
# Gateways serve two summaries per client and may not free one on cancel, but the same id
# again replaces the old one: so there is one id for all of them.
SUMMARY_ID = LAST_ID - 1
_TAGS = "AccountType,AvailableFunds,BuyingPower,NetLiquidation,TotalCashValue"


class AccountService:
    """Reads the account; every answer is complete or an exception."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def server_time(self, timeout_s: float) -> datetime:
        """reqCurrentTime, aware UTC."""
        return datetime.fromtimestamp(ask_time(self._session, timeout_s), UTC)

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
        rows = ask_single(
            self._session,
            POSITIONS,
            lambda client: client.reqPositions(),
            cancel=lambda client: client.cancelPositions(),
            timeout_s=timeout_s,
        )
        latest = {(row.account, row.contract.con_id): row for row in rows}
        return [position for position in latest.values() if position.quantity]

    def _summary(self, timeout_s: float) -> dict[tuple[str, str], tuple[str, str]]:
        rows = ask_single(
            self._session,
            SUMMARY,
            lambda client: client.reqAccountSummary(SUMMARY_ID, "All", _TAGS),
            cancel=lambda client: client.cancelAccountSummary(SUMMARY_ID),
            request_id=SUMMARY_ID,
            timeout_s=timeout_s,
        )
        return {(account, tag): (value, currency) for account, tag, value, currency in rows}


def position_row(account: str, contract: Any, quantity: Any, average_cost: Any) -> Position:
    """A position message; options and futures come without exchange and get SMART.

    Raises:
        ValueError: no quantity. An unknown cost is None.
    """
    known = to_decimal(quantity)
    if known is None:
        raise ValueError(f"a position in {contract.symbol} has no quantity ({quantity!r})")
    return Position(
        contract=from_ib_contract(contract, default_exchange="SMART"),
        quantity=known,
        avg_cost=to_decimal(average_cost),
        account=account,
    )
