"""Ticks 32, 33 and 84: which exchanges show the best prices."""

from __future__ import annotations

import pytest

from pytest_ibkr.sim.exchange_facts import LETTERS_OF
from pytest_ibkr.sim.scripted_market import Change
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.exchanges import ReqSmartComponents, SmartComponents
from pytest_ibkr.wire.messages.market_data import ReqMarketDataType, TickReqParams, TickString
from pytest_ibkr.wire.versions import NEWEST, OLDEST
from tests.sim.added_bench import ES, EURO, SPX, added_peer
from tests.sim.data_bench import SPY, TEN, VIX, normal_world, only, option, peer

EXCHANGE_TICKS = {32, 33, 84}
CALL = option().contract()


def _letters(found):
    return [(m.tick, m.value) for m in only(found, TickString) if m.tick in EXCHANGE_TICKS]


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("contract", [SPY, CALL], ids=["stock", "option"])
def test_a_live_stream_names_exchanges_of_its_map_after_the_first_quote(contract, version):
    client = peer(version=version)
    found = client.send(client.market_data(contract=contract))
    [parameters] = only(found, TickReqParams)
    asked = ReqSmartComponents(request_id=8, bbo_exchange=parameters.bbo_exchange)
    [exchanges] = only(client.send(asked), SmartComponents)
    known = {each.letter for each in exchanges.components}
    assert known == set(LETTERS_OF[parameters.bbo_exchange].values())
    letters = _letters(found)
    assert [tick for tick, _ in letters][:3] == [32, 33, 84]
    for tick, value in letters:
        assert set(value) <= known
        assert list(value) == sorted(set(value))
        assert len(value) == 1 or tick != 84


def test_they_come_again_only_when_they_differ_and_the_same_for_the_same_price():
    client, spy = peer(TEN), normal_world().book.by_symbol("SPY")
    shown = dict(_letters(client.send(client.market_data())))
    seen = {}
    for bid in (700.0, 700.01, 720.0, 700.0):
        change = Change({"bid": bid, "ask": bid + 0.5})
        client.engine.market.write(spy, change, at_s=client.engine.now_s)
        client.engine.market_changed("SPY")
        for tick, value in _letters(client.wait(0.0)):
            if tick != 84:
                assert shown[tick] != value
                shown[tick] = value
        seen.setdefault(bid, []).append((shown[32], shown[33]))
    assert seen[700.0][0] == seen[700.0][1] == seen[700.01][0]
    assert seen[720.0][0] != seen[700.0][0]
    other = peer(TEN)
    assert _letters(other.send(other.market_data())) == _letters(client.seen)[:3]


@pytest.mark.parametrize(
    ("name", "contract"), [("ES", ES), ("EUR.USD", EURO), ("SPX", SPX), ("SPX", VIX)]
)
def test_what_trades_in_one_place_has_none(name, contract):
    client = added_peer(name)
    assert _letters(client.send(client.market_data(contract=contract), wait_s=5)) == []


def test_snapshots_and_delayed_data_have_none():
    client = peer()
    client.send(client.market_data(snapshot=True), wait_s=12)
    client.engine.conditions.entitlement = "delayed"
    client.send(ReqMarketDataType(data_type=3))
    client.send(client.market_data(8), wait_s=5)
    assert _letters(client.seen) == []


def test_without_the_top_of_the_book_there_are_none():
    client = peer()
    asked = client.market_data(generic_ticks="mdoff,233")
    assert _letters(client.send(asked, wait_s=5)) == []


def test_a_side_that_nobody_quotes_keeps_its_letters():
    client, spy = peer(), normal_world().book.by_symbol("SPY")
    client.send(client.market_data())
    gone = Change(gone=frozenset({"bid"}))
    client.engine.market.write(spy, gone, at_s=client.engine.now_s)
    client.engine.market_changed("SPY")
    assert 32 not in dict(_letters(client.wait(2.0)))


def test_asked_by_its_id_an_option_has_them_too():
    client = peer()
    asked = Contract(con_id=CALL.con_id, exchange="SMART")
    assert {32, 33} <= dict(_letters(client.send(client.market_data(contract=asked)))).keys()
