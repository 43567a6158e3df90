"""Captures that meet trouble: silence, nothing to quote, a closed market, a lost connection."""

from __future__ import annotations

from datetime import datetime

import pytest

from pytest_ibkr.capture import plan, symbol_parts
from pytest_ibkr.capture.errors import CaptureFailed
from pytest_ibkr.errors import GatewayUnreachable
from pytest_ibkr.net.capturing import Run
from pytest_ibkr.snapshot.check import check
from pytest_ibkr.wire.messages.account import ReqAccountSummary
from pytest_ibkr.wire.messages.contract import ReqContractDetails
from pytest_ibkr.wire.messages.history import ReqHistoricalData
from pytest_ibkr.wire.messages.market_data import (
    ReqMarketData,
    TickOptionComputation,
    TickSnapshotEnd,
)
from pytest_ibkr.wire.messages.session import StartApi
from tests.system import variants
from tests.system.capture_bench import (
    DATA,
    NEW_YORK,
    asked,
    captured,
    loaded,
    names,
    only_capture,
    paper,
    run_of,
)
from tests.system.variants import answer, silence

pytestmark = pytest.mark.ci

# ------------------------------------------------------------------ silence


@pytest.mark.req("SC-006")
def test_a_gateway_that_never_gets_ready_is_given_up(tmp_path, monkeypatch):
    assert plan.READY_DEADLINE_S == 10
    monkeypatch.setattr(plan, "READY_DEADLINE_S", 0.5)
    with paper() as session:
        answer(session, StartApi, silence)
        with pytest.raises(GatewayUnreachable, match="within"):
            captured(session, tmp_path, "VIX")
    assert not (tmp_path / "out").exists()


@pytest.mark.req("SC-010")
def test_an_account_summary_that_stays_silent_ends_it_and_is_cancelled(tmp_path, monkeypatch):
    assert plan.SUMMARY_DEADLINE_S == 5
    monkeypatch.setattr(plan, "SUMMARY_DEADLINE_S", 0.5)
    with paper() as session:
        answer(session, ReqAccountSummary, only_capture(silence))
        with pytest.raises(CaptureFailed, match="no end within"):
            captured(session, tmp_path, "VIX")
        [began] = [m for m in asked(session) if m.NAME == "reqAccountSummary"]
        session.journal.wait_for(
            lambda entry: (
                getattr(entry.message, "NAME", "") == "cancelAccountSummary"
                and entry.message.request_id == began.request_id
            )
        )
        assert names(session)[-1] == "cancelAccountSummary"
        assert not DATA & set(names(session))
        assert (began.group, began.tags) == ("All", "AccountType")


def test_the_account_summary_is_cancelled_when_it_was_answered_too(tmp_path):
    with paper() as session:
        captured(session, tmp_path, "VIX")
        sent = names(session)
    assert sent.index("cancelAccountSummary") == sent.index("reqAccountSummary") + 1
    assert sent.index("cancelAccountSummary") < sent.index("reqContractDetails")


def test_bars_that_never_come_are_cancelled_and_make_it_incomplete(tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "BARS_DEADLINE_S", 0.5)
    with paper() as session:
        answer(session, ReqHistoricalData, silence)
        saved = captured(session, tmp_path, "VIX")
        assert names(session).count("cancelHistoricalData") == 2
    assert not saved.complete
    assert saved.latest is None
    assert any("bars of 1 hour" in text for text in saved.issues)


# ------------------------------------------------------------------ nothing to quote


def price_stays_unknown(tmp_path) -> None:
    """Without any tick there is no price in the file, and the capture is incomplete."""
    with paper() as session:
        session.configure(entitlement="none")
        saved = captured(session, tmp_path, "SPY", "VIX")
        found = loaded(saved)
    assert found.symbols["SPY"].price is None, f"{found.symbols['SPY'].price} was made up"
    assert found.symbols["SPY"].price_source is None
    assert found.vix is None
    assert not saved.complete
    assert any("none is made up" in text or "no quote" in text for text in saved.issues)


@pytest.mark.req("SC-014")
def test_without_a_price_the_symbol_fails_and_none_is_made_up(tmp_path):
    price_stays_unknown(tmp_path)


@pytest.mark.req("SC-014", counter_proof="580 for a symbol without a price")
def test_counter_proof_a_made_up_price_is_noticed(tmp_path, monkeypatch):
    honest = symbol_parts.current_price
    invented = lambda board: honest(board) if board.ticked else (580.0, "last")  # noqa: E731
    monkeypatch.setattr(symbol_parts, "current_price", invented)
    with pytest.raises(AssertionError, match=r"580\.0 was made up"):
        price_stays_unknown(tmp_path)


def test_without_live_data_delayed_data_is_asked_for_and_said(tmp_path):
    with paper() as session:
        session.configure(entitlement="delayed")
        saved = captured(session, tmp_path, "SPY")
        types = [m.data_type for m in asked(session) if m.NAME == "reqMarketDataType"]
    found = loaded(saved)
    assert types == [1, 3]
    assert found.market_data_type == 3
    assert found.symbols["SPY"].price is not None
    assert any("delayed market data" in text for text in found.issues)
    assert {10089, 10167} & {row["code"] for row in found.errors}


@pytest.mark.req("SC-023")
def test_an_option_that_nobody_quotes_is_left_out_and_the_run_goes_on(tmp_path):
    silenced = []

    def no_ticks(client, message, original):
        if message.contract.sec_type == "OPT" and message.contract.right == "P" and not silenced:
            silenced.append(message.contract.con_id)
            client.send(TickSnapshotEnd(request_id=message.request_id))
        else:
            original(client, message)

    with paper() as session:
        answer(session, ReqMarketData, no_ticks)
        saved = captured(session, tmp_path, "SPY")
    found = loaded(saved)
    assert saved.complete
    assert len(found.symbols["SPY"].option_chain) == 19
    assert silenced[0] not in {row.con_id for row in found.symbols["SPY"].option_chain}
    assert sum("nothing ticked" in text for text in saved.issues) == 1


@pytest.mark.req("SC-024")
def test_an_unknown_contract_is_a_warning_and_the_other_symbols_go_on(tmp_path):
    with paper() as session:
        saved = captured(session, tmp_path, "NOSUCH", "VIX")
    found = loaded(saved)
    assert list(found.symbols) == ["VIX"]
    assert not saved.complete
    assert any("NOSUCH" in text and "error 200" in text for text in saved.issues)


@pytest.mark.req("SC-034")
def test_greeks_that_never_come_make_it_incomplete_and_it_is_saved(tmp_path):
    with paper() as session:
        unset = {"implied_vol": -1.0, "delta": -2.0, "gamma": -2.0, "vega": -2.0, "theta": -2.0}
        variants.rewrite(session, TickOptionComputation, lambda m: variants.replaced(m, **unset))
        saved = captured(session, tmp_path, "SPY")
    found = loaded(saved)
    assert [issue.code for issue in check(found)] == ["no_greeks"]
    assert not saved.complete
    assert saved.path.exists()
    assert saved.latest is None
    assert all(row.delta is None for row in found.symbols["SPY"].option_chain)


def test_a_capture_without_any_symbol_found_leaves_no_file(tmp_path):
    with paper() as session, pytest.raises(CaptureFailed, match="nothing was captured"):
        captured(session, tmp_path, "NOSUCH")
    assert not (tmp_path / "out").exists()


# ------------------------------------------------------------------ a closed market


@pytest.mark.req("SC-036")
@pytest.mark.parametrize(
    ("moment", "session_name", "symbol"),
    [
        ((10, 17), "post", "SPY"),
        ((11, 12), "closed", "VIX"),
        ((3, 12), "closed", "VIX"),
        ((10, 8), "pre", "VIX"),
    ],
    ids=["after-the-close", "saturday", "holiday", "before-the-open"],
)
def test_outside_regular_hours_it_warns_of_stale_data_and_completes(
    tmp_path, moment, session_name, symbol
):
    day, hour = moment
    with paper(start_at=datetime(2026, 7, day, hour, tzinfo=NEW_YORK)) as session:
        saved = captured(session, tmp_path, symbol)
    found = loaded(saved)
    assert found.market_session == session_name
    [warning] = [text for text in found.issues if "may be stale" in text]
    assert "next session opens 2026-07-" in warning
    assert found.market_data_type == 2
    assert saved.complete
    assert len(found.symbols[symbol].historical_bars) >= 28
    assert found.symbols[symbol].price is not None


# ------------------------------------------------------------------ a lost connection


def cut_after(session, kind, count: int) -> None:
    """End the capture's connection when the n-th request of a kind comes."""
    seen = []

    def cutting(client, message, original):
        seen.append(message)
        if len(seen) == count:
            client.close("cut by the test")
        else:
            original(client, message)

    answer(session, kind, only_capture(cutting))


def loss_is_partial(tmp_path) -> None:
    """What is lost midway is saved as partial, and the latest copy stays as it was."""
    out = tmp_path / "out"
    out.mkdir()
    latest = out / "snapshot_normal_latest.json"
    latest.write_text("the last complete one")
    with paper() as session:
        cut_after(session, ReqMarketData, 20)
        with run_of(session, tmp_path, "SPY", "VIX") as run:
            run.connect()
            outcomes = [run.symbol(symbol) for symbol in run.plan.symbols]
            saved = run.finish()
            assert run.lost
    assert not outcomes[0].ok
    assert saved.path.name.endswith("_partial.json"), f"{saved.path.name} is not partial"
    assert saved.partial
    assert not saved.complete
    assert latest.read_text() == "the last complete one"
    assert sorted(each.name for each in out.iterdir()) == sorted([saved.path.name, latest.name])
    found = loaded(saved)
    assert not found.complete
    assert any("connection was lost" in text for text in found.issues)
    assert 0 < len(found.symbols["SPY"].option_chain) < 20


@pytest.mark.req("SC-037")
def test_a_connection_lost_midway_leaves_a_partial_file_and_the_latest_untouched(tmp_path):
    loss_is_partial(tmp_path)


@pytest.mark.req("SC-037", counter_proof="a loss goes unnoticed")
def test_counter_proof_a_capture_that_overlooks_the_loss_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(Run, "lost", None)
    with pytest.raises(AssertionError):
        loss_is_partial(tmp_path)


def test_a_connection_lost_before_anything_was_found_leaves_no_file(tmp_path):
    with paper() as session:
        cut_after(session, ReqContractDetails, 1)
        with pytest.raises(CaptureFailed, match="nothing was captured"):
            captured(session, tmp_path, "SPY")
    assert not (tmp_path / "out").exists()


def test_a_run_that_is_closed_early_keeps_what_it_has_as_partial(tmp_path):
    lines = []
    with paper() as session, run_of(session, tmp_path, "VIX", "SPY", say=lines.append) as run:
        run.connect()
        run.symbol("VIX")
        run.close()
        run.close()
        assert run.saved.partial
    assert [each.name.endswith("_partial.json") for each in (tmp_path / "out").iterdir()] == [True]
    assert any("saved what there was" in line for line in lines)


def test_a_file_that_cannot_be_written_is_said_once(tmp_path):
    (tmp_path / "out").write_text("a file where the directory should be")
    lines = []
    with paper() as session, pytest.raises(OSError, match="exists"):
        captured(session, tmp_path, "VIX", say=lines.append)
    assert not [line for line in lines if "saved" in line]
