"""The same calls at every layout boundary that the installed ibapi can negotiate."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from bot.broker import ContractNotFoundError, IBKRGateway
from bot.domain import OrderTicket, stock
from tests.bot.peer import PAPER, Peer, cut

NOT_FOUND = "No security definition has been found for the request"


@pytest.mark.parametrize("version", [151, 157, 163, 166, 178, 187, 194, 200, 201, 206, 213, 225])
def test_connect_ask_and_be_refused(version: int, open_gateway: Callable[..., IBKRGateway]) -> None:
    peer = Peer(version)

    def refuse(fields: list[str]) -> list[bytes]:
        return [peer.error(peer.request_id(fields, place=1), 200, NOT_FOUND)]

    peer.on(9, refuse)
    try:
        gateway = open_gateway(peer)
        gateway.connect()
        assert gateway.accounts == (PAPER,)
        assert gateway.server_version == peer.version  # what the library can, at most
        assert gateway.is_authenticated()
        with pytest.raises(ContractNotFoundError):
            gateway.qualify_contract(stock("NOPE"))
        assert gateway.faults == ()
        ticket = OrderTicket(action="BUY", quantity=Decimal(1), limit_price=Decimal(1))
        order_id = gateway.place_order(stock("SPY"), ticket)
        peer.take(3)
        with pytest.raises(TimeoutError):
            gateway.cancel_order(order_id, timeout_s=0.05)
        peer.take(4)
        assert gateway.is_authenticated()
    finally:
        peer.close()


def test_a_lower_version_can_be_offered(open_gateway: Callable[..., IBKRGateway]) -> None:
    peer = Peer(225)
    try:
        gateway = open_gateway(peer, max_version=152)
        gateway.connect()
        assert gateway.server_version == 152
    finally:
        peer.close()


def test_protobuf_answers_are_read(open_gateway: Callable[..., IBKRGateway]) -> None:
    messages = pytest.importorskip("ibapi.protobuf.ManagedAccounts_pb2", reason="ibapi 10.x only")
    errors = pytest.importorskip("ibapi.protobuf.ErrorMessage_pb2")
    valid = pytest.importorskip("ibapi.protobuf.NextValidId_pb2")
    peer = Peer(225)

    def frame(message_id: int, message: object) -> bytes:
        body = message.SerializeToString()  # type: ignore[attr-defined]
        return cut((message_id + 200).to_bytes(4, "big") + body)

    def notice(request_id: int, code: int) -> bytes:
        return frame(
            4, errors.ErrorMessage(id=request_id, errorCode=code, errorMsg=NOT_FOUND, errorTime=1)
        )

    peer.bootstrap = lambda: [
        frame(15, messages.ManagedAccounts(accountsList=PAPER)),
        frame(9, valid.NextValidId(orderId=17)),
        notice(-1, 2104),
    ]
    peer.on(9, lambda fields: [notice(int(peer.request_id(fields, place=1)), 200)])
    try:
        gateway = open_gateway(peer)
        gateway.connect()
        assert gateway.accounts == (PAPER,)
        with pytest.raises(ContractNotFoundError):
            gateway.qualify_contract(stock("NOPE"))
        peer.send(cut((215).to_bytes(4, "big") + b"\xff\xff\xff"), cut(b"\0\0"))
        assert gateway.is_authenticated()
        assert len(gateway.faults) == 2
    finally:
        peer.close()
