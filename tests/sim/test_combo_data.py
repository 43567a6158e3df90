"""Market data of a combination: natural prices of its legs' quotes, as they move."""

from __future__ import annotations

import pytest

from pytest_ibkr.sim.positions import exact
from pytest_ibkr.wire.messages.contract import Contract, ContractDataEnd, ReqContractDetails
from pytest_ibkr.wire.messages.market_data import (
    MarketDataType,
    RatioLeg,
    TickPrice,
    TickSnapshotEnd,
)
from tests.sim.data_bench import Peer, errors, only, option, peer

pytestmark = pytest.mark.req("XC-001")
BAG = Contract(symbol="SPY", sec_type="BAG", exchange="SMART", currency="USD")
LOW, HIGH = option(753.0), option(758.0)
BID, ASK, CLOSE = 1, 2, 9


def legs(sign: int = 1) -> tuple[RatioLeg, RatioLeg]:
    sides = ("BUY", "SELL") if sign > 0 else ("SELL", "BUY")
    low, high = (
        RatioLeg(con_id=each.con_id, ratio=1, action=side, exchange="SMART")
        for each, side in zip((LOW, HIGH), sides, strict=True)
    )
    return low, high


def natural(desk: Peer) -> tuple[float, float]:
    engine = desk.engine
    low, high = (engine.market.quote(each, engine.now_s) for each in (LOW, HIGH))
    assert None not in (low.bid, low.ask, high.bid, high.ask)
    return (
        float(exact(low.bid or 0) - exact(high.ask or 0)),
        float(exact(low.ask or 0) - exact(high.bid or 0)),
    )


def last(seen: list[TickPrice], tick: int) -> float:
    return [each.price for each in seen if each.tick == tick][-1]


@pytest.mark.parametrize("version", [157, 178, 200])
def test_a_stream_follows_the_natural_prices(version: int) -> None:
    desk = peer(version=version)
    seen = desk.send(desk.market_data(contract=BAG, legs=legs()))
    for _ in range(3):
        ticks = only(desk.seen, TickPrice)
        assert (last(ticks, BID), last(ticks, ASK)) == natural(desk)
        seen += desk.wait(5)
    assert len(only(seen, TickPrice)) > 4
    assert only(seen, MarketDataType)


def test_a_credit_is_quoted_below_zero() -> None:
    desk = peer()
    ticks = only(desk.send(desk.market_data(contract=BAG, legs=legs(-1))), TickPrice)
    bid, ask = natural(desk)
    assert (last(ticks, BID), last(ticks, ASK)) == (-ask, -bid)
    assert last(ticks, ASK) < 0


def test_a_snapshot_never_has_a_last_price_and_ends_after_eleven_seconds() -> None:
    desk = peer()
    desk.send(desk.market_data(contract=BAG, legs=legs(), snapshot=True), wait_s=10)
    assert not only(desk.seen, TickSnapshotEnd)
    desk.wait(2)
    assert only(desk.seen, TickSnapshotEnd)
    assert {each.tick for each in only(desk.seen, TickPrice)} == {BID, ASK, CLOSE}


def test_without_legs_there_is_nothing_to_quote() -> None:
    desk = peer()
    [(number, code, text)] = errors(desk.send(desk.market_data(contract=BAG)))
    assert (number, code) == (7, 321)
    assert text.endswith("Security type 'BAG' requires combo leg details.")


def test_contract_details_are_not_for_combinations() -> None:
    desk = peer()
    seen = desk.send(ReqContractDetails(request_id=3, contract=BAG))
    [(_, code, text)] = errors(seen)
    assert code == 321
    assert "'BAG' isn't supported for contract data request." in text
    assert not only(seen, ContractDataEnd)
