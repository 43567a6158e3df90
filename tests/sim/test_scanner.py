"""Scanners: ranked by the market, sent again, cancelled, and described in XML."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from pytest_ibkr.sim.conditions import Latency
from pytest_ibkr.sim.engine import Engine
from pytest_ibkr.sim.scans import FILTERS, SCANS
from pytest_ibkr.wire.messages.scanner import (
    CancelScannerSubscription,
    ReqScannerParameters,
    ReqScannerSubscription,
    ScannerData,
    ScannerParameters,
)
from tests.sim.data_bench import CAPTURED, TEN, Peer, errors, normal_world, on_friday, only, peer

WORLD = normal_world()
STOCKS = [each for each in WORLD.book.underlyings if each.sec_type == "STK"]
NOON = on_friday(12, 0)


def _ask(**changes: object) -> ReqScannerSubscription:
    values: dict[str, object] = {
        "request_id": 8,
        "row_count": -1,
        "instrument": "STK",
        "location": "STK.US.MAJOR",
        "scan_code": "MOST_ACTIVE",
        **changes,
    }
    return ReqScannerSubscription(**values)  # type: ignore[arg-type]


def _symbols(at_s: float = NOON, **changes: object) -> list[str]:
    [found] = only(peer(at_s).send(_ask(**changes)), ScannerData)
    assert found.request_id == 8
    assert [row.rank for row in found.rows] == list(range(len(found.rows)))
    return [row.symbol for row in found.rows]


def _quotes(at_s: float = NOON):
    """What the market shows when a request of ``at_s`` is answered."""
    answered_s = at_s + Latency().history_s
    return {each.symbol: WORLD.market.quote(each, answered_s) for each in STOCKS}


def test_the_most_active_are_ranked_by_volume() -> None:
    volumes = {symbol: quote.volume for symbol, quote in _quotes().items()}
    assert _symbols() == sorted(volumes, key=lambda symbol: -volumes[symbol])


def test_gainers_and_losers_are_told_apart_by_sign() -> None:
    changes = {symbol: quote.last / quote.close for symbol, quote in _quotes().items()}
    up = sorted((s for s in changes if changes[s] > 1), key=lambda s: -changes[s])
    down = sorted((s for s in changes if changes[s] < 1), key=lambda s: changes[s])
    assert _symbols(scan_code="TOP_PERC_GAIN") == up
    losers = peer(NOON).send(_ask(scan_code="TOP_PERC_LOSE"))
    assert [row.symbol for row in only(losers, ScannerData)[0].rows] == down


def test_a_row_names_the_contract() -> None:
    [found] = only(peer(NOON).send(_ask(location="STK.ARCA")), ScannerData)
    row = next(row for row in found.rows if row.symbol == "SPY")
    assert (row.con_id, row.sec_type, row.exchange) == (756733, "STK", "SMART")
    assert (row.currency, row.local_symbol, row.trading_class) == ("USD", "SPY", "SPY")


@pytest.mark.parametrize("code", SCANS)
def test_every_scan_ranks_by_its_own_measure_and_repeats_itself(code: str) -> None:
    first = _symbols(CAPTURED, scan_code=code)
    assert first == _symbols(CAPTURED, scan_code=code)
    assert len(set(first)) == len(first)


def test_low_and_high_of_a_measure_are_each_others_mirror() -> None:
    high = _symbols(scan_code="HIGH_OPT_IMP_VOLAT")
    assert high
    assert _symbols(scan_code="LOW_OPT_IMP_VOLAT") == high[::-1]


def test_the_number_of_rows_is_kept() -> None:
    assert len(_symbols(row_count=2)) == 2
    assert len(_symbols(row_count=None)) == len(STOCKS)


def test_a_location_has_its_listings() -> None:
    listed = {each.symbol for each in STOCKS if each.primary_exchange == "NASDAQ"}
    assert set(_symbols(location="STK.NASDAQ")) == listed


def test_a_stock_type_has_its_kind() -> None:
    funds = {each.symbol for each in STOCKS if each.stock_type == "ETF"}
    assert set(_symbols(stock_type="ETF")) == funds
    assert set(_symbols(stock_type="CORP")) == {each.symbol for each in STOCKS} - funds
    assert len(_symbols(stock_type="ALL")) == len(STOCKS)


@pytest.mark.parametrize(
    "changes",
    [
        {"above_price": 500.0},
        {"filter_options": "priceAbove=500;"},
        {"filter_options": "priceAbove=100;priceAbove=500"},
    ],
)
def test_prices_filter(changes: dict[str, object]) -> None:
    dear = {symbol for symbol, quote in _quotes().items() if quote.last >= 500}
    assert 0 < len(dear) < len(STOCKS)
    assert set(_symbols(**changes)) == dear


@pytest.mark.parametrize("tag", [tag for tag in FILTERS if tag.endswith("Above")])
def test_above_and_below_share_the_stocks_out(tag: str) -> None:
    bound = {"impVolatAbove": 20, "changePercAbove": 0, "openGapPercAbove": 0}.get(tag, 40_000_000)
    above = peer(NOON).send(_ask(filter_options=f"{tag}={bound};"))
    below = peer(NOON).send(_ask(filter_options=f"{tag.replace('Above', 'Below')}={bound};"))
    found = [row.symbol for each in (above, below) for row in only(each, ScannerData)[0].rows]
    assert sorted(found) == sorted(each.symbol for each in STOCKS)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"below_price": 1.0}, id="nothing so cheap"),
        pytest.param({"above_volume": 2_000_000_000}, id="nothing so active"),
        pytest.param({"market_cap_above": 1.0}, id="market value is not known"),
        pytest.param({"average_option_volume_above": 0}, id="option average is not known"),
        pytest.param({"moody_above": "AAA"}, id="ratings are not known"),
        pytest.param({"location": "STK.AMEX"}, id="nothing listed there"),
    ],
)
def test_nothing_found_is_said_before_an_empty_result(changes: dict[str, object]) -> None:
    found = peer(NOON).send(_ask(**changes))
    text = "Historical Market Data Service query message:no items retrieved"
    assert errors(found) == [(8, 165, text)]
    assert found[-1] == ScannerData(request_id=8, rows=())


def test_before_the_opening_nothing_has_gained() -> None:
    found = peer(on_friday(8, 0)).send(_ask(scan_code="TOP_PERC_GAIN"))
    assert [code for _, code, _ in errors(found)] == [165]


def test_the_result_comes_again_about_every_half_minute() -> None:
    asker = peer(TEN)
    assert len(only(asker.send(_ask(), wait_s=1.0), ScannerData)) == 1
    assert len(only(asker.wait(28.0), ScannerData)) == 0
    assert len(only(asker.wait(2.0), ScannerData)) == 1
    assert len(only(asker.wait(60.0), ScannerData)) == 2


def test_a_cancel_is_confirmed_and_ends_it() -> None:
    asker = peer(TEN)
    asker.send(_ask())
    cancelled = (
        *(8, 162),
        "Historical Market Data Service error message:API scanner subscription cancelled: 8",
    )
    assert errors(asker.send(CancelScannerSubscription(request_id=8))) == [cancelled]
    assert asker.wait(60.0) == []
    [(request_id, code, _)] = errors(asker.send(CancelScannerSubscription(request_id=8)))
    assert (request_id, code) == (8, 365)


def test_the_eleventh_is_one_too_many_whoever_asks() -> None:
    engine = Engine(WORLD, start_s=TEN)
    first, second = peer(engine=engine), peer(engine=engine)
    for number in range(10):
        assert errors((first, second)[number % 2].send(_ask(request_id=number))) == []
    [(_, code, text)] = errors(second.send(_ask(request_id=99)))
    assert code == 162
    assert "Only 10 simultaneous API scanner subscriptions are allowed" in text
    engine.gone(first.client, "")
    assert errors(second.send(_ask(request_id=99))) == []


def test_an_id_in_use_is_refused() -> None:
    asker = peer(TEN)
    asker.send(_ask())
    assert [code for _, code, _ in errors(asker.send(_ask()))] == [322]


@pytest.mark.parametrize(
    "changes",
    [
        {"scan_code": "TOP_FLOP"},
        {"instrument": "FUT.US"},
        {"location": "STK.MOON"},
        {"filter_options": "nonsense=1;"},
        {"filter_options": "priceAbove=much;"},
        {"filter_options": "priceAbove=;"},
    ],
)
def test_what_cannot_be_scanned_is_refused(changes: dict[str, object]) -> None:
    asker = peer(TEN)
    [(request_id, code, _)] = errors(asker.send(_ask(**changes)))
    assert (request_id, code) == (8, 162)
    assert only(asker.seen, ScannerData) == []


@pytest.mark.parametrize(
    ("entitlement", "code", "results"),
    [("none", 490, 0), ("not_enabled", 490, 0), ("delayed", 492, 1)],
)
def test_permissions_are_asked_for(entitlement, code: int, results: int) -> None:
    asker: Peer = peer(TEN)
    asker.engine.conditions.entitlement = entitlement
    found = asker.send(_ask())
    assert [each for _, each, _ in errors(found)] == [code]
    assert len(only(found, ScannerData)) == results


def test_the_parameters_name_exactly_what_works() -> None:
    [found] = peer(TEN).send(ReqScannerParameters())
    assert isinstance(found, ScannerParameters)
    tree = ET.fromstring(found.xml)
    assert [each.text for each in tree.findall(".//scanCode")] == list(SCANS)
    assert [each.text for each in tree.findall(".//AbstractField/code")] == list(FILTERS)
    assert [each.text for each in tree.findall(".//Instrument/type")] == ["STK"]
    for place in tree.findall(".//locationCode"):
        data = only(peer(NOON).send(_ask(location=place.text)), ScannerData)
        assert len(data) == 1
