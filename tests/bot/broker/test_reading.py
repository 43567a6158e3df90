"""Account, contracts, market data and history over the wire, decoded by the real library."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.broker import (
    AmbiguousContractError,
    ContractNotFoundError,
    IBKRGateway,
    MarketDataError,
    NoDataError,
    RateLimitError,
    RequestTimeoutError,
    retry_rate_limited,
)
from bot.domain import Contract, Quote, index, option, stock
from tests.bot.hand_clock import HandClock
from tests.bot.peer import PAPER, Peer

SPY = replace(stock("SPY", primary_exchange="ARCA"), con_id=756733)
CALL = option("SPY", "20260220", 690, right="CALL")
NOT_FOUND = "No security definition has been found for the request"


def details_row(peer: Peer, request_id: str, *, con_id: int = 756733, exchange: str = "SMART"):
    return peer.text(
        10, 8, request_id, "SPY", "STK", "", 0, "", exchange, "USD", "SPY", "NMS", "SPY", con_id,
        0.01, 1, "", "LMT,MKT", "SMART,ARCA", 1, 0, "SPDR S&P 500 ETF TRUST", "ARCA", "", "", "",
        "", "US/Eastern", "20260206:0400-20260206:2000", "20260206:0930-20260206:1600", "", 0, 0,
        1, "", "", "26,26", "", "ETF",
    )  # fmt: skip


def answer_details(peer: Peer, *rows: dict[str, object]) -> None:
    def answer(fields: list[str]) -> list[bytes]:
        found = [details_row(peer, fields[1], **row) for row in rows]  # type: ignore[arg-type]
        return [*found, peer.text(52, 1, fields[1])]

    peer.on(9, answer)


def answer_quote(peer: Peer, *ticks: tuple[object, ...], end: bool = True) -> None:
    def answer(fields: list[str]) -> list[bytes]:
        request_id = fields[1]
        out = []
        for message_id, *rest in ticks:
            first = () if message_id in (21, 81) else (1,)
            out.append(peer.text(int(str(message_id)), *first, request_id, *rest))
        return [*out, peer.text(57, 1, request_id)] if end else out

    peer.on(1, answer)


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


# ---------------------------------------------------------------- snapshots


def test_a_snapshot_ends_by_itself_and_is_not_cancelled(peer: Peer, gateway: IBKRGateway) -> None:
    answer_quote(
        peer,
        (58, 1),
        (1, 1, 690.10, 4, 0),
        (1, 2, 690.12, 7, 0),
        (1, 4, 690.11, 1, 0),
        (2, 8, 1000),
        (46, 45, 1_770_390_000),
    )
    quote = gateway.get_market_data(SPY)
    assert (quote.bid, quote.ask, quote.last) == tuple(map(Decimal, ("690.1", "690.12", "690.11")))
    assert (quote.bid_size, quote.ask_size, quote.volume) == (4, 7, 1000)
    assert quote.time == datetime(2026, 2, 6, 15, 0, tzinfo=UTC)
    assert quote.time_source == "exchange"
    assert quote.market_data_type == 1
    gateway.server_time()
    assert 2 not in peer.ids()
    assert peer.take(1)[-3:] != []


def test_no_price_is_none_and_a_zero_bid_is_zero(peer: Peer, gateway: IBKRGateway) -> None:
    answer_quote(peer, (1, 1, 0.0, 0, 0), (1, 2, 0.05, 3, 0), (1, 4, -1.0, 0, 0))
    quote = gateway.get_market_data(CALL)
    assert (quote.bid, quote.ask, quote.last) == (0, Decimal("0.05"), None)
    assert quote.is_two_sided
    assert quote.time_source == "local"


@pytest.mark.req("BT-077")
def test_delayed_ticks_fill_the_same_fields_and_say_so(peer: Peer, gateway: IBKRGateway) -> None:
    text = "Requested market data is not subscribed. Displaying delayed market data."

    def answer(fields: list[str]) -> list[bytes]:
        request_id = fields[1]
        return [
            peer.text(58, 1, request_id, 3),
            peer.error(request_id, 10167, text),
            peer.text(1, 6, request_id, 66, 1.0, 2, 0),
            peer.text(1, 6, request_id, 67, 1.1, 2, 0),
            peer.text(1, 6, request_id, 68, 1.05, 2, 0),
            peer.text(46, 6, request_id, 88, 1_770_390_000),
            peer.text(21, request_id, 83, 0, 0.25, 0.5, 1.05, 0.0, 0.01, 0.2, -0.1, 690.0),
            peer.text(57, 1, request_id),
        ]

    peer.on(1, answer)
    quote = gateway.get_market_data(CALL)
    assert (quote.bid, quote.ask, quote.last) == (1, Decimal("1.1"), Decimal("1.05"))
    assert quote.is_delayed
    assert quote.time_source == "exchange"
    assert (quote.iv, quote.delta) == (Decimal("0.25"), Decimal("0.5"))
    assert quote.warnings == (f"10167: {text}",)


def test_only_the_model_computation_gives_greeks(peer: Peer, gateway: IBKRGateway) -> None:
    bid_based = (0, 0.9, 0.9, 9.0, 0.0, 0.9, 0.9, -0.9, 9.0)
    model = (0, 0.21, 0.48, 2.5, 0.0, 0.01, 0.2, -0.1, 690.0)
    none = (0, -1, -2, -1, -1, -2, -2, -2, -1)
    answer_quote(peer, (21, 13, *model), (21, 10, *bid_based), (21, 11, *bid_based))
    assert gateway.get_market_data(CALL).iv == Decimal("0.21")
    answer_quote(peer, (21, 13, *none))
    greeks = gateway.get_market_data(CALL).greeks
    assert greeks is not None
    assert not greeks.is_complete
    assert (greeks.iv, greeks.delta, greeks.underlying_price) == (None, None, None)


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (10089, "Requested market data requires additional subscription", MarketDataError),
        (354, "Requested market data is not subscribed.", MarketDataError),
        (10168, "Requested market data is not subscribed.", MarketDataError),
        (10197, "No market data during competing live session", MarketDataError),
        (200, NOT_FOUND, ContractNotFoundError),
        (200, "The contract description specified for SPY is ambiguous", AmbiguousContractError),
        (101, "Max number of tickers has been reached", RateLimitError),
        (100, "Max rate of messages per second has been exceeded", RateLimitError),
    ],
)
def test_a_refusal_ends_the_snapshot_at_once(
    code: int, text: str, kind: type[Exception], peer: Peer, gateway: IBKRGateway
) -> None:
    peer.on(1, lambda fields: [peer.error(fields[1], code, text)])
    with pytest.raises(kind) as caught:
        gateway.get_market_data(SPY)
    assert caught.value.code == code  # type: ignore[attr-defined]
    assert gateway.is_authenticated()


def test_a_snapshot_that_never_ends_is_cancelled_and_its_late_ticks_are_discarded(
    peer: Peer, gateway: IBKRGateway
) -> None:
    answer_quote(peer, (1, 1, 1.0, 1, 0), end=False)
    with pytest.raises(RequestTimeoutError):
        gateway.get_market_data(SPY, timeout_s=0.1)
    request_id = peer.take(1)[1]
    assert peer.take(2)[1] == request_id
    peer.send(peer.text(1, 6, request_id, 1, 5.0, 1, 0), peer.text(57, 1, request_id))
    answer_quote(peer, (1, 1, 2.0, 1, 0))
    assert gateway.get_market_data(SPY).bid == 2


def test_snapshots_of_many_contracts_run_at_once(peer: Peer, gateway: IBKRGateway) -> None:
    waiting: list[bytes] = []

    def hold(fields: list[str]) -> list[bytes]:
        price = float(fields[1]) % 1000
        waiting.append(peer.text(1, 6, fields[1], 1, price, 1, 0) + peer.text(57, 1, fields[1]))
        return waiting[::-1] if len(waiting) == 5 else []

    peer.on(1, hold)
    quotes: list[Quote] = []
    threads = [
        threading.Thread(target=lambda: quotes.append(gateway.get_market_data(SPY)))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len({quote.bid for quote in quotes}) == 5


def test_a_rate_limit_is_retried_after_2_4_and_8_seconds(peer: Peer, gateway: IBKRGateway) -> None:
    clock, text = HandClock(), "Max rate of messages per second has been exceeded:max=50"
    peer.on(1, lambda _fields: [peer.error(-1, 100, text)])
    with pytest.raises(RateLimitError):
        retry_rate_limited(lambda: gateway.get_market_data(SPY), clock)
    assert clock.slept == [2.0, 4.0, 8.0]
    assert peer.ids().count(1) == 4


# ---------------------------------------------------------------- streams


def test_a_stream_counts_changes_not_repeats(peer: Peer, gateway: IBKRGateway) -> None:
    stream = gateway.subscribe_market_data(SPY)
    assert gateway.subscribe_market_data(SPY) is stream
    request_id = peer.take(1)[1]
    assert gateway.get_latest_quote(SPY) is None
    tick = peer.text(1, 6, request_id, 1, 690.0, 1, 0)
    peer.send(tick, tick, tick)
    stream.wait_for_update(0, 5)
    gateway.server_time()
    frozen = stream.updates
    peer.send(tick, tick, tick)
    gateway.server_time()
    assert stream.updates == frozen
    assert stream.ticks == 12  # price and size each time
    peer.send(peer.text(1, 6, request_id, 1, 690.5, 1, 0))
    assert stream.wait_for_update(frozen, 5).bid == Decimal("690.5")
    assert [quote.bid for quote in stream.updates_since(frozen)] == [Decimal("690.5")]


def test_an_unsubscribed_stream_is_cancelled_and_stays_silent(
    peer: Peer, gateway: IBKRGateway
) -> None:
    stream = gateway.subscribe_market_data(SPY)
    request_id = peer.take(1)[1]
    gateway.unsubscribe_market_data(SPY)
    assert peer.take(2)[1] == request_id
    assert gateway.streams == ()
    assert stream.ticks_after_cancel == 0
    peer.send(peer.text(1, 6, request_id, 1, 690.0, 1, 0))
    gateway.server_time()
    assert stream.ticks_after_cancel == 2
    assert stream.updates == 0
    with pytest.raises(MarketDataError, match="subscribe first"):
        gateway.get_latest_quote(SPY)


def test_streams_are_bounded(peer: Peer, open_gateway: Callable[..., IBKRGateway]) -> None:
    gateway = open_gateway(peer, max_streams=1)
    gateway.connect()
    gateway.subscribe_market_data(SPY)
    with pytest.raises(RateLimitError, match="unsubscribe one first"):
        gateway.subscribe_market_data(CALL)


def test_a_refused_stream_raises_where_it_is_read(peer: Peer, gateway: IBKRGateway) -> None:
    peer.on(1, lambda fields: [peer.error(fields[1], 10089, "requires additional subscription")])
    stream = gateway.subscribe_market_data(SPY)
    with pytest.raises(MarketDataError):
        stream.wait_for_update(0, 5)
    with pytest.raises(MarketDataError):
        gateway.get_latest_quote(SPY)


def test_a_competing_session_silences_a_stream_and_does_not_end_it(
    peer: Peer, gateway: IBKRGateway
) -> None:
    stream = gateway.subscribe_market_data(SPY)
    request_id = peer.take(1)[1]
    peer.send(
        peer.error(request_id, 10197, "No market data during competing live session"),
        peer.text(1, 6, request_id, 1, 690.0, 1, 0),
    )
    quote = stream.wait_for_update(0, 5)
    assert quote.bid == 690
    assert "competing" in quote.warnings[0]


def test_a_quote_without_snapshot_uses_a_short_stream(peer: Peer, gateway: IBKRGateway) -> None:
    answer_quote(peer, (1, 1, 1.0, 1, 0), (1, 2, 1.1, 1, 0), end=False)
    assert gateway.get_market_data(SPY, snapshot=False).is_two_sided
    assert gateway.streams == ()
    assert peer.take(2)


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
    assert (bars[0].close, bars[0].volume, bars[0].wap) == (Decimal("1.5"), 100, Decimal("1.4"))
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
