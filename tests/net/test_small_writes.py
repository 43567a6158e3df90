"""A client without TCP_NODELAY, as the official one: its requests come before time passes."""

from __future__ import annotations

import socket
import sys

import pytest

from pytest_ibkr.wire.messages.market_data import ReqMarketDataType
from pytest_ibkr.wire.messages.session import ReqCurrentTime
from tests.net.raw_client import RawClient

pytestmark = pytest.mark.skipif(
    not hasattr(socket, "TCP_QUICKACK"), reason=f"{sys.platform} cannot acknowledge at once"
)


@pytest.mark.parametrize("round_", range(5))
def test_the_second_of_two_writes_is_not_passed_by_virtual_time(session, round_):
    with RawClient(session).start(session.client_id) as client:
        assert not client.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        began_s = session.clock.epoch_s()
        client.send(ReqMarketDataType(data_type=3))  # answered by nothing
        client.send(ReqCurrentTime())
        session.clock.sleep(60)
        entry = session.journal.wait_for("reqCurrentTime")
    assert entry.at_s - began_s < 5, "the request came when a minute had gone"
