"""The symbol search."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.messages.symbols import ReqMatchingSymbols, SymbolSamples
from tests.sim.added_bench import added_peer
from tests.sim.data_bench import errors, only, peer


def _search(client, pattern, *, wait_s=1.1):
    return client.send(ReqMatchingSymbols(request_id=4, pattern=pattern), wait_s=wait_s)


def _samples(client, pattern):
    [message] = only(_search(client, pattern), SymbolSamples)
    assert message.request_id == 4
    return message.samples


def test_a_symbol_is_found_with_what_is_written_on_it():
    [spy] = [each for each in _samples(peer(), "spy") if each.symbol == "SPY"]
    assert (spy.con_id, spy.sec_type, spy.currency) == (756733, "STK", "USD")
    assert spy.primary_exchange == "ARCA"
    assert [each.value for each in spy.derivatives] == ["OPT"]
    assert spy.description == "SPDR S&P 500 ETF TRUST"


def test_an_index_without_options_has_no_derivatives():
    [vix] = _samples(peer(), "VIX")
    assert vix.derivatives == ()


def test_words_of_the_name_are_found_after_symbols():
    client = added_peer("SPX")
    assert [each.symbol for each in _samples(client, "S&P")] == ["SPY", "SPX"]
    assert [each.symbol for each in _samples(client, "SP")][:2] == ["SPY", "SPX"]


def test_futures_are_found_by_their_index():
    [found] = [each for each in _samples(added_peer("ES"), "ES") if each.symbol == "ES"]
    assert (found.sec_type, found.primary_exchange) == ("IND", "CME")
    assert [each.value for each in found.derivatives] == ["FUT"]


def test_nothing_found_is_an_answer_of_no_rows():
    assert _samples(peer(), "QZQZ") == ()


def test_sixteen_rows_are_the_most():
    from pytest_ibkr.sim.engine import Engine
    from pytest_ibkr.sim.listing import Listing, Walks
    from tests.sim.data_bench import TEN, normal_world

    many = tuple(
        Listing(
            family=f"Z{n} STK USD",
            symbol=f"Z{n}",
            sec_type="STK",
            source=Walks(10.0),
            exchange="SMART",
            currency="USD",
            local_symbol=f"Z{n}",
            trading_class=f"Z{n}",
            long_name=f"ZETA {n}",
            min_tick=0.01,
            time_zone="US/Eastern",
            spread=0.01,
        )
        for n in range(20)
    )
    client = peer(engine=Engine(normal_world().extended(many), start_s=TEN))
    assert len(_samples(client, "ZETA")) == 16


@pytest.mark.parametrize(
    ("pattern", "cause"),
    [
        ("", "Pattern must not be empty"),
        ("  ", "Pattern must not be empty"),
        ("caf\u00e9", "Invalid pattern: 'caf\u00e9'"),
    ],
)
def test_a_pattern_that_cannot_be_is_invalid(pattern, cause):
    [(request_id, code, text)] = errors(_search(peer(), pattern))
    assert (request_id, code) == (4, 321)
    assert text.endswith(f"cause - {cause}")


def test_a_second_search_within_a_second_is_not_answered():
    client = peer()
    _search(client, "SPY", wait_s=0.0)
    assert len(only(_search(client, "QQQ", wait_s=5.0), SymbolSamples)) == 1
    assert only(_search(client, "QQQ"), SymbolSamples)


def test_or_waits_for_its_second_where_the_gateway_is_told_so():
    client = peer()
    client.engine.conditions.fast_symbol_searches = "delayed"
    _search(client, "SPY", wait_s=0.0)
    assert len(only(_search(client, "QQQ", wait_s=0.5), SymbolSamples)) == 1
    [late] = only(client.wait(0.6), SymbolSamples)
    assert late.samples[0].symbol == "QQQ"


def test_each_client_has_its_own_second():
    first = peer()
    second = peer(engine=first.engine)
    _search(first, "SPY", wait_s=0.0)
    assert only(_search(second, "SPY"), SymbolSamples)


def test_descriptions_come_with_version_176():
    for version, described in ((175, ""), (176, "SPDR S&P 500 ETF TRUST")):
        [spy] = [each for each in _samples(peer(version=version), "SPY") if each.symbol == "SPY"]
        assert spy.description == described
