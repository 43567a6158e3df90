"""The option calculators: values, sentinels, refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.calculations import (
    CancelImpliedVolatility,
    CancelOptionPrice,
    ReqImpliedVolatility,
    ReqOptionPrice,
)
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.market_data import TickOptionComputation
from tests.sim.data_bench import CAPTURED, SPY, errors, normal_world, only, option, peer

CALL = option()
FIELDS = (
    "When the local symbol field is empty, please fill all option fields (right, strike, expiry)"
)
CALL_30_DAYS = option(755.0, expiry="20260807")


def priced(vol: float, spot: float, *, contract: Contract | None = None) -> TickOptionComputation:
    """The answer to calculateOptionPrice."""
    asked = contract or CALL_30_DAYS.contract()
    request = ReqOptionPrice(request_id=5, contract=asked, volatility=vol, under_price=spot)
    [answer] = only(peer().send(request), TickOptionComputation)
    return answer


def solved(price: float, spot: float) -> TickOptionComputation:
    """The answer to calculateImpliedVolatility."""
    request = ReqImpliedVolatility(
        request_id=6, contract=CALL_30_DAYS.contract(), option_price=price, under_price=spot
    )
    [answer] = only(peer().send(request), TickOptionComputation)
    return answer


def test_a_price_comes_with_greeks_and_echoes_what_was_asked() -> None:
    answer = priced(0.3, 750.0)
    assert (answer.request_id, answer.tick, answer.attribute) == (5, 53, 0)
    assert (answer.implied_vol, answer.under_price, answer.pv_dividend) == (0.3, 750.0, -1.0)
    assert 0 < answer.option_price < 100
    assert 0 < answer.delta < 1
    assert 0 < answer.gamma < 1
    assert answer.vega > 0 > answer.theta


def test_the_volatility_is_the_one_that_prices_the_option() -> None:
    answer = solved(priced(0.3, 750.0).option_price, 750.0)
    assert (answer.request_id, answer.tick) == (6, 53)
    assert answer.implied_vol == pytest.approx(0.3, abs=1e-6)
    assert (answer.delta, answer.gamma, answer.vega, answer.theta) == (-2.0,) * 4
    assert (answer.pv_dividend, answer.under_price) == (-1.0, 750.0)


def test_delta_is_the_slope_of_the_price() -> None:
    middle, below, above = (priced(0.3, spot) for spot in (750.0, 749.9, 750.1))
    assert (above.option_price - below.option_price) / 0.2 == pytest.approx(middle.delta, abs=1e-4)
    assert (above.delta - below.delta) / 0.2 == pytest.approx(middle.gamma, rel=1e-3)


def test_at_the_captured_instant_the_captured_mid_has_the_models_volatility() -> None:
    world = normal_world()
    client = peer(CAPTURED - 0.5)
    row = world.book.row(CALL_30_DAYS)
    spot = world.snapshot.symbols["SPY"].price
    assert row.bid is not None
    assert row.ask is not None
    assert spot is not None
    request = ReqImpliedVolatility(
        request_id=6,
        contract=CALL_30_DAYS.contract(),
        option_price=(row.bid + row.ask) / 2,
        under_price=spot,
    )
    [answer] = only(client.send(request, wait_s=0.4), TickOptionComputation)
    shown = client.engine.market.computation(CALL_30_DAYS, CAPTURED - 0.6, "model")
    assert shown is not None
    assert answer.implied_vol == pytest.approx(shown.implied_vol, rel=1e-3)


@pytest.mark.parametrize(
    ("price", "spot"),
    [(0.0, 750.0), (1e6, 750.0), (5.0, 900.0), (5.0, 0.0), (-1.0, 750.0), (5.0, 1e300)],
)
def test_a_price_without_a_volatility_gives_the_sentinel(price: float, spot: float) -> None:
    answer = solved(price, spot)
    assert (answer.implied_vol, answer.option_price, answer.under_price) == (-1.0, price, spot)


@pytest.mark.parametrize(
    ("vol", "spot"), [(0.0, 750.0), (-0.3, 750.0), (1e300, 750.0), (0.3, 0.0), (0.3, 1e-300)]
)
def test_what_cannot_be_priced_gives_sentinels(vol: float, spot: float) -> None:
    answer = priced(vol, spot)
    assert (answer.option_price, answer.delta, answer.theta) == (-1.0, -2.0, -2.0)


def test_an_expired_option_is_worth_what_it_ends_at_and_has_no_greeks() -> None:
    request = ReqOptionPrice(
        request_id=5, contract=CALL.contract(), volatility=0.3, under_price=760.0
    )
    client = peer(CAPTURED + 5 * 86400)
    [answer] = only(client.send(request), TickOptionComputation)
    assert answer.option_price == pytest.approx(7.0, abs=0.5)
    assert (answer.delta, answer.gamma, answer.vega, answer.theta) == (-2.0,) * 4


def test_an_option_can_be_named_by_its_id_its_local_symbol_or_its_terms() -> None:
    by_id = Contract(con_id=CALL_30_DAYS.con_id, exchange="SMART")
    local = Contract(local_symbol=CALL_30_DAYS.local_symbol, sec_type="OPT", exchange="SMART")
    terms = replace(CALL_30_DAYS.contract(), con_id=0, local_symbol="")
    values = {priced(0.3, 750.0, contract=each).option_price for each in (by_id, local, terms)}
    assert len(values) == 1


@pytest.mark.parametrize(
    ("contract", "cause"),
    [
        (SPY, "Calculation of Option Price supported for option securities only"),
        (
            replace(CALL.contract(), con_id=0, local_symbol="", strike=0.0),
            FIELDS,
        ),
        (replace(CALL.contract(), exchange=""), "Please enter exchange"),
    ],
    ids=["a stock", "no strike", "no exchange"],
)
def test_what_is_no_whole_option_is_refused(contract: Contract, cause: str) -> None:
    for request in (
        ReqOptionPrice(request_id=5, contract=contract, volatility=0.3, under_price=750.0),
        ReqImpliedVolatility(request_id=5, contract=contract, option_price=9.0, under_price=750.0),
    ):
        [(number, code, text)] = errors(peer().send(request))
        assert (number, code) == (5, 321)
        assert text.endswith(f"cause - {cause}")


@pytest.mark.parametrize(
    "cancel", [CancelImpliedVolatility(request_id=5), CancelOptionPrice(request_id=5)]
)
def test_a_cancel_is_silent(cancel: Message) -> None:
    assert peer().send(cancel) == []
