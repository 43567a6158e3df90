"""Contract questions and their caches, keyed by the whole contract, never by the symbol."""

from __future__ import annotations

import threading
from datetime import date

from bot.broker.asking import ask_single
from bot.broker.convert import EXCHANGE_ZONE, to_ib_contract
from bot.broker.errors import AmbiguousContractError, ContractNotFoundError
from bot.broker.session import Session
from bot.domain.contracts import Contract, ContractDetails, OptionParameters, PriceIncrement

Key = tuple[object, ...]


class ContractService:
    """Contract details, option parameters, price grids. Cached for the exchange's day."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._details: dict[Key, tuple[date, tuple[ContractDetails, ...]]] = {}
        self._missing: dict[Key, tuple[date, ContractNotFoundError]] = {}
        self._parameters: dict[Key, tuple[date, tuple[OptionParameters, ...]]] = {}
        self._rules: dict[int, tuple[PriceIncrement, ...]] = {}

    def details(self, contract: Contract, timeout_s: float) -> tuple[ContractDetails, ...]:
        """All matches; the answer, also "none", is remembered until the next day."""
        today = self._today()
        with self._lock:
            known = self._details.get(contract.key)
            missing = self._missing.get(contract.key)
        if known is not None and known[0] == today:
            return known[1]
        if missing is not None and missing[0] == today:
            raise missing[1].with_traceback(None)
        about = f"contract details of {contract.label}"
        pending = self._session.requests.open("contract details", about)
        try:
            ib = to_ib_contract(contract)
            self._session.send(lambda client: client.reqContractDetails(pending.id, ib))
            rows = tuple(self._session.requests.wait(pending, timeout_s))
        except ContractNotFoundError as error:
            # While the servers are out of reach valid contracts are "not found", too.
            if not self._session.connectivity_lost:
                with self._lock:
                    self._missing[contract.key] = (today, error)
            raise
        finally:
            self._session.requests.forget(pending)
        if not rows:
            raise ContractNotFoundError(f"{about}: contract not found (an empty answer)")
        with self._lock:
            self._details[contract.key] = (today, rows)
        return rows

    def qualify(self, contract: Contract, timeout_s: float) -> Contract:
        """The only match. One contract listed on many exchanges is one match."""
        rows = [row.contract for row in self.details(contract, timeout_s)]
        rows.sort(key=lambda row: row.exchange == contract.exchange)  # the last of an id counts
        by_id = {row.con_id: row for row in rows}
        if len(by_id) > 1:
            some = ", ".join(
                f"{match.local_symbol or match.label} ({match.con_id})"
                for match in list(by_id.values())[:5]
            )
            raise AmbiguousContractError(
                f"{contract.label} is ambiguous: {len(by_id)} contracts match ({some} …)\n"
                "  fix: name the exchange, trading class, multiplier, expiry, strike or con_id"
            )
        [match] = by_id.values()
        return match

    def option_parameters(
        self, underlying: Contract, timeout_s: float
    ) -> tuple[OptionParameters, ...]:
        """Every exchange and class; the underlying is qualified first."""
        qualified = underlying if underlying.con_id else self.qualify(underlying, timeout_s)
        today = self._today()
        with self._lock:
            known = self._parameters.get(qualified.key)
        if known is not None and known[0] == today:
            return known[1]
        about = f"option parameters of {qualified.label}"
        pending = self._session.requests.open("option parameters", about)
        try:
            # A futFopExchange such as SMART makes gateways answer with nothing at all.
            self._session.send(
                lambda client: client.reqSecDefOptParams(
                    pending.id, qualified.symbol, "", qualified.sec_type, qualified.con_id
                )
            )
            rows = tuple(self._session.requests.wait(pending, timeout_s))
        finally:
            self._session.requests.forget(pending)
        if not rows:
            raise ContractNotFoundError(f"{about}: no options found")
        with self._lock:
            self._parameters[qualified.key] = (today, rows)
        return rows

    def option_chain(
        self, underlying: Contract, timeout_s: float, *, exchange: str, trading_class: str
    ) -> OptionParameters:
        """The row of one exchange and trading class."""
        rows = self.option_parameters(underlying, timeout_s)
        for row in rows:
            if row.exchange == exchange and row.trading_class == trading_class:
                return row
        offered = ", ".join(sorted({f"{row.exchange}/{row.trading_class}" for row in rows}))
        raise ContractNotFoundError(
            f"{underlying.label} has no options as {exchange}/{trading_class}: not found among"
            f" {offered}"
        )

    def market_rule(self, rule_id: int, timeout_s: float) -> tuple[PriceIncrement, ...]:
        """A price grid; the answer names the rule, not the request."""
        with self._lock:
            known = self._rules.get(rule_id)
        if known is not None:
            return known
        kind = rule_kind(rule_id)
        ask = lambda client: client.reqMarketRule(rule_id)  # noqa: E731
        rows = tuple(ask_single(self._session, kind, ask, timeout_s=timeout_s))
        with self._lock:
            self._rules[rule_id] = rows
        return rows

    def _today(self) -> date:
        return self._session.clock.now().astimezone(EXCHANGE_ZONE).date()


def rule_kind(rule_id: int) -> str:
    """The kind under which a market rule is pending."""
    return f"market rule {rule_id}"
