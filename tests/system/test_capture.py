"""A whole capture from a simulated paper gateway, through the relay, over TCP."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from pytest_ibkr.capture import assemble
from pytest_ibkr.errors import LiveRefused
from pytest_ibkr.net import capturing
from pytest_ibkr.session.session import Session
from pytest_ibkr.snapshot.check import check
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.messages.history import ReqHistoricalData
from pytest_ibkr.wire.messages.market_data import ReqMarketData
from tests.system.capture_bench import (
    DATA,
    NEW_YORK,
    READING,
    asked,
    captured,
    day,
    loaded,
    names,
    paper,
    without_relay,
)
from tests.system.live.ids import LIVE, OTHER_PAPER, PAPER


@dataclass(frozen=True)
class Whole:
    """One capture of all symbols at 10:00, and what the gateway saw of it."""

    saved: capturing.Saved
    snapshot: Snapshot
    lines: tuple[str, ...]
    asked: tuple[Message, ...]
    errors: tuple[int, ...]
    virtual_s: float


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Whole:
    place, lines = tmp_path_factory.mktemp("whole"), []
    with paper() as session:
        began_s = session.clock.epoch_s()
        saved = captured(session, place, "SPY", "QQQ", "IWM", "VIX", say=lines.append)
        return Whole(
            saved,
            loaded(saved),
            tuple(lines),
            tuple(asked(session)),
            tuple(each.code for each in session.journal.errors()),
            session.clock.epoch_s() - began_s,
        )


def test_everything_asked_for_is_there(whole):
    assert whole.saved.complete
    assert check(whole.snapshot) == []
    assert list(whole.snapshot.symbols) == ["SPY", "QQQ", "IWM", "VIX"]
    for symbol in ("SPY", "QQQ", "IWM"):
        block = whole.snapshot.symbols[symbol]
        assert len(block.option_chain) == 20
        assert {row.right for row in block.option_chain} == {"C", "P"}
        assert len({row.expiry for row in block.option_chain}) == 2
        for expiry in {row.expiry for row in block.option_chain}:
            strikes = {row.strike for row in block.option_chain if row.expiry == expiry}
            assert len(strikes) == 5
            assert min(strikes) < block.price < max(strikes)
        assert all(row.delta is not None for row in block.option_chain)
        assert set(block.bars) == {"1 hour", "5 mins", "1 day"}
    vix = whole.snapshot.symbols["VIX"]
    assert whole.snapshot.vix == vix.price
    assert vix.sec_type == "IND"
    assert not vix.option_chain


@pytest.mark.req("SC-007")
def test_the_accounts_are_logged_and_stored_masked(whole):
    masked = "DU*****21"
    assert any(masked in line for line in whole.lines)
    assert whole.snapshot.account == masked
    assert PAPER not in whole.saved.path.read_text()
    assert not any(PAPER in line for line in whole.lines)


@pytest.mark.req("SC-012")
def test_symbols_are_looked_up_in_order_with_their_exchanges(whole):
    first = [m.contract for m in whole.asked if m.NAME == "reqContractDetails"][:4]
    assert [(each.symbol, each.primary_exchange) for each in first] == [
        ("SPY", "ARCA"),
        ("QQQ", "NASDAQ"),
        ("IWM", "ARCA"),
        ("VIX", "CBOE"),
    ]
    assert [each.symbol for each in whole.snapshot.symbols.values()] == ["SPY", "QQQ", "IWM", "VIX"]


@pytest.mark.req("SC-013")
def test_the_price_says_where_it_is_from(whole):
    for block in whole.snapshot.symbols.values():
        assert block.price_source == "last"
        assert block.price == block.last
    quotes = [m for m in whole.asked if isinstance(m, ReqMarketData)]
    assert all(m.snapshot and not m.regulatory_snapshot for m in quotes)


@pytest.mark.req("SC-015")
def test_the_hourly_bars_are_asked_for_as_the_source_says(whole):
    hourly = [m for m in whole.asked if isinstance(m, ReqHistoricalData) and m.bar_size == "1 hour"]
    assert [m.contract.symbol for m in hourly] == ["SPY", "QQQ", "IWM", "VIX"]
    assert {(m.duration, m.what_to_show, m.use_rth, m.date_format) for m in hourly} == {
        ("5 D", "TRADES", True, 1)
    }
    assert {(m.end, m.keep_up_to_date) for m in hourly} == {("", False)}


@pytest.mark.req("SC-019", "SC-020")
def test_twenty_qualified_option_contracts_are_quoted_for_each_symbol(whole):
    options = [
        m.contract
        for m in whole.asked
        if isinstance(m, ReqMarketData) and m.contract.sec_type == "OPT"
    ]
    assert Counter(each.symbol for each in options) == {"SPY": 20, "QQQ": 20, "IWM": 20}
    for each in options:
        assert each.con_id > 0
        assert (each.exchange, each.currency, each.multiplier) == ("SMART", "USD", "100")
        assert each.trading_class == each.symbol
    assert len({each.con_id for each in options}) == 60


@pytest.mark.req("SC-018")
def test_expiries_are_listed_distinct_and_not_over(whole):
    for symbol in ("SPY", "QQQ", "IWM"):
        expiries = {row.expiry for row in whole.snapshot.symbols[symbol].option_chain}
        assert expiries == {"20260713", "20260717"}


@pytest.mark.req("SC-024")
def test_a_strike_that_an_expiry_lacks_is_a_warning_and_is_replaced(whole):
    assert 200 in whole.errors
    assert any(row["code"] == 200 for row in whole.snapshot.errors)
    left_out = [text for text in whole.snapshot.issues if "error 200" in text]
    assert len(left_out) == 4
    assert all("IWM" in text and "left out" in text for text in left_out)
    assert whole.snapshot.complete


@pytest.mark.req("SC-028")
def test_nothing_that_ended_is_cancelled(whole):
    assert not {"cancelMktData", "cancelHistoricalData"} & {m.NAME for m in whole.asked}
    assert 300 not in whole.errors
    assert 366 not in whole.errors


@pytest.mark.req("SC-011")
def test_nothing_but_reading_reaches_the_gateway(whole):
    assert {m.NAME for m in whole.asked} <= READING


@pytest.mark.req("SC-040")
def test_a_capture_takes_less_than_ninety_seconds_of_the_gateways_time(whole):
    assert whole.virtual_s < 90


@pytest.mark.req("SC-041")
def test_the_file_is_neither_a_stub_nor_a_dump(whole):
    assert 50 * 1024 <= whole.saved.size_bytes <= 200 * 1024
    assert whole.saved.size_bytes == whole.saved.path.stat().st_size


@pytest.mark.ci
@pytest.mark.req("SC-041")
def test_the_file_at_the_end_of_a_day_is_not_too_large_either(tmp_path):
    market = day()
    with paper(start_at=market.captured_at) as session:
        saved = captured(session, tmp_path, "SPY", "QQQ", "IWM", "VIX")
    assert saved.size_bytes <= 200 * 1024


@pytest.mark.req("SC-032")
def test_the_dated_file_and_the_latest_copy_are_the_same(whole):
    assert re.fullmatch(r"snapshot_normal_20260710_1000\d\d\.json", whole.saved.path.name)
    assert whole.saved.latest.name == "snapshot_normal_latest.json"
    assert whole.saved.latest.read_bytes() == whole.saved.path.read_bytes()


@pytest.mark.req("SC-043")
def test_what_was_captured_passes_the_sample_assertions_of_the_source(whole):
    snap = whole.snapshot
    spy = snap["symbols"]["SPY"]
    row = spy["optionChain"][0]
    assert 0 < row["greeks"]["delta"] < 1
    assert row["greeks"]["impliedVolatility"] > 0
    assert 0 < row["marketData"]["ask"] - row["marketData"]["bid"] < 2.0
    assert spy["currentPrice"] > 0
    assert len(spy["historicalBars"]) >= 20


def test_everything_says_it_was_captured_and_nothing_that_it_was_made_up(whole):
    for block in whole.snapshot.symbols.values():
        assert {each.origin for each in block.provenance.values()} == {"captured"}
    assert whole.snapshot.source == "gateway"
    assert whole.snapshot.provenance["sessions"].origin == "imported"
    assert (whole.snapshot.market_session, whole.snapshot.market_data_type) == ("rth", 1)


def test_a_capture_from_a_simulator_never_says_that_it_was_captured(tmp_path):
    with paper(account="DU0000001") as session:
        found = loaded(captured(session, tmp_path, "VIX"))
    origins = {each.origin for each in found.symbols["VIX"].provenance.values()}
    assert origins == {"synthetic"}
    assert found.source == "mock"


def test_no_bar_had_not_ended_when_it_was_captured(whole):
    lengths = {"5 mins": timedelta(minutes=5), "1 hour": timedelta(minutes=30)}
    for block in whole.snapshot.symbols.values():
        for size, length in lengths.items():
            for bar in block.bars.get(size, ()):
                assert bar.start + length <= whole.snapshot.captured_at
        assert f"{block.bars['1 day'][-1].start:%Y%m%d}" == "20260709"


# ------------------------------------------------------------------ served again


def market_of(block) -> dict:
    """A block without what the simulator makes up anew for hours: average prices and counts."""
    raw = {key: value for key, value in block.raw.items() if key != "historicalBars"}
    hours = [{**row, "wap": None, "barCount": None} for row in raw["bars"]["1 hour"]]
    return {**raw, "bars": {**raw["bars"], "1 hour": hours}}


@pytest.mark.parametrize(
    "hour", [pytest.param(10, marks=pytest.mark.ci, id="open"), pytest.param(16, id="closed")]
)
def test_a_gateway_that_serves_the_captured_file_is_captured_as_the_same_market(tmp_path, hour):
    start = day().captured_at.replace(hour=hour, minute=0)
    with paper(start_at=start) as session:
        first = loaded(captured(session, tmp_path / "one", "SPY", "VIX"))
    with paper(market=first, start_at=first.captured_at) as session:
        session.clock.hold()
        second = loaded(captured(session, tmp_path / "two", "SPY", "VIX"))
    assert first.complete
    assert first.captured_at <= second.captured_at
    assert list(second.symbols) == list(first.symbols)
    for symbol, block in first.symbols.items():
        assert len(block.bars["1 hour"]) >= 20
        assert market_of(second.symbols[symbol]) == market_of(block)
    assert second.vix == first.vix


# ------------------------------------------------------------------ whose account


def refuses(session: Session, tmp_path, account: str) -> None:
    """A capture of a gateway with this account asks for nothing and leaves no file."""
    session.call(lambda: setattr(session.engine, "account_id", account))
    with pytest.raises(LiveRefused) as refused:
        captured(session, tmp_path, "VIX")
    assert not account or account not in str(refused.value)
    assert not DATA & {m.NAME for m in session.journal.requests()}
    assert not (tmp_path / "out").exists()


@pytest.mark.req("SC-008")
@pytest.mark.parametrize("accounts", [LIVE, f"{PAPER},{LIVE}", f"{LIVE},{PAPER}", ""])
def test_an_account_list_that_is_not_all_paper_ends_it_before_any_data_request(tmp_path, accounts):
    with paper() as session:
        refuses(session, tmp_path, accounts)


@pytest.mark.req("SC-008")
def test_the_capture_checks_the_accounts_itself_too(tmp_path, monkeypatch):
    without_relay(monkeypatch)
    with paper() as session:
        refuses(session, tmp_path, LIVE)


@pytest.mark.req("SC-008", counter_proof="every account id passes for paper")
def test_counter_proof_accepting_every_account_is_noticed(tmp_path, monkeypatch):
    without_relay(monkeypatch)
    everything = capturing.guard_accounts.PaperAccounts((PAPER,))
    monkeypatch.setattr(capturing.guard_accounts, "judge", lambda _text: everything)
    with paper() as session, pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        refuses(session, tmp_path, f"{PAPER},{LIVE}")


def test_several_paper_accounts_can_be_read(tmp_path):
    with paper() as session:
        session.call(lambda: setattr(session.engine, "account_id", f"{PAPER},{OTHER_PAPER}"))
        assert captured(session, tmp_path, "VIX").complete


def individual_is_recorded(tmp_path) -> None:
    """A paper account of the legal form INDIVIDUAL is captured, and the file says so."""
    with paper() as session:
        found = loaded(captured(session, tmp_path, "VIX"))
    assert "AccountType INDIVIDUAL" in found.provenance["account"].detail
    assert found.complete


@pytest.mark.req("SC-009")
def test_the_account_type_is_recorded_and_individual_passes(tmp_path):
    individual_is_recorded(tmp_path)


@pytest.mark.req("SC-009", counter_proof="AccountType has to be PAPER")
def test_counter_proof_asking_for_the_type_paper_is_noticed(tmp_path, monkeypatch):
    asks = capturing.Run._ask_account_type

    async def paper_only(self, questions):
        found = await asks(self, questions)
        if found != "PAPER":
            raise capturing.CaptureFailed(f"{found} is not PAPER")
        return found

    monkeypatch.setattr(capturing.Run, "_ask_account_type", paper_only)
    with pytest.raises(capturing.CaptureFailed, match="INDIVIDUAL is not PAPER"):
        individual_is_recorded(tmp_path)


def test_the_relay_lets_no_order_of_a_capture_through(tmp_path):
    with paper() as session:
        captured(session, tmp_path, "VIX")
        assert not session.journal.orders()
        assert names(session)[0] == "startApi"


def test_the_session_is_found_on_the_calendar():
    def at(day_, hour, minute=0):
        return assemble.market_session(datetime(2026, *day_, hour, minute, tzinfo=NEW_YORK))

    assert at((7, 10), 9, 30) == at((7, 10), 15, 59) == "rth"
    assert at((7, 10), 9, 29) == at((7, 10), 4) == "pre"
    assert at((7, 10), 16) == at((7, 10), 19, 59) == "post"
    assert at((7, 10), 20) == at((7, 11), 12) == at((7, 3), 12) == "closed"
    assert at((11, 27), 13) == "post"
    assert at((11, 27), 17) == "closed"
