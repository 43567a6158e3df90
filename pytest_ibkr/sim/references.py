"""Reference data: contract details.

Source: gateway-behaviour.md 2.2 and appendix A. Imports the engine for types only.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pytest_ibkr.sim import reference_facts
from pytest_ibkr.sim.bond_details import bond_row
from pytest_ibkr.sim.calendar import EXCHANGE_ZONE
from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.market_rules import rule_of
from pytest_ibkr.sim.refusal import Refusal, invalid, unknown_contract
from pytest_ibkr.sim.ticks import SHARE_SIZES
from pytest_ibkr.sim.times import zone_named
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.bonds import BondData
from pytest_ibkr.wire.messages.contract import (
    CancelContractData,
    ContractData,
    ContractDataEnd,
    ReqContractDetails,
    TagValue,
)
from pytest_ibkr.wire.versions import LAST_TRADE_DATE

if TYPE_CHECKING:
    from pytest_ibkr.sim.client import Client
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.schedule import Timer

_NOTHING_GIVEN: Final = "The symbol or the local-symbol or the security id must be entered"
_NOT_OF_COMBOS: Final = (
    "'BAG' isn't supported for contract data request. Please enter a valid security type"
)
_ROWS_A_STEP: Final = 200  # long lists come throttled
_STEP_S: Final = 0.25
_LOT: Final = 100


class ReferenceDesk:
    """Answers what a contract is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.named_rules: set[int] = set()  # market rules that details have named so far
        self._owed: dict[tuple[int, int], list[Timer]] = {}  # by connection and request

    def handlers(self) -> dict[type[Message], Callable[[Client, Any], None]]:
        """Request classes and what deals with them."""
        return {ReqContractDetails: self._details, CancelContractData: self._cancel}

    def client_gone(self, client: Client) -> None:
        """Forget what a client is owed."""
        for key in [key for key in self._owed if key[0] == client.connection]:
            self._forget(key)

    def _cancel(self, client: Client, request: CancelContractData) -> None:
        # Silent, whether there is something to cancel or not.
        self._forget((client.connection, request.request_id))

    def _forget(self, key: tuple[int, int]) -> None:
        for timer in self._owed.pop(key, ()):
            timer.cancel()

    def _refuse_later(self, client: Client, request_id: int, refusal: Refusal) -> None:
        self._owe(
            *(client, request_id),
            delay_s=self._engine.conditions.latency.details_s,
            action=lambda: client.refuse(request_id, refusal),
            last=True,
        )

    def _owe(
        self,
        client: Client,
        request_id: int,
        *,
        delay_s: float,
        action: Callable[[], None],
        last: bool,
    ) -> None:
        key = (client.connection, request_id)

        def answer() -> None:
            if last:
                self._owed.pop(key, None)
            action()

        self._owed.setdefault(key, []).append(self._engine.owe(client, delay_s, answer))

    def _details(self, client: Client, request: ReqContractDetails) -> None:
        found = self._matching(request)
        if not found:
            self._refuse_later(client, request.request_id, unknown_contract())
            return
        delay_s = self._engine.conditions.latency.details_s
        for first in range(0, len(found), _ROWS_A_STEP):
            part = found[first : first + _ROWS_A_STEP]
            last = first + _ROWS_A_STEP >= len(found)
            self._owe_details(client, request, part, delay_s=delay_s, last=last)
            delay_s += _STEP_S

    def _owe_details(
        self,
        client: Client,
        request: ReqContractDetails,
        part: list[Instrument],
        *,
        delay_s: float,
        last: bool,
    ) -> None:
        def answer() -> None:
            for each in part:
                self.named_rules.add(rule_of(each))
                client.send(*self._rows(each, request, version=client.version))
            if last:
                client.send(ContractDataEnd(request_id=request.request_id))

        self._owe(client, request.request_id, delay_s=delay_s, action=answer, last=last)

    def _matching(self, request: ReqContractDetails) -> list[Instrument]:
        contract, book = request.contract, self._engine.world.book
        if request.sec_id_type == "ISIN":
            symbols = self._engine.world.snapshot.symbols.values()
            known = [block.symbol for block in symbols if block.isin == request.sec_id]
            return [each for each in book.underlyings if each.prices in known]
        if request.sec_id_type == "CUSIP" or request.issuer_id:
            return self._bonds(request)
        if contract.sec_type == "BAG":
            raise invalid(_NOT_OF_COMBOS)
        if not (contract.con_id or contract.symbol or contract.local_symbol):
            raise invalid(_NOTHING_GIVEN)
        return book.find(contract, include_expired=request.include_expired)

    def _bonds(self, request: ReqContractDetails) -> list[Instrument]:
        world = self._engine.world
        bonds = [each for each in world.listed if each.bond is not None]
        found = [
            world.book.by_id(each.id)
            for each in bonds
            if each.bond is not None
            and request.sec_id in ("", each.bond.cusip)
            and request.issuer_id in ("", each.bond.issuer_id)
        ]
        return [each for each in found if each is not None]

    def _rows(
        self, found: Instrument, request: ReqContractDetails, *, version: int
    ) -> list[Message]:
        """One row; of a stock asked for without an exchange one for every exchange it has."""
        contract = request.contract
        if found.sec_type == "BOND":
            return [self._bond_row(found, request)]
        exchanges = [contract.exchange or found.exchange]
        if (
            found.sec_type == "STK"
            and contract.symbol
            and not (contract.exchange or contract.con_id)
        ):
            exchanges = found.valid_exchanges.split(",")
        return [self._row(found, request, exchange=each, version=version) for each in exchanges]

    def _bond_row(self, found: Instrument, request: ReqContractDetails) -> BondData:
        [bond] = [each.bond for each in self._engine.world.listed if each.id == found.con_id]
        assert bond is not None  # noqa: S101  # only bonds are listed as BOND
        return bond_row(
            found,
            bond,
            request_id=request.request_id,
            exchange=request.contract.exchange or found.exchange,
            hours=self._hours(found),
        )

    def _row(
        self, found: Instrument, request: ReqContractDetails, *, exchange: str, version: int
    ) -> ContractData:
        smallest, step, suggested = reference_facts.size_rules(found)
        sector, category, subcategory = reference_facts.industry(found)
        in_lots = found.sec_type == "STK" and version < SHARE_SIZES
        return ContractData(
            request_id=request.request_id,
            symbol=found.symbol,
            sec_type=_shown_type(found, request),
            expiry=self._expiry(found, version=version),
            last_trade_date=found.expiry,
            strike=found.strike,
            right=found.right,
            exchange=exchange,
            currency=found.currency,
            local_symbol=found.local_symbol,
            market_name=found.trading_class,
            trading_class=found.trading_class,
            con_id=found.con_id,
            min_tick=found.min_tick,
            size_multiplier=_LOT if in_lots else 1,
            multiplier=str(found.multiplier or ""),
            order_types=reference_facts.order_types(found),
            valid_exchanges=found.valid_exchanges,
            under_con_id=found.under_con_id,
            long_name=found.long_name,
            primary_exchange=found.primary_exchange,
            contract_month=found.contract_month or found.expiry[:6],
            industry=sector,
            category=category,
            subcategory=subcategory,
            time_zone=found.time_zone,
            sec_ids=self._sec_ids(found),
            **self._hours(found),
            **self._underlying(found),
            market_rule_ids=reference_facts.market_rules(found),
            real_expiration=found.real_expiry or found.expiry,
            stock_type=found.stock_type,
            size_min_tick=smallest,
            min_size=smallest,
            size_increment=step,
            suggested_size_increment=suggested,
        )

    def _expiry(self, found: Instrument, *, version: int) -> str:
        """Its last day: futures with hour and zone, options with them from version 182 on."""
        if found.expiry_time:
            return f"{found.expiry} {found.expiry_time}"
        session = self._engine.world.calendar.on(found.expiry)
        if found.sec_type != "OPT" or session is None or version < LAST_TRADE_DATE:
            return found.expiry
        closes = datetime.fromtimestamp(session.close_s, zone_named(found.time_zone))
        return f"{closes:%Y%m%d %H:%M:%S} {found.time_zone}"

    def _hours(self, found: Instrument) -> dict[str, Any]:
        """Stocks and indexes have an extended session; what is made up follows the regular one."""
        calendar, now_s = self._engine.world.calendar, self._engine.now_s
        zone = zone_named(found.time_zone) if found.synthetic else EXCHANGE_ZONE
        regular = found.sec_type == "OPT" or found.synthetic
        return {
            "trading_hours": calendar.trading_hours_text(now_s, liquid=regular, zone=zone),
            "liquid_hours": calendar.trading_hours_text(now_s, liquid=True, zone=zone),
        }

    def _underlying(self, found: Instrument) -> dict[str, Any]:
        if not found.under_con_id:
            return {"agg_group": 1}
        under = self._engine.world.book.underlying(found)
        return {"agg_group": 2, "under_symbol": under.symbol, "under_sec_type": under.sec_type}

    def _sec_ids(self, found: Instrument) -> tuple[TagValue, ...]:
        isin = self._engine.world.book.chains[found.prices].block.isin
        if found.sec_type == "OPT" or not isin:
            return ()
        return (TagValue(tag="ISIN", value=isin),)


def _shown_type(found: Instrument, request: ReqContractDetails) -> str:
    """A continuous future is shown as what was asked for, with everything else the future's."""
    asked = request.contract.sec_type
    return asked if asked == "CONTFUT" else found.sec_type
