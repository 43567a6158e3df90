"""Orders over the wire: repeats, warnings that look fatal, races, and what is never sent."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.broker import (
    GatewayConnectionError,
    IBKRGateway,
    OrderNotFoundError,
    OrderRejectedError,
    OrdersBlockedError,
    RequestTimeoutError,
)
from bot.domain import OrderState, OrderStatus, OrderTicket, stock
from tests.bot.peer import PAPER, Peer

SPY = replace(stock("SPY"), con_id=756733)
BUY = OrderTicket(action="BUY", quantity=Decimal(10), limit_price=Decimal("690.05"))
PLACE, CANCEL, OPEN_ORDERS, EXECUTIONS, COMPLETED = 3, 4, 5, 7, 99
CLIENT = 7


def status(
    peer: Peer, order_id: object, word: str, filled: object = 0, remaining: object = 10, **more: Any
) -> bytes:
    average, held = more.get("average", 0), more.get("why_held", "")
    client = more.get("client", CLIENT)
    return peer.text(
        3, order_id, word, filled, remaining, average, 9001, 0, average, client, held, 0
    )


def fill(
    peer: Peer, order_id: object, shares: object, price: object, exec_id: str, request: int = -1
) -> bytes:
    return peer.text(
        11, request, order_id, 756733, "SPY", "STK", "", 0.0, "", "", "ARCA", "USD", "SPY", "SPY",
        exec_id, "20260206  10:00:01", PAPER, "ARCA", "BOT", shares, price, 9001, CLIENT, 0, shares,
        price, "", "", 0.0, "", 2,
    )  # fmt: skip


def commission(peer: Peer, exec_id: str, amount: object = 1.0003) -> bytes:
    return peer.text(59, 1, exec_id, amount, "USD", "1.7976931348623157E308", "", "")


@pytest.fixture
def placed(peer: Peer, gateway: IBKRGateway) -> int:
    """A BUY 10 LMT that works at the exchange."""
    peer.on(PLACE, lambda f: [status(peer, f[0], "PreSubmitted"), status(peer, f[0], "Submitted")])
    order_id = gateway.place_order(SPY, BUY)
    gateway.wait_for_order(order_id, {"Submitted"}, 5)
    peer.take(PLACE)
    return order_id


def test_order_ids_rise_from_next_valid_id_over_all_threads(open_gateway: Any) -> None:
    peer = Peer(next_id=295)
    try:
        gateway = open_gateway(peer)
        gateway.connect()
        ids: queue.SimpleQueue[int] = queue.SimpleQueue()
        threads = [
            threading.Thread(target=lambda: [ids.put(gateway.place_order(SPY, BUY)) for _ in "ab"])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert sorted(ids.get_nowait() for _ in range(8)) == list(range(295, 303))
        peer.send(peer.text(9, 1, 200))  # an answer to reqIds never lowers the counter
        gateway.server_time()
        assert gateway.place_order(SPY, BUY) == 303
        peer.send(peer.text(9, 1, 400))
        gateway.server_time()
        assert gateway.place_order(SPY, BUY) == 400
    finally:
        peer.close()


def test_the_old_librarys_fatal_defaults_are_not_sent(peer: Peer, gateway: IBKRGateway) -> None:
    gateway.place_order(SPY, replace(BUY, order_ref="entry-1", tif="IOC", account=PAPER))
    fields = peer.take(PLACE)
    assert fields[0] == "1"
    assert "690.05" in fields
    assert "entry-1" in fields
    begin = fields.index("BUY")
    assert Decimal(fields[begin + 1]) == 10
    assert fields[begin + 2] == "LMT"
    assert begin == 15  # id, contract (12), security id (2)
    assert fields[begin + 5] == "IOC"


def test_repeated_and_paired_callbacks_make_one_change_each(
    peer: Peer, gateway: IBKRGateway
) -> None:
    changes: queue.SimpleQueue[OrderState] = queue.SimpleQueue()
    gateway.on_order(changes.put)
    done = [
        lambda f: status(peer, f[0], "PreSubmitted"),
        lambda f: status(peer, f[0], "PreSubmitted"),
        lambda f: status(peer, f[0], "Submitted"),
        lambda f: status(peer, f[0], "Submitted"),
        lambda f: fill(peer, f[0], 10, 690.01, "0000e0d5.69dd7411.01.01"),
        lambda f: fill(peer, f[0], 10, 690.01, "0000e0d5.69dd7411.01.01"),
        lambda f: status(peer, f[0], "Filled", 10, 0, average=690.01),
        lambda f: status(peer, f[0], "Filled", 10, 0, average=690.01),
        lambda f: commission(peer, "0000e0d5.69dd7411.01.01"),
        lambda f: commission(peer, "0000e0d5.69dd7411.01.01"),
    ]
    peer.on(PLACE, lambda f: [make(f) for make in done])
    order_id = gateway.place_order(SPY, BUY)
    gateway.server_time()
    state = gateway.get_order_status(order_id)
    assert (state.status, state.filled, state.remaining) == ("Filled", 10, 0)
    assert state.avg_fill_price == Decimal("690.01")
    assert len(state.executions) == 1
    assert state.commission == Decimal("1.0003")
    assert state.executions[0].realized_pnl is None
    gateway.disconnect()
    seen = [changes.get_nowait().status.value for _ in range(changes.qsize())]
    assert seen == ["PreSubmitted", "Submitted", "Filled", "Filled"]  # the last: commission


def test_an_execution_without_any_status_fills_the_order(peer: Peer, gateway: IBKRGateway) -> None:
    peer.on(PLACE, lambda f: [fill(peer, f[0], 10, 690.0, "a.b.01.01")])
    order_id = gateway.place_order(SPY, BUY)
    state = gateway.wait_for_order(order_id, {OrderStatus.FILLED}, 5)
    assert state.filled == 10
    peer.send(status(peer, order_id, "Submitted"))  # a late repeat does not wake the dead
    gateway.server_time()
    assert gateway.get_order_status(order_id).is_filled


def test_partial_fills_add_up_and_a_correction_replaces(
    peer: Peer, gateway: IBKRGateway, placed: int
) -> None:
    peer.send(
        fill(peer, placed, 4, 690.0, "a.b.01.01"),
        status(peer, placed, "Submitted", 4, 6, average=690.0),
        fill(peer, placed, 3, 691.0, "a.b.02.01"),
    )
    gateway.server_time()
    state = gateway.get_order_status(placed)
    assert (state.status, state.filled, state.remaining) == ("Submitted", 7, 3)
    peer.send(fill(peer, placed, 3, 690.0, "a.b.02.02"))
    gateway.server_time()
    state = gateway.get_order_status(placed)
    assert (state.filled, state.avg_fill_price) == (7, 690)
    assert [one.exec_id for one in state.executions] == ["a.b.01.01", "a.b.02.02"]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (
            399,
            "Order Message:\nBUY 10 SPY ARCA\nWarning: Your order will not be placed until 09:30",
        ),
        (404, "Order held while securities are located."),
        (2109, "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored"),
        (10349, "Order TIF was set to DAY based on order preset."),
    ],
)
def test_warnings_that_look_fatal_leave_the_order_alive(
    code: int, text: str, peer: Peer, gateway: IBKRGateway
) -> None:
    peer.on(PLACE, lambda f: [peer.error(f[0], code, text), status(peer, f[0], "PreSubmitted")])
    order_id = gateway.place_order(SPY, BUY)
    state = gateway.wait_for_order(order_id, {"PreSubmitted"}, 5)
    assert state.warnings == (f"{code}: {text}",)
    peer.send(status(peer, order_id, "Filled", 10, 0, average=690.0))
    assert gateway.wait_for_order(order_id, {"Filled"}, 5).is_filled


@pytest.mark.req("BT-031")
@pytest.mark.parametrize(
    ("code", "text", "inactive"),
    [
        (201, "Order rejected - reason:CASH AVAILABLE: 28328.69; CASH NEEDED: 56477.64", True),
        (110, "The price does not conform to the minimum price variation.", False),
        (321, "Error validating request.-'bC' : cause - Invalid order type was entered", False),
        (200, "No security definition has been found for the request", False),
        (103, "Duplicate order id", False),
    ],
)
def test_a_refused_order_raises_where_it_is_awaited(
    code: int, text: str, inactive: bool, peer: Peer, gateway: IBKRGateway
) -> None:
    def refuse(f: list[str]) -> list[bytes]:
        word = [status(peer, f[0], "Inactive")] if inactive else []
        return [*word, peer.error(f[0], code, text), *word]

    peer.on(PLACE, refuse)
    order_id = gateway.place_order(SPY, BUY)
    with pytest.raises(OrderRejectedError) as caught:
        gateway.wait_for_order(order_id, {"Filled"}, 5)
    assert caught.value.code == code
    assert gateway.wait_for_order(order_id, {"Inactive"}, 5).is_rejected
    assert gateway.is_authenticated()


def test_110_on_a_modify_leaves_the_old_order_working(
    peer: Peer, gateway: IBKRGateway, placed: int
) -> None:
    text = "The price does not conform to the minimum price variation for this contract."
    peer.on(PLACE, lambda f: [peer.error(f[0], 110, text)])
    gateway.modify_order(placed, replace(BUY, limit_price=Decimal("690.053")))
    peer.take(PLACE)
    gateway.server_time()
    state = gateway.get_order_status(placed)
    assert (state.status, state.error_code) == ("Submitted", 110)


def test_a_cancel_is_confirmed_by_202_and_remaining_stays(
    peer: Peer, gateway: IBKRGateway, placed: int
) -> None:
    peer.on(
        CANCEL,
        lambda f: [
            status(peer, f[1], "PendingCancel"),
            status(peer, f[1], "Cancelled"),
            peer.error(f[1], 202, "Order Canceled - reason:"),
        ],
    )
    state = gateway.cancel_order(placed)
    assert (state.status, state.filled, state.remaining) == ("Cancelled", 0, 10)
    assert state.error_code is None
    assert gateway.cancel_order(placed) == state  # over: nothing is sent
    assert peer.ids().count(CANCEL) == 1


@pytest.mark.req("LV-035")
@pytest.mark.parametrize(
    ("code", "text"),
    [
        (10148, "OrderId 1 that needs to be cancelled cannot be cancelled, state: Filled."),
        (10147, "OrderId 1 that needs to be cancelled is not found."),
        (161, "Cancel attempted when order is not in a cancellable state.  Order permId =9001"),
    ],
)
def test_a_fill_that_beats_the_cancel_is_a_normal_result(
    code: int, text: str, peer: Peer, gateway: IBKRGateway, placed: int
) -> None:
    """The fill's own messages are lost; executions tell."""
    peer.on(CANCEL, lambda f: [peer.error(f[1], code, text)])
    peer.on(OPEN_ORDERS, lambda _f: [peer.text(53, 1)])
    peer.on(
        EXECUTIONS,
        lambda f: [
            fill(peer, placed, 10, 690.0, "a.b.01.01", int(f[1])),
            commission(peer, "a.b.01.01"),
            peer.text(55, 1, f[1]),
        ],
    )
    state = gateway.cancel_order(placed)
    assert state.is_filled
    assert state.commission == Decimal("1.0003")


def test_a_cancel_race_over_an_order_nobody_knows_ends_it(
    peer: Peer, gateway: IBKRGateway, placed: int
) -> None:
    peer.on(CANCEL, lambda f: [peer.error(f[1], 10147, "OrderId 1 … is not found.")])
    peer.on(OPEN_ORDERS, lambda _f: [peer.text(53, 1)])
    peer.on(EXECUTIONS, lambda f: [peer.text(55, 1, f[1])])
    peer.on(COMPLETED, lambda _f: [peer.text(102)])
    assert gateway.cancel_order(placed).status == "Cancelled"


def test_a_cancel_that_is_never_answered_is_a_timeout_with_the_state(
    peer: Peer, gateway: IBKRGateway, placed: int
) -> None:
    peer.on(CANCEL, lambda f: [status(peer, f[1], "PendingCancel")])
    with pytest.raises(RequestTimeoutError, match="PendingCancel"):
        gateway.cancel_order(placed, timeout_s=0.2)


def test_a_connection_lost_during_a_cancel_says_so_at_once(
    peer: Peer, gateway: IBKRGateway, placed: int
) -> None:
    peer.on(CANCEL, lambda _f: peer.drop() or [])
    with pytest.raises(GatewayConnectionError, match="being cancelled"):
        gateway.cancel_order(placed, timeout_s=60)


def test_a_connection_lost_while_waiting_for_a_fill_says_so_at_once(
    peer: Peer, gateway: IBKRGateway, placed: int
) -> None:
    peer.drop()
    with pytest.raises(GatewayConnectionError, match=f"order {placed} was Submitted"):
        gateway.wait_for_order(placed, {"Filled"}, 60)
    with pytest.raises(GatewayConnectionError):
        gateway.place_order(SPY, BUY)
    assert [state.order_id for state in gateway.orders] == [placed]  # nothing was sent


def test_cancel_all_asks_by_id_for_own_orders_only(peer: Peer, gateway: IBKRGateway) -> None:
    peer.send(status(peer, 900, "Submitted", client=CLIENT))  # of an earlier session
    peer.send(status(peer, 5, "Submitted", client=3))  # of another client
    gateway.server_time()
    peer.on(PLACE, lambda f: [status(peer, f[0], "Submitted")])
    ids = [gateway.place_order(SPY, BUY) for _ in range(3)]
    assert min(ids) > 900
    peer.on(CANCEL, lambda f: [status(peer, f[1], "Cancelled")])
    assert [state.order_id for state in gateway.cancel_all_orders()] == ids
    cancelled = [int(f[1]) for message_id, f in peer.seen if message_id == CANCEL]
    assert cancelled == ids
    assert 58 not in peer.ids()  # never a global cancel
    with pytest.raises(OrderNotFoundError):
        gateway.get_order_status(5)


@pytest.mark.req("BT-006")
def test_read_only_blocks_every_order_message_here(
    peer: Peer, open_gateway: Callable[..., IBKRGateway]
) -> None:
    gateway = open_gateway(peer, read_only=True)
    gateway.connect()
    with pytest.raises(OrdersBlockedError):
        gateway.place_order(SPY, BUY)
    gateway.server_time()
    assert PLACE not in peer.ids()


@pytest.mark.req("BT-006", counter_proof="a gateway object that is not read-only")
def test_without_read_only_the_same_order_reaches_the_wire(
    peer: Peer, gateway: IBKRGateway
) -> None:
    gateway.place_order(SPY, BUY)
    gateway.server_time()
    assert PLACE in peer.ids()


def test_waiting_ends_early_when_the_order_ends_otherwise(
    peer: Peer, gateway: IBKRGateway, placed: int
) -> None:
    peer.send(status(peer, placed, "Cancelled"))
    assert gateway.wait_for_order(placed, {"Filled"}, 5).status == "Cancelled"
    with pytest.raises(OrderNotFoundError):
        gateway.wait_for_order(4711, {"Filled"}, 0.1)


def test_waiting_too_long_names_the_state(peer: Peer, gateway: IBKRGateway, placed: int) -> None:
    with pytest.raises(RequestTimeoutError, match=r"Submitted \(filled 0\)"):
        gateway.wait_for_order(placed, {"Filled"}, 0.1)


def test_a_broker_cancel_keeps_its_reason(peer: Peer, gateway: IBKRGateway, placed: int) -> None:
    text = (
        "Order Canceled - reason:We cannot accept an order at a limit price at or more aggressive"
    )
    peer.send(status(peer, placed, "Cancelled"), peer.error(placed, 202, text))
    gateway.server_time()
    state = gateway.get_order_status(placed)
    assert (state.error_code, state.error_text) == (202, text)


def test_after_a_reconnect_working_orders_are_settled_without_sending_again(
    peer: Peer, gateway: IBKRGateway, placed: int
) -> None:
    peer.on(OPEN_ORDERS, lambda _f: [peer.text(53, 1)])
    peer.on(
        EXECUTIONS,
        lambda f: [fill(peer, placed, 10, 690.0, "a.b.01.01", int(f[1])), peer.text(55, 1, f[1])],
    )
    peer.drop()
    gateway.reconnect()
    assert gateway.get_order_status(placed).is_filled
    assert peer.ids().count(PLACE) == 1


def test_executions_keep_the_last_correction(peer: Peer, gateway: IBKRGateway) -> None:
    peer.on(
        EXECUTIONS,
        lambda f: [
            fill(peer, 5, 1, 690.0, "a.b.01.01", int(f[1])),
            fill(peer, 5, 1, 691.0, "a.b.01.02", int(f[1])),
            commission(peer, "a.b.01.02"),
            peer.text(55, 1, f[1]),
        ],
    )
    [execution] = gateway.executions()
    assert (execution.price, execution.side, execution.commission) == (
        691,
        "BUY",
        Decimal("1.0003"),
    )
    assert execution.time is not None
    assert execution.time.isoformat() == "2026-02-06T15:00:01+00:00"  # the gateway's own zone
