"""When history begins: the first bar a history request would be given."""

from __future__ import annotations

import pytest

from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.history import HistoricalData
from pytest_ibkr.wire.messages.history_queries import (
    CancelHeadTimestamp,
    HeadTimestamp,
    ReqHeadTimestamp,
)
from pytest_ibkr.wire.versions import UTC_SUFFIX
from tests.sim.data_bench import SPY, TEN, VIX, errors, history, on_friday, only, option, peer

IWM = Contract(symbol="IWM", sec_type="STK", exchange="SMART", currency="USD")


def _ask(**changes: object) -> ReqHeadTimestamp:
    values: dict[str, object] = {
        "request_id": 3,
        "contract": SPY,
        "what_to_show": "TRADES",
        **changes,
    }
    return ReqHeadTimestamp(**values)  # type: ignore[arg-type]


def _moment(**changes: object) -> str:
    [found] = peer(TEN).send(_ask(**changes))
    assert isinstance(found, HeadTimestamp)
    assert found.request_id == 3
    return found.moment


def _refusal(**changes: object) -> tuple[int, str]:
    [(request_id, code, text)] = errors(peer(TEN).send(_ask(**changes)))
    assert request_id == 3
    return code, text


@pytest.mark.parametrize(
    ("date_format", "moment"),
    [(1, "20250710-13:30:00Z"), (2, "1752154200"), (3, "0710-13:30:00")],
)
def test_the_moment_is_utc_or_epoch_seconds(date_format: int, moment: str) -> None:
    assert _moment(date_format=date_format) == moment


@pytest.mark.parametrize(("version", "ends"), [(UTC_SUFFIX - 1, ":00"), (UTC_SUFFIX, ":00Z")])
def test_a_moment_in_utc_ends_in_z_from_version_214_on(version: int, ends: str) -> None:
    [found] = only(peer(TEN, version=version).send(_ask()), HeadTimestamp)
    assert found.moment == f"20250710-13:30{ends}"


def test_it_is_the_day_of_the_first_bar_history_has() -> None:
    [daily] = only(
        peer(TEN).send(history(contract=IWM, bar_size="1 day", duration="1 Y")), HistoricalData
    )
    assert daily.bars[0].date == _moment(contract=IWM)[:8] == "20260622"


def test_an_options_history_begins_with_the_fine_bars_it_is_priced_on() -> None:
    assert _moment(contract=option().contract()) == "20260601-13:30:00Z"


@pytest.mark.parametrize("what", ["MIDPOINT", "BID", "ASK", "BID_ASK"])
def test_quotes_begin_when_trades_do(what: str) -> None:
    assert _moment(what_to_show=what) == _moment()


@pytest.mark.parametrize(
    ("changes", "code", "text"),
    [
        pytest.param({"what_to_show": "LAST"}, 321, "What to show", id="unknown source"),
        pytest.param({"date_format": 4}, 321, "selection of 4 rejected", id="unknown format"),
        pytest.param({"what_to_show": "FEE_RATE"}, 162, "No head time stamp", id="no such data"),
        pytest.param(
            {"contract": VIX, "what_to_show": "BID"}, 162, "No head time stamp", id="never quoted"
        ),
        pytest.param(
            {"contract": Contract(symbol="NOPE", sec_type="STK", exchange="SMART")},
            *(200, "No security definition"),
            id="unknown contract",
        ),
    ],
)
def test_what_has_no_beginning_is_refused(changes, code: int, text: str) -> None:
    found = _refusal(**changes)
    assert found[0] == code
    assert text in found[1]


def test_without_permission_it_is_refused() -> None:
    asker = peer(TEN)
    asker.engine.conditions.entitlement = "none"
    [(_, code, text)] = errors(asker.send(_ask()))
    assert code == 162
    assert "No market data permissions for ARCA STK" in text


def test_a_cancel_in_time_leaves_nothing_to_answer() -> None:
    asker = peer(on_friday(11, 0))
    assert asker.send(_ask(), wait_s=0.0) == []
    assert asker.send(CancelHeadTimestamp(request_id=3), wait_s=5.0) == []
    assert asker.send(CancelHeadTimestamp(request_id=3)) == []
