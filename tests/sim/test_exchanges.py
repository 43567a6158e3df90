"""Depth exchanges, and the exchanges behind the key of an exchange map."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.messages.depth import ReqMarketDepth
from pytest_ibkr.wire.messages.exchanges import (
    DepthExchanges,
    ReqDepthExchanges,
    ReqSmartComponents,
    SmartComponents,
)
from pytest_ibkr.wire.messages.market_data import TickReqParams
from tests.sim.data_bench import SPY, errors, only, option, peer


def test_every_depth_exchange_of_a_stock_has_a_book() -> None:
    client = peer()
    [answer] = only(client.send(ReqDepthExchanges()), DepthExchanges)
    stocks = [each for each in answer.exchanges if each.sec_type == "STK"]
    assert {each.service for each in stocks} == {"Deep", "Deep2"}
    for number, each in enumerate(stocks):
        contract = type(SPY)(symbol="SPY", sec_type="STK", exchange=each.exchange, currency="USD")
        other = peer()
        found = other.send(ReqMarketDepth(request_id=number, contract=contract, rows=3))
        assert not errors(found)
        assert {message.MSG_ID for message in found} == {13 if each.service == "Deep2" else 12}


@pytest.mark.parametrize(("contract", "some"), [(SPY, "NASDAQ"), (option().contract(), "CBOE")])
def test_the_key_of_tick_parameters_leads_to_exchanges_and_letters(contract, some) -> None:
    client = peer()
    [parameters] = only(client.send(client.market_data(contract=contract)), TickReqParams)
    asked = ReqSmartComponents(request_id=9, bbo_exchange=parameters.bbo_exchange)
    [answer] = only(client.send(asked), SmartComponents)
    letters = {each.exchange: each.letter for each in answer.components}
    assert answer.request_id == 9
    assert some in letters
    assert len(set(letters.values())) == len(letters)
    assert [each.bit for each in answer.components] == list(range(len(letters)))


@pytest.mark.parametrize("key", ["9c0001", "", "zz"])
def test_a_key_nobody_was_given_is_refused(key: str) -> None:
    asked = ReqSmartComponents(request_id=9, bbo_exchange=key)
    [(number, code, text)] = errors(peer().send(asked))
    assert (number, code) == (9, 321)
    assert text.endswith("cause - Invalid BBO exchange/security type code")


def test_a_map_that_does_not_come_is_an_error_without_a_code_after_two_seconds() -> None:
    client = peer()
    client.engine.conditions.smart_components = "late"
    client.send(client.market_data())
    asked = ReqSmartComponents(request_id=9, bbo_exchange="9c0001")
    assert not errors(client.send(asked, wait_s=1.9))
    assert errors(client.wait(0.2)) == [
        (
            *(9, 2147483647),
            "Unable to retrieve smart components for BBO exchange 9c and security type STK",
        )
    ]
