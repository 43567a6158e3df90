"""Message 18: what a gateway says of a bond; a pure function."""

from __future__ import annotations

from typing import Any

from pytest_ibkr.sim.instruments import Instrument
from pytest_ibkr.sim.listing import Bond
from pytest_ibkr.sim.market_rules import rule_of
from pytest_ibkr.wire.messages.bonds import BondData
from pytest_ibkr.wire.messages.contract import TagValue


def bond_row(
    found: Instrument, bond: Bond, *, request_id: int, exchange: str, hours: dict[str, Any]
) -> BondData:
    """One row. ``hours`` has ``trading_hours`` and ``liquid_hours`` as contract details print."""
    rule = str(rule_of(found))
    return BondData(
        request_id=request_id,
        symbol=found.symbol,
        sec_type=found.sec_type,
        cusip=bond.cusip,
        coupon=bond.coupon,
        maturity=bond.maturity,
        issue_date=bond.issue_date,
        ratings=bond.ratings,
        bond_type=bond.bond_type,
        coupon_type="FIXED",
        description=found.long_name,
        exchange=exchange,
        currency=found.currency,
        market_name=found.trading_class,
        trading_class=found.trading_class,
        con_id=found.con_id,
        min_tick=found.min_tick,
        order_types="",
        valid_exchanges=found.valid_exchanges,
        long_name=found.long_name,
        time_zone=found.time_zone,
        **hours,
        sec_ids=(TagValue(tag="CUSIP", value=bond.cusip),),
        market_rule_ids=",".join([rule] * len(found.valid_exchanges.split(","))),
    )
