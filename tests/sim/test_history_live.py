"""History kept up to date: the running bar again and again, in the order of message 90."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pytest_ibkr.wire.codec import encode
from pytest_ibkr.wire.messages.history import (
    CancelHistoricalData,
    HistoricalData,
    HistoricalDataUpdate,
)
from tests.sim.data_bench import (
    CAPTURED,
    TEN,
    errors,
    history,
    on_friday,
    only,
    option,
    peer,
    planned,
)


def _live(at_s: float = TEN + 60, **asked):
    """A client that keeps history up to date, and the bars it was sent at first."""
    client = peer(at_s)
    [answer] = only(client.send(history(keep_up_to_date=True, **asked)), HistoricalData)
    return client, answer.bars


def _values(bar) -> tuple[object, ...]:
    return bar.date, bar.open, bar.high, bar.low, bar.close, bar.volume, bar.wap, bar.count


def test_the_running_bar_comes_about_every_five_seconds():
    client, bars = _live()
    moments, updates = [], []
    for _ in range(240):
        found = only(client.wait(0.25), HistoricalDataUpdate)
        moments += [client.engine.now_s] * len(found)
        updates += found
    assert len(updates) == 12
    assert {round(b - a, 2) for a, b in pairwise(moments)} == {5.0}
    assert {u.date for u in updates} == {bars[-1].date}
    assert updates[0].volume > bars[-1].volume
    assert all(a.volume < b.volume for a, b in pairwise(updates))


@pytest.mark.parametrize("what", ["TRADES", "MIDPOINT", "BID", "ASK"])
@pytest.mark.parametrize("size", ["1 min", "5 mins", "1 hour", "1 day", "1 week"])
def test_an_update_is_the_bar_that_history_shows_then(what, size):
    asked = {"what_to_show": what, "bar_size": size}
    client, _ = _live(**asked)
    update = only(client.wait(60), HistoricalDataUpdate)[-1]
    again = peer((client.engine.now_s - 0.5) // 5 * 5 + 0.5)  # the moment of the update
    [answer] = only(again.send(history(**asked)), HistoricalData)
    assert _values(update) == _values(answer.bars[-1])


def test_a_bar_that_is_over_comes_whole_and_then_the_new_one():
    client, bars = _live(on_friday(10, 4, 50))
    updates = only(client.wait(20), HistoricalDataUpdate)
    dates = [u.date[9:17] for u in updates]
    assert dates == ["10:00:00"] * 2 + ["10:05:00"] * 3  # 10:04:55.5, then 10:05:00.5 and on
    later = peer(on_friday(10, 6))
    [answer] = only(later.send(history()), HistoricalData)
    over = [u for u in updates if u.date == bars[-1].date]
    assert _values(over[-1]) == _values(answer.bars[-2])


def test_the_close_comes_before_high_and_low_on_the_wire():
    client, _ = _live()
    update = only(client.wait(6), HistoricalDataUpdate)[0]
    fields = encode(update, 178).decode().split("\0")
    assert fields[:4] == ["90", "12", str(update.count), update.date]
    assert [float(f) for f in fields[4:8]] == [update.open, update.close, update.high, update.low]
    assert float(fields[8]) == update.wap
    assert fields[9:] == [str(update.volume), ""]


def test_a_cancel_ends_the_updates():
    client, _ = _live()
    client.wait(6)
    found = client.send(CancelHistoricalData(request_id=12), wait_s=0)
    [(_, code, text)] = errors(found)
    assert (code, text.endswith("API historical data query cancelled: 12")) == (162, True)
    assert client.wait(30) == []
    assert errors(client.send(CancelHistoricalData(request_id=12)))[0][1] == 366


def test_updates_hold_their_id_and_go_with_the_client():
    client, _ = _live()
    [(_, code, text)] = errors(client.send(history()))
    assert (code, text.endswith("Duplicate ticker id")) == (322, True)
    client.engine.gone(client.client, "")
    assert planned(client.engine) == []


def test_nothing_comes_while_nothing_trades():
    client, _ = _live()
    client.engine.faults.freeze("SPY")
    client.wait(6)
    assert client.wait(60) == []
    evening, _ = _live(CAPTURED + 3600)
    assert evening.wait(600) == []


def test_the_next_mornings_first_bar_comes_by_itself():
    client, bars = _live(on_friday(16, 30, day=9))
    assert bars[-1].date.startswith("20260709")
    client.wait(on_friday(9, 30, 2) - client.engine.now_s)
    [update] = only(client.seen, HistoricalDataUpdate)
    assert update.date == "20260710 09:30:00 US/Eastern"


def test_an_option_is_kept_up_to_date_too():
    client, bars = _live(contract=option().contract())
    update = only(client.wait(60), HistoricalDataUpdate)[-1]
    assert update.date == bars[-1].date
    assert update.low <= min(update.open, update.close)


def test_a_request_that_found_nothing_is_not_kept():
    client = peer(TEN)
    contract = option(792.0, "P", "20260717").contract()
    found = client.send(history(keep_up_to_date=True, contract=contract, what_to_show="BID"))
    assert [code for _, code, _ in errors(found)] == [162]
    assert planned(client.engine) == []


def test_a_lost_data_connection_ends_the_updates_without_a_word():
    client, _ = _live()
    client.wait(6)
    client.engine.streams.drop_all()
    assert client.wait(60) == []
    found = client.send(CancelHistoricalData(request_id=12))
    assert [code for _, code, _ in errors(found)] == [366]
