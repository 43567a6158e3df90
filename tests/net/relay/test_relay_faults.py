"""Faults on the clients' side: the program meets them, the gateway never does."""

from __future__ import annotations

import socket
import time

import pytest

from pytest_ibkr.errors import GatewayError
from pytest_ibkr.wire.messages.contract import Contract, ContractDataEnd, ReqContractDetails
from pytest_ibkr.wire.messages.session import (
    CurrentTime,
    ErrorNotice,
    ReqCurrentTime,
    ReqIds,
)
from tests.net.raw_client import RawClient

SPY = Contract(symbol="SPY", sec_type="STK", exchange="SMART", currency="USD")
QQQ = Contract(symbol="QQQ", sec_type="STK", exchange="SMART", currency="USD")


def nothing_comes(client, for_s: float = 0.15) -> bool:
    client.socket.settimeout(for_s)
    try:
        client.socket.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        return True
    finally:
        client.socket.settimeout(5)
    return False


def settled(client) -> None:
    """Everything of the session's start has come."""
    client.wait_for(ErrorNotice, lambda notice: notice.code == 2158)


def test_a_cut_without_a_request_closes_every_connection_at_once(tapped):
    with RawClient(tapped).start(7100) as client:
        connection = tapped.tap.of_client(7100)
        number = tapped.fault("cut")
        client.read_to_end()
    assert connection.wait(lambda _each: connection.down_ended)
    assert tapped.end_test().faults == {str(number): 1}


def test_a_cut_waits_for_its_request_which_does_not_pass(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        tapped.fault("cut", request="reqContractDetails")
        client.send(ReqCurrentTime())
        client.wait_for(CurrentTime)
        client.send(ReqContractDetails(request_id=1, contract=SPY))
        client.read_to_end()
        assert tapped.tap.of_client(7100).requests == [71, 49]
    assert list(tapped.end_test().faults.values()) == [1]


def test_a_cut_can_let_a_part_of_the_answer_through(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        settled(client)
        tapped.fault("cut", request="reqContractDetails", keep=40)
        client.send(ReqContractDetails(request_id=1, contract=SPY))
        data = b""
        while chunk := client.socket.recv(4096):
            data += chunk
        assert len(data) == 40
        assert tapped.tap.of_client(7100).requests == [71, 9]


def test_a_delay_makes_one_requests_answer_late_and_nothing_else(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        settled(client)
        tapped.fault("delay", request="reqContractDetails", seconds=0.4, times=1)
        began_s = time.monotonic()
        client.send(
            ReqContractDetails(request_id=1, contract=SPY),
            ReqContractDetails(request_id=2, contract=QQQ),
        )
        client.wait_for(ContractDataEnd, lambda each: each.request_id == 2)
        assert [each.request_id for each in client.of(ContractDataEnd)] == [2]
        client.wait_for(ContractDataEnd, lambda each: each.request_id == 1)
        assert time.monotonic() - began_s >= 0.4


def test_a_delay_of_everything_keeps_the_order(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        settled(client)
        number = tapped.fault("delay", seconds=0.3)
        began_s = time.monotonic()
        client.send(ReqCurrentTime(), ReqContractDetails(request_id=1, contract=SPY))
        client.wait_for(CurrentTime)
        assert time.monotonic() - began_s >= 0.3
        client.wait_for(ContractDataEnd)
        kinds = [type(each).__name__ for each in client.received[-3:]]
        assert kinds == ["CurrentTime", "ContractData", "ContractDataEnd"]
        assert tapped.clear_fault(number) >= 3
        client.send(ReqIds())
        began_s = time.monotonic()
        client.send(ReqContractDetails(request_id=2, contract=SPY))
        client.wait_for(ContractDataEnd, lambda each: each.request_id == 2)
        assert time.monotonic() - began_s < 0.3


def test_what_is_held_comes_in_order_when_the_fault_ends(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        settled(client)
        number = tapped.fault("hold")
        client.send(ReqContractDetails(request_id=1, contract=SPY), ReqCurrentTime())
        assert tapped.tap.of_client(7100).wait(lambda each: 49 in each.requests)
        assert nothing_comes(client)
        assert tapped.fired(number) > 0
        tapped.clear_fault(number)
        client.wait_for(CurrentTime)
        client.wait_for(ContractDataEnd)
        kinds = {type(each).__name__ for each in client.received[-3:]}
        assert kinds == {"CurrentTime", "ContractData", "ContractDataEnd"}


def test_the_end_of_a_test_ends_its_faults(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        settled(client)
        number = tapped.fault("hold")
        client.send(ReqCurrentTime())
        assert tapped.tap.of_client(7100).wait(lambda each: 49 in each.requests)
        assert nothing_comes(client)
        assert tapped.end_test().faults[str(number)] == 1
        client.wait_for(CurrentTime)
        tapped.begin_test("the next")
        with pytest.raises(GatewayError, match="no fault"):
            tapped.fired(number)


def test_a_pacing_error_is_made_here_and_the_gateway_is_not_provoked(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        number = tapped.fault("pacing", request="reqContractDetails", times=1)
        client.send(ReqContractDetails(request_id=1, contract=SPY))
        notice = client.wait_for(ErrorNotice, lambda each: each.code == 100)
        assert notice.request_id == -1
        assert "Max rate of messages per second" in notice.text
        client.send(ReqContractDetails(request_id=2, contract=SPY))
        client.wait_for(ContractDataEnd)
        assert tapped.tap.of_client(7100).requests == [71, 9]
        assert tapped.clear_fault(number) == 1


def test_a_pacing_error_can_close_the_connection_as_the_gateway_does(tapped):
    with RawClient(tapped, highest=178).start(7100) as client:
        tapped.fault("pacing", disconnect=True)
        client.send(ReqCurrentTime())
        client.read_to_end()
        assert client.of(ErrorNotice)[-1].code == 100


def test_a_fault_that_nothing_met_says_so(tapped):
    number = tapped.fault("pacing", request="reqPnL")
    assert tapped.fired(number) == 0
    assert tapped.end_test().faults == {str(number): 0}


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"kind": "explode"}, "no fault 'explode'"),
        ({"kind": "cut", "request": "reqNothing"}, "no request 'reqNothing'"),
        ({"kind": "delay"}, "a delay cannot be None"),
        ({"kind": "delay", "seconds": -1}, "a delay cannot be -1"),
        ({"kind": "hold", "seconds": 1}, "a hold has no seconds"),
        ({"kind": "cut", "keep": 3}, "keep belongs to a cut that waits"),
        ({"kind": "pacing", "times": 0}, "times cannot be 0"),
        ({"kind": "delay", "seconds": 1, "request": "reqCurrentTime"}, "carries no id"),
        ({"kind": "hold", "request": "reqPositions"}, "carries no id"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_fault_that_cannot_be_is_refused(tapped, asked, why):
    with pytest.raises(GatewayError, match=why):
        tapped.fault(**asked)
