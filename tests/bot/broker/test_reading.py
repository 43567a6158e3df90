"""Account, contracts and history over the wire, decoded by the real library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.broker import (
    AmbiguousContractError,
    ContractNotFoundError,
    IBKRGateway,
    NoDataError,
    RateLimitError,
    RequestTimeoutError,
)
from bot.domain import Contract, index, stock
from tests.bot.answers import CALL, NOT_FOUND, SPY, answer_details
from tests.bot.hand_clock import HandClock
from tests.bot.peer import PAPER, Peer

# ---------------------------------------------------------------- account


def test_the_balance_comes_from_a_completed_summary(peer: Peer, gateway: IBKRGateway) -> None:
    def summary(fields: list[str]) -> list[bytes]:
        rows = [("AccountType", "INDIVIDUAL", ""), ("BuyingPower", "4042993.84", "USD")]
        rows += [("NetLiquidation", "1013436.12", "USD"), ("TotalCashValue", "1010748.46", "USD")]
        out = [peer.text(63, 1, fields[1], PAPER, *row) for row in rows]
        return [*out, peer.text(64, 1, fields[1])]

    peer.on(62, summary)
    balance = gateway.get_account_balance()
    assert balance.net_liquidation == Decimal("1013436.12")
    assert balance.total_cash_value == Decimal("1010748.46")
    assert balance.buying_power == Decimal("4042993.84")
    assert balance.available_funds is None
    assert balance.currency == "USD"
    info = gateway.get_account_info()
    assert (info.account_id, info.account_type) == (PAPER, "INDIVIDUAL")


def test_summaries_share_one_id_because_gateways_serve_two(
    peer: Peer, gateway: IBKRGateway
) -> None:
    peer.on(62, lambda fields: [peer.text(64, 1, fields[1])])
    for _ in range(3):
        gateway.get_account_balance()
    gateway.server_time()
    assert len({fields[1] for message_id, fields in peer.seen if message_id == 62}) == 1
    assert peer.ids().count(63) == 3


def test_no_positions_is_an_empty_list_and_no_answer_is_an_error(
    peer: Peer, gateway: IBKRGateway
) -> None:
    peer.on(61, lambda _fields: [peer.text(62, 1)])
    assert gateway.get_positions() == []
    peer.on(61, lambda _fields: [])
    with pytest.raises(RequestTimeoutError, match="positions"):
        gateway.get_positions(timeout_s=0.1)
    gateway.server_time()
    assert peer.ids().count(64) == 2  # it is a subscription: cancelled both times


def test_an_option_position_costs_per_contract(peer: Peer, gateway: IBKRGateway) -> None:
    row = ("OPT", "20260220", 690.0, "C", 100, "", "USD", "SPY   260220C00690000", "SPY")
    peer.on(
        61,
        lambda _fields: [
            peer.text(61, 3, PAPER, 11, "SPY", *row, 2, 250.64),
            peer.text(61, 3, PAPER, 12, "SPY", *row, 0, 0.0),
            peer.text(62, 1),
        ],
    )
    [position] = gateway.get_positions()
    assert position.quantity == 2
    assert position.avg_cost == Decimal("250.64")
    assert position.avg_price == Decimal("2.5064")
    assert position.contract.exchange == "SMART"
    assert (position.right, position.contract.strike) == ("C", 690)


# ---------------------------------------------------------------- contracts


def test_one_contract_on_many_exchanges_is_one_match(peer: Peer, gateway: IBKRGateway) -> None:
    answer_details(peer, {"exchange": "SMART"}, {"exchange": "ARCA"})
    found = gateway.qualify_contract(stock("SPY"))
    assert (found.con_id, found.primary_exchange, found.exchange) == (756733, "ARCA", "SMART")
    assert gateway.qualify_contract(stock("SPY")) == found
    assert peer.ids().count(9) == 1  # cached


def test_the_cache_key_is_the_whole_contract(peer: Peer, gateway: IBKRGateway) -> None:
    answer_details(peer, {})
    gateway.contract_details(stock("SPY"))
    gateway.contract_details(index("SPY"))
    gateway.contract_details(CALL)
    gateway.contract_details(replace(CALL, right="P"))
    assert peer.ids().count(9) == 4


def test_two_contracts_are_ambiguous(peer: Peer, gateway: IBKRGateway) -> None:
    answer_details(peer, {"con_id": 1}, {"con_id": 2})
    with pytest.raises(AmbiguousContractError, match="2 contracts match"):
        gateway.qualify_contract(stock("SPY"))


def test_unknown_contracts_are_remembered_until_the_next_exchange_day(
    peer: Peer, open_gateway: Callable[..., IBKRGateway]
) -> None:
    clock = HandClock()
    gateway = open_gateway(peer, clock=clock)
    gateway.connect()
    peer.on(9, lambda fields: [peer.error(fields[1], 200, NOT_FOUND)])
    for _ in range(2):
        with pytest.raises(ContractNotFoundError, match="not found"):
            gateway.qualify_contract(stock("INVALID_SYMBOL_XYZ"))
    assert peer.ids().count(9) == 1
    clock.move(24 * 3600)
    with pytest.raises(ContractNotFoundError):
        gateway.qualify_contract(stock("INVALID_SYMBOL_XYZ"))
    assert peer.ids().count(9) == 2
    assert gateway.is_connected()


def test_not_found_while_the_servers_are_out_of_reach_is_not_remembered(
    peer: Peer, gateway: IBKRGateway
) -> None:
    peer.on(9, lambda fields: [peer.error(fields[1], 200, NOT_FOUND)])
    peer.send(peer.error(-1, 1100, "Connectivity has been lost."))
    with pytest.raises(ContractNotFoundError):
        gateway.qualify_contract(stock("SPY"))
    peer.send(peer.error(-1, 1102, "restored"))
    answer_details(peer, {})
    assert gateway.qualify_contract(stock("SPY")).con_id == 756733


def test_option_parameters_are_asked_without_a_futures_exchange(
    peer: Peer, gateway: IBKRGateway
) -> None:
    def parameters(fields: list[str]) -> list[bytes]:
        request_id = fields[0]
        row = (756733, "SPY", 100, 2, "20260227", "20260220", 2, 600.5, 600.0)
        other = (756733, "2SPY", 100, 1, "20260220", 1, 600.0)
        return [
            peer.text(75, request_id, "CBOE", *row),
            peer.text(75, request_id, "SMART", *other),
            peer.text(75, request_id, "SMART", *row),
            peer.text(76, request_id),
        ]

    peer.on(78, parameters)
    chain = gateway.option_chain(SPY)
    assert peer.take(78)[2] == ""
    assert (chain.exchange, chain.trading_class, chain.multiplier) == ("SMART", "SPY", 100)
    assert chain.expirations == ("20260220", "20260227")
    assert chain.strikes == (Decimal("600.0"), Decimal("600.5"))
    with pytest.raises(ContractNotFoundError, match="SMART/2SPY"):
        gateway.option_chain(SPY, trading_class="SPYW")


def test_a_market_rule_is_asked_once(peer: Peer, gateway: IBKRGateway) -> None:
    peer.on(91, lambda fields: [peer.text(93, fields[0], 2, 0, 0.01, 3, 0.05)])
    assert [str(step.increment) for step in gateway.market_rule(26)] == ["0.01", "0.05"]
    gateway.market_rule(26)
    assert peer.ids().count(91) == 1


# ---------------------------------------------------------------- history


def bars_answer(peer: Peer, *starts: int) -> Callable[[list[str]], list[bytes]]:
    def answer(fields: list[str]) -> list[bytes]:
        rows = [(start, 1.0, 2.0, 0.5, 1.5, 100, 1.4, 7) for start in starts]
        flat = [value for row in rows for value in row]
        return [peer.text(17, fields[0], "start", "end", len(rows), *flat)]

    return answer


def test_bars_come_sorted_unique_and_aware(peer: Peer, gateway: IBKRGateway) -> None:
    peer.on(20, bars_answer(peer, 1_770_390_300, 1_770_390_000, 1_770_390_300))
    bars = gateway.get_historical_data(SPY, "1 D", "5 mins")
    assert [bar.start.timestamp() for bar in bars] == [1_770_390_000, 1_770_390_300]
    assert (bars[0].close, bars[0].volume, bars[0].wap) == (Decimal("1.5"), 10_000, Decimal("1.4"))
    assert bars[0].bar_count == 7


def test_daily_bars_start_at_midnight_in_new_york(peer: Peer, gateway: IBKRGateway) -> None:
    peer.on(20, bars_answer(peer, 20260205, 20260206))
    bars = gateway.get_historical_data(SPY, "2 D", "1 day")
    assert bars[1].start.isoformat() == "2026-02-06T00:00:00-05:00"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (
            "Historical Market Data Service error message:HMDS query returned no data: X",
            NoDataError,
        ),
        ("…:Historical data request pacing violation", RateLimitError),
    ],
)
def test_162_means_what_its_text_says(
    text: str, kind: type[Exception], peer: Peer, gateway: IBKRGateway
) -> None:
    peer.on(20, lambda fields: [peer.error(fields[0], 162, text)])
    with pytest.raises(kind):
        gateway.get_historical_data(SPY, "1 D", "5 mins")


def test_slow_history_is_cancelled_and_harms_nobody(peer: Peer, gateway: IBKRGateway) -> None:
    with pytest.raises(RequestTimeoutError) as caught:
        gateway.get_historical_data(SPY, "1 D", "5 mins", timeout_s=0.1)
    assert isinstance(caught.value, TimeoutError)
    request_id = peer.take(20)[0]
    assert peer.take(25)[1] == request_id
    text = "Historical Market Data Service error message:API historical data query cancelled: 1"
    peer.send(*bars_answer(peer, 1_770_390_000)([request_id]), peer.error(request_id, 162, text))
    peer.send(peer.error(request_id, 366, "No historical data query found for ticker id:1"))
    assert gateway.is_authenticated()
    peer.on(20, bars_answer(peer, 1_770_390_600))
    assert len(gateway.get_historical_data(SPY, "1 D", "5 mins")) == 1


@pytest.mark.req("BT-044")
@pytest.mark.parametrize(("duration", "bar_size"), [("60 M", "1 min"), ("1 D", "5 minutes")])
def test_what_the_gateway_would_refuse_is_not_sent(
    duration: str, bar_size: str, peer: Peer, gateway: IBKRGateway
) -> None:
    with pytest.raises(ValueError, match=r"duration|bar size"):
        gateway.get_historical_data(SPY, duration, bar_size)
    gateway.server_time()
    assert 20 not in peer.ids()


def test_read_only_refusals_without_id_fail_the_order_questions_only(
    peer: Peer, gateway: IBKRGateway
) -> None:
    text = (
        "Error validating request.-'aa' : cause - The API interface is currently in Read-Only mode."
    )
    peer.on(5, lambda _fields: [peer.error(-1, 321, text)])
    with pytest.raises(Exception, match="Read-Only"):
        gateway.open_orders()
    assert gateway.is_authenticated()


def test_a_contract_is_sent_completely(peer: Peer, gateway: IBKRGateway) -> None:
    peer.on(1, lambda fields: [peer.text(57, 1, fields[1])])
    gateway.get_market_data(
        Contract(
            symbol="SPY", sec_type="OPT", expiry="20260220", strike=Decimal("690.5"), right="P",
            multiplier=100, con_id=5, trading_class="SPY", local_symbol="L",
        )
    )  # fmt: skip
    fields = peer.take(1)
    assert fields[2:13] == [
        "5", "SPY", "OPT", "20260220", "690.5", "P", "100", "SMART", "", "USD", "L",
    ]  # fmt: skip
    assert fields[13] == "SPY"
