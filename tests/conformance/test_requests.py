"""What clients ask reaches the gateway with one meaning, whichever library asked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from pytest_ibkr.wire.declare import Message, specs
from pytest_ibkr.wire.messages.contract import ReqContractDetails, ReqOptionParameters
from pytest_ibkr.wire.messages.history import ReqHistoricalData
from pytest_ibkr.wire.messages.market_data import CancelMarketData, ReqMarketData
from pytest_ibkr.wire.messages.order import CancelOrder
from pytest_ibkr.wire.messages.place_order import PlaceOrder
from tests.conformance.conftest import Meeting
from tests.conformance.peers.model import Asked, Peer, Ticket

pytestmark = pytest.mark.req("XC-001")
BOOKKEEPING = {"request_id", "layout", "order_id"}
# Defaults in which the libraries differ without meaning anything else by it.
WRITTEN_DIFFERENTLY = {
    "account", "clearing_intent", "dont_use_auto_price_for_hedge", "use_price_mgmt_algo",
    "include_expired", "trigger_method", "open_close", "exempt_code",
}  # fmt: skip
SPY = {"con_id": 756733, "symbol": "SPY", "sec_type": "STK", "exchange": "SMART", "currency": "USD"}
DAY_LIMIT = {"action": "BUY", "order_type": "LMT", "tif": "DAY"}

Action = Callable[[Peer, Asked], object]
CASES: list[Any] = [
    pytest.param(
        lambda peer, spy: peer.details(spy),
        ReqContractDetails, [{"contract": SPY}],
        id="contract-details",
    ),
    pytest.param(
        lambda peer, spy: peer.chains("SPY", spy.con_id),
        ReqOptionParameters, [{"symbol": "SPY", "sec_type": "STK", "con_id": 756733}],
        id="option-parameters",
    ),
    pytest.param(
        lambda peer, spy: peer.bars(spy, duration="5 D", size="1 hour"),
        ReqHistoricalData,
        [{"contract": SPY, "bar_size": "1 hour", "duration": "5 D", "use_rth": True,
          "what_to_show": "TRADES"}],
        id="bars",
    ),
    pytest.param(
        lambda peer, spy: peer.snapshot(spy),
        ReqMarketData, [{"contract": SPY, "snapshot": True}],
        id="snapshot",
    ),
    pytest.param(
        lambda peer, spy: peer.stream(spy),
        ReqMarketData, [{"contract": SPY}],
        id="stream",
    ),
    pytest.param(
        lambda peer, spy: peer.place(spy, Ticket("BUY", 10, limit=700.0)),
        PlaceOrder,
        [{"contract": SPY, **DAY_LIMIT, "quantity": Decimal(10), "limit_price": Decimal(700)}],
        id="limit-order",
    ),
    pytest.param(
        lambda peer, spy: peer.place(spy, Ticket("SELL", 3)),
        PlaceOrder,
        [{"contract": SPY, "action": "SELL", "order_type": "MKT", "tif": "DAY",
          "quantity": Decimal(3)}],
        id="market-order",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("action", "kind", "meant"), CASES)
def test_one_meaning_for_every_client(
    meeting: Meeting,
    spy: Asked,
    action: Action,
    kind: type[Message],
    meant: list[dict[str, object]],
) -> None:
    action(meeting.peer, spy)
    meeting.peer.details(Asked("QQQ"))  # whatever was sent before this has arrived

    arrived = [m for m in meeting.asked(kind) if not _is_fence(m)]
    assert [meaning(m) for m in arrived] == meant


def test_an_order_s_life_has_one_id_and_a_stream_s_cancel_its_request_s(
    meeting: Meeting, spy: Asked
) -> None:
    meeting.expected = {202}
    peer = meeting.peer
    line = peer.stream(spy)
    order_id = peer.place(spy, Ticket("BUY", 10, limit=700.0))
    peer.until(lambda: any(s.status == "Submitted" for s in peer.statuses), "Submitted")
    peer.cancel(order_id)
    peer.until(lambda: any(n.code == 202 for n in peer.notices), "202")
    peer.stop_stream(line)
    meeting.session.journal.wait_for("cancelMktData")

    assert [m.order_id for m in meeting.asked(PlaceOrder)] == [order_id]
    assert [m.order_id for m in meeting.asked(CancelOrder)] == [order_id]
    started = [m.request_id for m in meeting.asked(ReqMarketData)]
    assert started == [m.request_id for m in meeting.asked(CancelMarketData)]


def meaning(message: Any) -> dict[str, object]:
    """Return the fields that say something: not bookkeeping and not a default."""
    said: dict[str, object] = {}
    for name, _spec in specs(type(message)):
        value = getattr(message, name)
        default = type(message).__dataclass_fields__[name].default
        if name in BOOKKEEPING | WRITTEN_DIFFERENTLY or value == default or not value:
            continue
        said[name] = meaning(value) if name == "contract" else value
    return said


def _is_fence(message: Any) -> bool:
    return isinstance(message, ReqContractDetails) and message.contract.symbol == "QQQ"
