"""Instruments beside the snapshot's: by name, of one's own, and what is refused."""

from __future__ import annotations

import pickle
from decimal import Decimal

import pytest

from pytest_ibkr.errors import UsageError
from pytest_ibkr.session.contracts import SessionContracts
from pytest_ibkr.sim.journal import Note
from pytest_ibkr.snapshot.con_ids import FIRST_MADE_UP
from pytest_ibkr.wire.messages.contract import Contract, ContractData, ReqContractDetails
from pytest_ibkr.wire.messages.market_data import ReqMarketData, TickPrice
from tests.net.raw_client import RawClient


@pytest.fixture
def contracts(ibkr, ibkr_gateway):
    return SessionContracts(ibkr_gateway.server, ibkr.engine)


def test_a_preset_is_listed_by_its_name(contracts):
    found = contracts.add("ES")
    assert [each.local_symbol for each in found[:2]] == ["ESU6", "ESZ6"]
    assert found[0].multiplier == 50
    assert found[0].min_tick == Decimal("0.25")
    assert {each.provenance for each in found} == {"synthetic"}
    assert found[-1].expired


def test_what_was_added_is_told_and_goes_with_the_session(ibkr, ibkr_gateway, contracts):
    assert contracts.added() == ()
    contracts.add("EUR.USD")
    [pair] = contracts.added()
    assert (pair.symbol, pair.currency, pair.source) == (
        "EUR",
        "USD",
        "a seeded walk to 1.17, 7% a year",
    )
    again = ibkr_gateway.new_session("another", wall_clock=False)
    assert SessionContracts(ibkr_gateway.server, again.engine).added() == ()


def test_the_journal_says_that_it_is_synthetic(ibkr, contracts):
    contracts.add("MES")
    notes = [e.message.text for e in ibkr.journal.entries() if isinstance(e.message, Note)]
    [text] = [text for text in notes if "synthetic" in text]
    assert text.startswith("listed MES, synthetic: ")
    assert "MESU6 SPY x 10 with a carry of 3.0% a year" in text


def test_adding_again_changes_nothing(ibkr, contracts):
    first = contracts.add("ES")
    world = ibkr.engine.world
    assert contracts.add("ES") == first
    assert ibkr.engine.world is world


def test_a_connected_client_finds_it_at_once(ibkr, contracts):
    asked = Contract(symbol="ES", sec_type="FUT", exchange="CME", expiry="202609")
    with RawClient(ibkr).start() as client:
        [es, *_] = contracts.add("ES")
        client.send(ReqContractDetails(request_id=3, contract=asked))
        assert client.wait_for(ContractData).con_id == es.con_id


def test_one_of_ones_own_stands_at_its_price(ibkr, contracts):
    [acme] = contracts.add("ACME", sec_type="STK", price=100, spread=Decimal("0.10"))
    assert acme.con_id < FIRST_MADE_UP
    asked = Contract(symbol="ACME", sec_type="STK", exchange="SMART", currency="USD")
    with RawClient(ibkr).start() as client:
        client.send(ReqMarketData(request_id=4, contract=asked, legs=()))
        bid = client.wait_for(TickPrice, lambda tick: tick.tick == 1)
        ask = client.wait_for(TickPrice, lambda tick: tick.tick == 2)
    assert (bid.price, ask.price) == (99.95, 100.05)


def test_one_of_ones_own_may_walk(ibkr, contracts):
    [odd] = contracts.add(
        "ODD", sec_type="STK", price=50, yearly_vol=0.4, day_volume=2_000_000, con_id=4711
    )
    engine = ibkr.engine
    found = engine.world.book.by_id(odd.con_id)
    quotes = [engine.world.market.quote(found, engine.now_s + each) for each in range(0, 9000, 900)]
    assert len({quote.bid for quote in quotes}) > 3
    assert all(40 < quote.bid < quote.ask < 60 for quote in quotes)
    volumes = [quote.volume for quote in quotes]
    assert volumes == sorted(volumes)
    assert 0 < volumes[-1] < 2_000_000


def test_every_kind_can_be_ones_own(contracts):
    [index] = contracts.add("IDX", sec_type="IND", price=1000, exchange="CBOE")
    [future] = contracts.add(
        *("WHT",),
        sec_type="FUT",
        price=Decimal("612.5"),
        exchange="CBOT",
        min_tick=Decimal("0.25"),
        multiplier=50,
        expiry="20261214",
    )
    [pair] = contracts.add("GBP", sec_type="CASH", price=Decimal("1.3"))
    assert [each.local_symbol for each in contracts.added()] == ["WHT 20261214", "IDX", "GBP.USD"]
    assert (index.exchange, future.multiplier, pair.exchange) == ("CBOE", 50, "IDEALPRO")


ACME = {"sec_type": "STK", "price": 100}
WHEAT = {"sec_type": "FUT", "price": 600, "exchange": "CBOT", "multiplier": 50}


@pytest.mark.parametrize(
    ("symbol", "change", "says"),
    [
        ("EURUSD", {}, "by the name 'EURUSD'; did you mean 'EUR.USD'?"),
        ("NOPE", {}, "by name there are ES, MES, SPX"),
        ("ACME", {"sec_type": "STK"}, "ACME of your own needs sec_type and price"),
        ("ACME", {"price": 3}, "needs sec_type and price"),
        ("ACME", ACME | {"sec_type": "OPT"}, "sec_type cannot be 'OPT': one of STK, IND"),
        ("acme", ACME, "symbol cannot be 'acme': capital letters"),
        ("", ACME, "symbol cannot be ''"),
        ("ACME", ACME | {"currency": "usd"}, "currency cannot be 'usd'"),
        ("ACME", ACME | {"currency": "EUR"}, "the account keeps USD only"),
        ("ACME", ACME | {"day_volume": -1}, "day_volume cannot be -1"),
        ("ACME", ACME | {"price": 0}, "price"),
        ("ACME", ACME | {"price": 1.5}, "price cannot be 1.5: a Decimal or a whole number"),
        ("ACME", ACME | {"price": Decimal("NaN")}, "price cannot be NaN"),
        ("ACME", ACME | {"price": Decimal("1.005")}, "prices move in steps of 0.01"),
        ("ACME", ACME | {"spread": Decimal("0.005")}, "spread cannot be 0.005"),
        ("ACME", ACME | {"spread": 100}, "below the price"),
        ("ACME", ACME | {"min_tick": Decimal(0)}, "min_tick"),
        ("ACME", ACME | {"yearly_vol": -1.0}, "yearly_vol cannot be -1.0"),
        ("ACME", ACME | {"yearly_vol": float("nan")}, "yearly_vol cannot be nan"),
        ("ACME", ACME | {"con_id": 0}, "con_id cannot be 0"),
        ("ACME", ACME | {"con_id": 756733}, "contract 756733 is SPY already"),
        ("ACME", ACME | {"expiry": "20261218"}, "what every future has and nothing else"),
        ("ACME", ACME | {"multiplier": 5}, "multiplier"),
        ("SPY", ACME, "STK SPY USD is there already, contract 756733"),
        ("IDX", {"sec_type": "IND", "price": 9}, "exchange is missing"),
        ("IDX", {"sec_type": "IND", "price": 9, "exchange": "X", "spread": 1}, "not quoted"),
        ("WHT", WHEAT, "expiry 'YYYYMMDD' is what every future has"),
        ("WHT", WHEAT | {"expiry": "20261345"}, "expiry cannot be '20261345'"),
        ("WHT", WHEAT | {"expiry": "20261218", "multiplier": 0}, "multiplier"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_added(ibkr, contracts, symbol, change, says):
    world = ibkr.engine.world
    with pytest.raises(UsageError) as caught:
        contracts.add(symbol, **change)
    assert says in str(caught.value)
    assert ibkr.engine.world is world
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_one_of_ones_own_is_listed_once(contracts):
    first = contracts.add("ACME", **ACME)
    assert contracts.add("ACME", **ACME) == first
    with pytest.raises(UsageError, match="is there already"):
        contracts.add("ACME", **ACME | {"price": 101})
