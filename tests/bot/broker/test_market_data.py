"""Snapshots and streams over the wire, decoded by the real library."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bot.broker import (
    AmbiguousContractError,
    ContractNotFoundError,
    IBKRGateway,
    MarketDataError,
    RateLimitError,
    RequestTimeoutError,
    retry_rate_limited,
)
from bot.domain import Quote
from tests.bot.answers import CALL, NOT_FOUND, SPY, answer_quote
from tests.bot.hand_clock import HandClock
from tests.bot.peer import Peer

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
    assert (quote.bid_size, quote.ask_size, quote.volume) == (400, 700, 100_000)  # lots on the wire
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
