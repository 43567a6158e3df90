"""Foreign clients read account, contracts, chains and history as the gateway sent them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from pytest_ibkr.sim.contracts import Instrument
from pytest_ibkr.snapshot.model import Snapshot
from pytest_ibkr.wire.messages.account import AccountSummary, AccountUpdateMulti, AccountValue
from pytest_ibkr.wire.messages.contract import ContractData, OptionParameter
from pytest_ibkr.wire.messages.history import HistoricalData
from pytest_ibkr.wire.messages.session import NextValidId, StartApi
from tests.conformance.cells import cells
from tests.conformance.conftest import CLIENT_ID, Meeting
from tests.conformance.peers.model import Asked, Bar, Refused

pytestmark = pytest.mark.req("XC-001")
ZONE = ZoneInfo("America/New_York")


def test_at_least_one_foreign_client_is_installed() -> None:
    assert cells()


def test_a_client_connects_and_learns_version_accounts_and_next_id(meeting: Meeting) -> None:
    peer = meeting.peer

    assert peer.version() == meeting.cell.version
    assert peer.accounts() == ["DU0000001"]
    assert peer.next_id() >= 1
    assert meeting.sent(NextValidId)[0].order_id == 1
    [start] = meeting.asked(StartApi)
    assert (start.client_id, start.capabilities) == (CLIENT_ID, "")


def test_account_summary_gives_every_value_sent(meeting: Meeting) -> None:
    summary = meeting.peer.summary()

    sent = {(row.tag, row.currency): row.value for row in meeting.sent(AccountSummary)}
    assert summary == sent
    assert summary["AccountType", ""] == "INDIVIDUAL"
    assert Decimal(summary["NetLiquidation", "USD"]) == Decimal(1_000_000)


def test_account_updates_give_every_value_sent(meeting: Meeting) -> None:
    values = meeting.peer.account_values("DU0000001")

    sent = {(row.key, row.currency): row.value for row in meeting.sent(AccountValue)}
    # ib_async asks for both downloads and keeps the later; RealCurrency differs between them.
    both = {(r.key, r.currency): r.value for r in meeting.sent(AccountUpdateMulti)}
    assert {key: values[key] for key in sent} == sent | both
    assert len(sent) > 150
    assert Decimal(values["AvailableFunds", "USD"]) == Decimal(1_000_000)


def test_a_new_account_is_flat(meeting: Meeting) -> None:
    assert meeting.peer.positions() == {}


def test_stock_details_by_symbol(meeting: Meeting, market: Snapshot) -> None:
    [spy] = meeting.peer.details(Asked("SPY"))

    [sent] = meeting.sent(ContractData)
    block = market.symbols["SPY"]
    assert (spy.con_id, spy.symbol, spy.sec_type) == (block.con_id, "SPY", "STK")
    assert (spy.min_tick, spy.long_name, spy.time_zone) == (0.01, sent.long_name, "US/Eastern")
    assert (spy.trading_hours, spy.liquid_hours) == (sent.trading_hours, sent.liquid_hours)
    assert "20260710:0930-20260710:1600" in spy.liquid_hours
    assert spy.market_rule_ids == sent.market_rule_ids
    if meeting.cell.version >= 152:
        assert spy.stock_type == "ETF"


def test_option_details_by_id(meeting: Meeting, call: Asked, spy_call: Instrument) -> None:
    [found] = meeting.peer.details(call)

    assert (found.con_id, found.symbol, found.sec_type) == (call.con_id, "SPY", "OPT")
    assert found.expiry.startswith(spy_call.expiry)
    assert (found.strike, found.right, found.multiplier) == (spy_call.strike, "C", "100")
    assert (found.trading_class, found.under_con_id) == ("SPY", spy_call.under_con_id)
    assert found.local_symbol == spy_call.local_symbol


def test_an_unknown_contract_is_refused_with_200_and_no_end(meeting: Meeting) -> None:
    meeting.expected = {200}

    with pytest.raises(Refused) as caught:
        meeting.peer.details(Asked("NOSUCHTHING"))

    assert caught.value.notice.code == 200
    assert caught.value.notice.text == "No security definition has been found for the request"


def test_option_parameters_are_the_snapshot_s_chain(meeting: Meeting, market: Snapshot) -> None:
    block = market.symbols["SPY"]
    chains = meeting.peer.chains("SPY", block.con_id)

    sent = meeting.sent(OptionParameter)
    assert len(chains) == len(sent) > 0
    for chain, row in zip(chains, sent, strict=True):
        assert (chain.exchange, chain.trading_class) == (row.exchange, row.trading_class)
        assert chain.expirations == {text.value for text in row.expirations}
        assert chain.strikes == {strike.value for strike in row.strikes}
        assert (chain.multiplier, chain.under_con_id) == ("100", block.con_id)
    smart = next(c for c in chains if c.exchange == "SMART" and c.trading_class == "SPY")
    rows = [r for r in block.option_chain if r.trading_class == "SPY"]
    assert smart.strikes == {r.strike for r in rows}
    assert smart.expirations == {r.expiry for r in rows}


@pytest.mark.req("SC-016")
@pytest.mark.parametrize(
    ("duration", "size", "at_least"), [("5 D", "1 hour", 28), ("1 D", "5 mins", 6)]
)
def test_bars_are_the_ones_sent(
    meeting: Meeting, spy: Asked, duration: str, size: str, at_least: int
) -> None:
    bars = meeting.peer.bars(spy, duration=duration, size=size)

    [sent] = meeting.sent(HistoricalData)
    assert len(bars) == len(sent.bars) >= at_least
    for bar, row in zip(bars, sent.bars, strict=True):
        assert (bar.open, bar.high, bar.low, bar.close) == (row.open, row.high, row.low, row.close)
        assert (bar.wap, bar.count) == (row.wap, row.count)
        lots = 1 if meeting.cell.version >= 175 else 100
        assert bar.volume in (row.volume, row.volume // lots)
    moments = [moment(bar) for bar in bars]
    assert moments == sorted(set(moments))
    assert moments[-1] <= meeting.session.clock.now()
    assert {m.astimezone(ZONE).minute for m in moments} >= {0, 30}


def moment(bar: Bar) -> dt.datetime:
    """Read a bar's start, whatever the client made of it; zoneless text is gateway-local."""
    if isinstance(bar.date, dt.datetime):
        return bar.date if bar.date.tzinfo else bar.date.replace(tzinfo=ZONE)
    day, clock = str(bar.date).split()[:2]
    return dt.datetime.strptime(f"{day} {clock}", "%Y%m%d %H:%M:%S").replace(tzinfo=ZONE)
