"""Frames per second of the codec; asserts what was made, never how fast."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.wire import codec
from pytest_ibkr.wire.declare import Message
from pytest_ibkr.wire.framing import FrameBuffer, frame
from pytest_ibkr.wire.messages.contract import Contract
from pytest_ibkr.wire.messages.market_data import TickOptionComputation, TickPrice
from pytest_ibkr.wire.messages.order import OrderStatus
from pytest_ibkr.wire.messages.order_echo import OpenOrder
from pytest_ibkr.wire.versions import NEWEST_TEXT

SPY = Contract(
    con_id=756733,
    symbol="SPY",
    sec_type="STK",
    exchange="SMART",
    currency="USD",
    local_symbol="SPY",
    trading_class="SPY",
)
MESSAGES: list[Message] = [
    TickPrice(request_id=7, tick=1, price=754.95, size=Decimal(100)),
    TickOptionComputation(
        request_id=7,
        tick=13,
        implied_vol=0.2134567,
        delta=0.51234,
        option_price=5.05,
        pv_dividend=0.0,
        gamma=0.0123,
        vega=0.2345,
        theta=-0.3123,
        under_price=754.95,
    ),
    OrderStatus(
        order_id=7,
        status="Filled",
        filled=Decimal(1),
        remaining=Decimal(0),
        average_fill_price=Decimal("5.05"),
        perm_id=12345678,
        last_fill_price=Decimal("5.05"),
        client_id=1,
    ),
    OpenOrder(
        order_id=7,
        contract=SPY,
        action="BUY",
        quantity=Decimal(100),
        order_type="LMT",
        limit_price=Decimal("754.95"),
        tif="DAY",
        account="DU0000001",
        client_id=1,
        perm_id=12345678,
        status="Submitted",
    ),
]
IDS = [type(message).__name__ for message in MESSAGES]
ROUNDS = 100  # frames per measured call: the timer's own cost does not count


@pytest.mark.benchmark(group="wire: encode 100 frames")
@pytest.mark.parametrize("message", MESSAGES, ids=IDS)
def test_encode(benchmark: Any, message: Message) -> None:
    encode = codec.encode

    def run() -> bytes:
        for _ in range(ROUNDS - 1):
            encode(message, NEWEST_TEXT)
        return encode(message, NEWEST_TEXT)

    assert codec.decode_response(benchmark(run), NEWEST_TEXT) == message


@pytest.mark.benchmark(group="wire: decode 100 frames")
@pytest.mark.parametrize("message", MESSAGES, ids=IDS)
def test_decode(benchmark: Any, message: Message) -> None:
    payload, decode = codec.encode(message, NEWEST_TEXT), codec.decode_response

    def run() -> Message | codec.Raw:
        for _ in range(ROUNDS - 1):
            decode(payload, NEWEST_TEXT)
        return decode(payload, NEWEST_TEXT)

    assert benchmark(run) == message


@pytest.mark.benchmark(group="wire: cut 1,000 frames out of one segment")
def test_framing(benchmark: Any) -> None:
    payloads = [codec.encode(MESSAGES[0], NEWEST_TEXT)] * 1_000
    segment = b"".join(map(frame, payloads))

    def run() -> list[bytes]:
        buffer = FrameBuffer()
        buffer.feed(segment)
        return buffer.take_frames()

    assert benchmark(run) == payloads
